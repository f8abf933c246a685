"""Ports for what tests start: below those that the system gives to clients, and none given to two workers."""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

FIRST, LAST = 10240, 32000
COUNTER = Path(tempfile.gettempdir()) / f"motcua-ports-{os.getuid()}"


def free_ports(count: int = 3) -> int:
    """Return a port such that it and the ``count - 1`` after it are free.

    A port that a client may be given by the system is no place for a server that is stopped and started: while it is
    down, somebody's connection (even one to this very port) can take it. All processes of this person go through the
    range in turn, so nobody else is handed a port that is about to be used.
    """
    with COUNTER.open("a+") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        counter.seek(0)
        at = int(counter.read() or FIRST)
        for _ in range(LAST - FIRST):
            if not FIRST <= at <= LAST - count:
                at = FIRST
            taken = next((port for port in reversed(range(at, at + count)) if not _is_free(port)), None)
            if taken is None:
                counter.truncate(0)
                counter.write(str(at + count))
                return at
            at = taken + 1
    raise RuntimeError(f"no {count} free ports between {FIRST} and {LAST}")


def free_port() -> int:
    """Return a port such that it and the one after it are free (a broker's and its controller's)."""
    return free_ports(2)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
