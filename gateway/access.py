"""Metrics by route (never by path) and the access log: one JSON line a request, without query, cookie or address.

Lines are gathered and written every 0.2 s in one go, so that logging does not cost a system call a request.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson
from prometheus_client import Counter, Histogram

REQUESTS = Counter("motcua_gateway_requests", "Requests at the gateway", ("route", "method", "status"))
SECONDS = Histogram(
    "motcua_gateway_seconds",
    "Time to the end of the answer at the gateway",
    ("route",),
    buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 2, 10),
)
CACHED = Counter("motcua_gateway_cache", "Public reads by how the cache answered", ("result",))
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
WRITE_EVERY = 0.2
MOST_LINES = 50_000


class Access:
    """Counts and logs finished requests."""

    def __init__(self, *, log: bool, out: TextIO | None = None) -> None:
        self._log = log
        self._out = out or sys.stderr
        self._lines: list[bytes] = []
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
        if not self._log:
            return
        if len(self._lines) >= MOST_LINES:
            self._dropped += 1
            return
        self._lines.append(
            orjson.dumps(
                {
                    "event": "request",
                    "timestamp": datetime.now(UTC),
                    "route": route,
                    "method": method,
                    "path": path[:300],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                    "trace_id": trace,
                }
            )
        )

    def write(self) -> None:
        """Write the gathered lines."""
        lines, self._lines = self._lines, []
        if self._dropped:
            lines.append(orjson.dumps({"event": "access_log_dropped", "lines": self._dropped}))
            self._dropped = 0
        if lines:
            self._out.write(b"\n".join(lines).decode() + "\n")
            self._out.flush()

    async def run(self) -> None:
        """Write what was gathered every 0.2 s, for ever."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY)
                self.write()
        finally:
            self.write()
