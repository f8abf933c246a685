"""Requests as fast as one process can: ``wrk`` where it is installed, else a small generator of our own.

    python -m benchmarks.load URL SECONDS CONNECTIONS [HEADER…]

One run uses one generator for everything. Every answer must be 200, else ``Failed``.
"""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.processes import Failed, pinned, python

CONNECTIONS = 32
RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def generator() -> str:
    """Return the name of the generator that is used."""
    return "wrk" if shutil.which("wrk") else "benchmarks.load"


def rate(url: str, *, seconds: int, core: int | None, headers: Mapping[str, str] | None = None) -> float:
    """Return how many requests a second ``url`` answers on 32 kept connections. Raises ``Failed``."""
    words = [f"{name}: {value}" for name, value in (headers or {}).items()]
    if generator() == "wrk":
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
        command += [part for word in words for part in ("-H", word)]
        command.append(url)
    else:
        command = python("benchmarks.load", url, seconds, CONNECTIONS, *words)
    done = subprocess.run(
        [*pinned(core), *command], check=False, capture_output=True, text=True, timeout=seconds * 5 + 20
    )
    found, bad = RATE.search(done.stdout), BAD.search(done.stdout)
    if done.returncode or found is None or bad:
        raise Failed(f"{url}: {bad.group(0) if bad else done.stdout[-500:] + done.stderr[-500:]}")
    return float(found.group(1))


class Connection(asyncio.Protocol):
    """One kept connection that asks again as soon as it was answered."""

    def __init__(self, request: bytes, until: float) -> None:
        self.count = 0
        self.bad = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._until = until
        self._buffer = b""
        self._out: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first time."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._out = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count whole answers, ask again."""
        self._buffer += data
        head, mark, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not mark or (length and len(body) < int(length.group(1))):
            return
        if not length and not body.endswith(b"0\r\n\r\n"):
            return
        self._buffer = b""
        self.count += 1
        self.bad += not head.startswith(b"HTTP/1.1 200")
        assert self._out is not None
        if perf_counter() < self._until:
            self._out.write(self._request)
        else:
            self._out.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be done; a connection that was cut counts as a bad answer."""
        self.bad += exc is not None
        if not self.done.done():
            self.done.set_result(None)


async def drive(url: str, seconds: float, connections: int, headers: list[str]) -> tuple[float, int]:
    """Return requests a second and how many were not answered well."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", *headers, "", ""]
    request = "\r\n".join(lines).encode()
    loop, began = asyncio.get_running_loop(), perf_counter()
    made = [
        await loop.create_connection(
            lambda: Connection(request, began + seconds), parts.hostname or "", parts.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(one.done for _, one in made)), seconds * 3 + 10)
    taken = perf_counter() - began
    return sum(one.count for _, one in made) / taken, sum(one.bad for _, one in made)


def main(url: str, seconds: str, connections: str, *headers: str) -> None:
    """Drive and print as wrk does."""
    found, bad = asyncio.run(drive(url, float(seconds), int(connections), list(headers)))
    print(f"Requests/sec: {found:.2f}")
    if bad:
        print(f"Non-2xx or 3xx responses: {bad}")


if __name__ == "__main__":
    main(*sys.argv[1:])
