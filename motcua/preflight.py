"""What can be wrong before anything starts, each in one clear sentence."""

import contextlib
import fcntl
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

NEEDED_BYTES = 300 * 1024 * 1024
OPEN_FILES = 8192


class CannotStart(Exception):
    """One sentence for the person at the terminal."""


def check_folder(folder: Path) -> None:
    """Make ``folder`` and prove that it can be written. Raises ``CannotStart``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
    except FileExistsError as error:
        raise CannotStart(f"DATA={folder} is a file, not a folder: choose another with DATA=…") from error
    except OSError as error:
        reason = "the disk is full" if error.errno == 28 else "you may not write there"
        raise CannotStart(f"The data folder {folder} cannot be used: {reason}. Choose another with DATA=…") from error
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise CannotStart(
            f"The disk of {folder} has {free // 1024 // 1024} MB left and the demo needs"
            f" {NEEDED_BYTES // 1024 // 1024} MB: make room or choose another folder with DATA=…"
        )


def check_ports(port: int) -> None:
    """Prove that the pages' port, the admin port and the exchange's port are free. Raises ``CannotStart``."""
    if not 1 <= port <= 65533:
        raise CannotStart(f"PORT={port} is no usable port: choose one between 1 and 65533")
    for number, use in ((port, "pages"), (port + 1, "operators' figures"), (port + 2, "the provinces' connections")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except PermissionError as error:
                raise CannotStart(
                    f"Port {number} (for {use}) needs more rights than you have: choose another with PORT=…"
                ) from error
            except OSError as error:
                raise CannotStart(
                    f"Port {number} (for {use}) is in use: stop the other program or choose another with PORT=…"
                ) from error


def raise_open_files() -> None:
    """Raise the soft limit of open files: 126 books and journals and 63 connections stand in one process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for this process alone; a kill lets go of it. Raises ``CannotStart``."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"Another Một Cửa is running over {folder}: stop it or choose another with DATA=…"
            ) from error
        yield
