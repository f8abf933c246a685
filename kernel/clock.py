"""Business time: real time plus one offset that only moves forwards (Asia/Ho_Chi_Minh for days).

Due dates, schedulers of deadlines, history and codes use ``Clock.now``. Leases, tokens, sessions,
certificates, timeouts and retries use ``real_now``.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Wake = Callable[[datetime], Awaitable[None]]


def real_now() -> datetime:
    """Return the machine's time, aware, UTC."""
    return datetime.now(UTC)


class Clock:
    """Business time with an optional persisted offset.

    ``path`` is the file that keeps the offset (seconds, an integer). Without it ``advance`` refuses, and the offset is
    how far another clock, the database's, is from this machine's.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._offset = timedelta(0)
        self._wakes: list[Wake] = []
        self._lock = asyncio.Lock()
        if path is not None and path.exists():
            self._offset = timedelta(seconds=int(json.loads(path.read_text())["offset_seconds"]))

    def now(self) -> datetime:
        """Return business time, aware, UTC."""
        return real_now() + self._offset

    def today(self) -> date:
        """Return the business day in Viet Nam."""
        return self.now().astimezone(VIETNAM).date()

    @property
    def offset(self) -> timedelta:
        """How far business time is ahead of real time."""
        return self._offset

    def follow(self, now: datetime) -> None:
        """Take ``now`` (the database's clock) as business time. Raises ``ValueError`` for a movable clock."""
        if self._path is not None:
            raise ValueError("this clock has an offset of its own")
        self._offset = now - real_now()

    def on_advance(self, wake: Wake) -> None:
        """Register ``wake``; it is awaited with the new time, once, after each ``advance``."""
        self._wakes.append(wake)

    async def advance(self, by: timedelta) -> datetime:
        """Move business time forwards by ``by``, wake every scheduler, return the new time.

        Raises ``ValueError`` when ``by`` is not positive or the clock has no file.
        """
        if by <= timedelta(0):
            raise ValueError("the clock only moves forwards")
        if self._path is None:
            raise ValueError("this clock cannot be moved")
        async with self._lock:
            self._offset += by
            self._save(self._path)
            for wake in list(self._wakes):
                await wake(self.now())
        return self.now()

    def _save(self, path: Path) -> None:
        text = json.dumps({"offset_seconds": int(self._offset.total_seconds())})
        part = path.with_suffix(".part")
        with part.open("w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
