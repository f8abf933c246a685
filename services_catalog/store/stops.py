"""Reading and writing planned stops."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from kernel.db import Tx
from kernel.errors import Text
from services_catalog.model.stops import Part, Stop
from services_catalog.store.tables import PLANNED_STOP


async def add_stop(tx: Tx, stop: Stop, *, by: str) -> Stop:
    """Insert ``stop`` with the next id and return it."""
    last = await tx.first(select(func.coalesce(func.max(PLANNED_STOP.c.id), 0).label("id")))
    stored = replace(stop, id=(last.id if last else 0) + 1)
    await tx.execute(insert(PLANNED_STOP).values(**_values(stored), announced_by=by))
    return stored


def _values(stop: Stop) -> dict[str, Any]:
    return {
        "id": stop.id,
        "part": stop.part.value,
        "lane": stop.lane,
        "starts_at": stop.starts_at,
        "ends_at": stop.ends_at,
        "text_vi": stop.text.vi,
        "text_en": stop.text.en,
        "reason_vi": stop.reason.vi if stop.reason else "",
        "reason_en": stop.reason.en if stop.reason else "",
        "announced_at": stop.announced_at,
        "cancelled_at": stop.cancelled_at,
    }


async def find_stop(tx: Tx, id: int) -> Stop | None:
    """Return one stop."""
    row = await tx.first(select(PLANNED_STOP).where(PLANNED_STOP.c.id == id))
    return None if row is None else _stop(row)


async def cancel_stop(tx: Tx, id: int, *, at: datetime) -> None:
    """Note that a stop will not take place."""
    await tx.execute(update(PLANNED_STOP).where(PLANNED_STOP.c.id == id).values(cancelled_at=at))


async def list_stops(tx: Tx, *, ending_after: datetime | None, before: int | None, limit: int) -> list[Stop]:
    """Return up to ``limit`` stops with ids below ``before``, newest first.

    With ``ending_after`` only those that end later and were not cancelled.
    """
    query = select(PLANNED_STOP).order_by(PLANNED_STOP.c.id.desc()).limit(limit)
    if ending_after is not None:
        query = query.where(PLANNED_STOP.c.ends_at > ending_after, PLANNED_STOP.c.cancelled_at.is_(None))
    if before is not None:
        query = query.where(PLANNED_STOP.c.id < before)
    return [_stop(row) for row in await tx.all(query)]


def _stop(row: Row[Any]) -> Stop:
    return Stop(
        id=row.id,
        part=Part(row.part),
        lane=row.lane,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        text=Text(row.text_vi, row.text_en),
        reason=Text(row.reason_vi, row.reason_en) if row.reason_vi else None,
        announced_at=row.announced_at,
        cancelled_at=row.cancelled_at,
    )
