"""Metrics by route (never by path) and the access log: one JSON line a request, without query, cookie or address.

Lines are gathered and written every 0.2 s in one go, so that logging does not cost a system call a request.
"""

import asyncio
import sys
from collections import Counter as Hits
from datetime import UTC, datetime
from random import getrandbits
from typing import TextIO

import orjson
from prometheus_client import Counter, Histogram

REQUESTS = Counter("motcua_gateway_requests", "Requests at the gateway", ("route", "method", "status"))
SECONDS = Histogram(
    "motcua_gateway_seconds",
    "Time to the end of an answer that was not in memory",
    ("route",),
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
)
CACHED = Counter("motcua_gateway_cache", "Public reads by how the cache answered", ("result",))
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WRITE_EVERY = 0.2
MOST_LINES = 50_000


def new_id(bits: int) -> str:
    """Return a random id for tracing, in hex: quick, and no secret."""
    return f"{getrandbits(bits):0{bits // 4}x}"


class Access:
    """Counts and logs finished requests."""

    def __init__(self, *, log: bool, out: TextIO | None = None) -> None:
        self._log = log
        self._out = out or sys.stderr
        self._lines: list[tuple[datetime, str, str, str, int, float, str]] = []
        self._hits: Hits[tuple[str, str, int]] = Hits()
        self._dropped = 0
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        self.cache = {result: CACHED.labels(result) for result in ("hit", "miss", "stale", "renewed")}

    def note(self, *, route: str, method: str, path: str, status: int, seconds: float, trace: str) -> None:
        """Count one finished request and, if wanted, log it."""
        method = method if method in METHODS else "other"
        key = (route, method, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = REQUESTS.labels(route, method, str(status))
        counter.inc()
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = SECONDS.labels(route)
        timer.observe(seconds)
        if self._log:
            self._line(route, method, path, status, seconds, trace)

    def note_hit(self, *, route: str, method: str, path: str, status: int, trace: str) -> None:
        """Count one request that was answered from memory at once; the counters hear of it at the next ``write``."""
        key = (route, method, status)
        self._hits[key] += 1
        if self._log:
            self._line(route, method, path, status, 0.0, trace)

    def _line(self, route: str, method: str, path: str, status: int, seconds: float, trace: str) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append((datetime.now(UTC), route, method, path, status, seconds, trace))
        else:
            self._dropped += 1

    def write(self) -> None:
        """Write the gathered lines and count the gathered hits."""
        hits, self._hits = self._hits, Hits()
        for (route, method, status), count in hits.items():
            REQUESTS.labels(route, method, str(status)).inc(count)
            self.cache["hit"].inc(count)
        lines, self._lines = self._lines, []
        out = [_line_text(*line) for line in lines]
        if self._dropped:
            out.append(orjson.dumps({"event": "access_log_dropped", "lines": self._dropped}))
            self._dropped = 0
        if out:
            self._out.write(b"\n".join(out).decode() + "\n")
            self._out.flush()

    async def run(self) -> None:
        """Write what was gathered every 0.2 s, for ever."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY)
                self.write()
        finally:
            self.write()


def _line_text(at: datetime, route: str, method: str, path: str, status: int, seconds: float, trace: str) -> bytes:
    return orjson.dumps(
        {
            "event": "request",
            "timestamp": at,
            "route": route,
            "method": method,
            "path": path[:300],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "trace_id": trace,
        }
    )
