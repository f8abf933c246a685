"""Who owned a dossier before its present owner: one row for each epoch that is over."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, insert, select

from dossier_service.model.rehoming import FormerOwner
from dossier_service.model.states import ENDED
from dossier_service.store.tables import DOSSIER, FORMER_OWNER
from kernel.db import Tx

_OPEN = DOSSIER.c.state.not_in([state.value for state in ENDED])


async def open_codes(tx: Tx, lane: str, *, after: str, limit: int) -> list[str]:
    """Return codes of dossiers on ``lane`` that have not ended, in order, after ``after``."""
    query = select(DOSSIER.c.code).where(DOSSIER.c.lane == lane, _OPEN, DOSSIER.c.code > after)
    return [row.code for row in await tx.all(query.order_by(DOSSIER.c.code).limit(limit))]


async def count_open(tx: Tx, lane: str) -> int:
    """Return how many dossiers on ``lane`` have not ended."""
    row = await tx.first(select(func.count()).select_from(DOSSIER).where(DOSSIER.c.lane == lane, _OPEN))
    return int(row[0]) if row else 0


async def add_former(tx: Tx, rows: Sequence[FormerOwner]) -> None:
    """Note whose epochs are over; the key refuses a second owner of one epoch."""
    if rows:
        await tx.execute(insert(FORMER_OWNER), [asdict(row) for row in rows])


async def former_of(tx: Tx, codes: Iterable[str]) -> dict[str, dict[int, Any]]:
    """Return the former owners of ``codes`` by epoch; a dossier that was never handed on is not named."""
    wanted = list(codes)
    if not wanted:
        return {}
    rows = await tx.all(select(FORMER_OWNER).where(FORMER_OWNER.c.code.in_(wanted)))
    found: dict[str, dict[int, Any]] = {}
    for row in rows:
        found.setdefault(row.code, {})[row.epoch] = row
    return found
