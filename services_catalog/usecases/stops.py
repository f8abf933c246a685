"""Announcing planned stops and calling them off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from kernel.db import Database
from kernel.errors import Conflict, NotFound, Text
from kernel.idempotency import once
from kernel.workdays import Calendar
from services_catalog.model.stops import Stop, check
from services_catalog.store import stops as store

Shape = Callable[[Stop], dict[str, Any]]


async def announce_stop(
    *, database: Database, stop: Stop, calendar: Calendar, by: str, key: str, said: object, shape: Shape
) -> dict[str, Any]:
    """Announce ``stop`` once per ``key`` and return it as ``shape`` shows it.

    Raises ``Invalid`` (``bad_stop``, ``notice_too_short``, ``idempotency_key_reused``).
    """
    async with database.begin() as tx:

        async def announce() -> dict[str, Any]:
            check(stop, calendar)
            return shape(await store.add_stop(tx, stop, by=by))

        first = await once(tx, subject=f"stops/{by}", key=key, body=said, status=201, make=announce)
    return cast(dict[str, Any], first.response)


async def cancel_stop(*, database: Database, id: int, at: datetime) -> Stop:
    """Call off a stop that is not over; calling it off again changes nothing. Raises ``NotFound``, ``Conflict``."""
    async with database.begin() as tx:
        found = await store.find_stop(tx, id)
        if found is None:
            raise NotFound("stop_not_found", Text("Không có thông báo này.", "There is no such notice."))
        if found.cancelled_at is not None:
            return found
        if found.ends_at <= at:
            raise Conflict("stop_is_over", Text("Lần dừng này đã xong.", "This stop is over."))
        await store.cancel_stop(tx, id, at=at)
    return replace(found, cancelled_at=at)


async def list_stops(
    *, database: Database, ending_after: datetime | None, before: int | None, limit: int
) -> list[Stop]:
    """Return stops, newest first; with ``ending_after`` only those still to come or going on."""
    async with database.read() as tx:
        return await store.list_stops(tx, ending_after=ending_after, before=before, limit=limit)
