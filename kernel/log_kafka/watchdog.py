"""Ends the process when a thread no longer turns: the library can spin for ever inside one call (road a8)."""

import os
import threading
import weakref
from typing import Protocol

import structlog

LOOKS = 6
PATIENCE = 30.0

logger = structlog.get_logger()


class Beating(Protocol):
    """A thread that counts its turns; ``busy`` is False while it waits for work or has ended."""

    beat: int
    busy: bool


class Watchdog:
    """Looks at every thread six times in ``patience`` seconds; one that never turned meanwhile ends the process.

    Looks are counted, not seconds: a process that was stopped and continued is not ended for it.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._every = patience / LOOKS
        self._watched: weakref.WeakKeyDictionary[Beating, tuple[int, int]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, thread: Beating) -> None:
        """Look after ``thread`` from now on, as long as somebody holds it."""
        with self._lock:
            self._watched[thread] = (thread.beat, 0)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-watchdog", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            with self._lock:
                for thread, (beat, looks) in list(self._watched.items()):
                    stands = thread.busy and thread.beat == beat
                    self._watched[thread] = (thread.beat, looks + 1 if stands else 0)
                    if stands and looks + 1 >= LOOKS:
                        logger.critical("log_thread_stands", reason="no turn of the poll loop", looks=LOOKS)
                        os._exit(70)
