"""The worker process's door: imports the heavy libraries there, and there only."""

import os
import signal
from importlib import import_module
from multiprocessing import parent_process
from threading import Thread


def prepare() -> None:
    """Leave Ctrl-C to the parent, and end with it: a killed parent must not leave this process behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def call(module: str, function: str, request: dict[str, object]) -> bytes:
    """Run ``function(request)`` of ``module`` and return what it made."""
    made: bytes = getattr(import_module(module), function)(request)
    return made


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
