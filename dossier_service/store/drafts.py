"""Drafts: what a person has typed so far, kept by the service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from dossier_service.store.paging import newest_first
from dossier_service.store.tables import DRAFT
from kernel.db import Tx


async def add(tx: Tx, row: Mapping[str, Any]) -> None:
    """Insert a draft."""
    await tx.execute(insert(DRAFT).values(**row))


async def get(tx: Tx, id: str) -> Any:
    """Return the draft's row, or None."""
    return await tx.first(select(DRAFT).where(DRAFT.c.id == id))


async def change(tx: Tx, id: str, version: int, values: Mapping[str, Any]) -> bool:
    """Change a draft that still has ``version`` and is not submitted; False when it has not."""
    done = await tx.execute(
        update(DRAFT).where(DRAFT.c.id == id, DRAFT.c.version == version, ~DRAFT.c.submitted).values(**values)
    )
    return done.rowcount == 1


async def remove(tx: Tx, ids: Sequence[str]) -> None:
    """Delete drafts."""
    await tx.execute(delete(DRAFT).where(DRAFT.c.id.in_(list(ids))))


async def page(tx: Tx, owner: str, *, now: datetime, size: int, before: tuple[datetime, str] | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 open drafts of ``owner``, last saved first."""
    query = select(DRAFT).where(DRAFT.c.owner == owner, ~DRAFT.c.submitted, DRAFT.c.expires_at > now)
    return await tx.all(newest_first(query, DRAFT.c.saved_at, DRAFT.c.id, before=before, size=size))


async def expired(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Return ids of drafts whose time is over and that were not submitted."""
    rows = await tx.all(select(DRAFT.c.id).where(DRAFT.c.expires_at <= now, ~DRAFT.c.submitted).limit(limit))
    return [row.id for row in rows]


async def answers_of(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """Return the answers (JSON text) of the drafts that exist and are not submitted."""
    rows = await tx.all(select(DRAFT.c.id, DRAFT.c.answers).where(DRAFT.c.id.in_(list(ids)), ~DRAFT.c.submitted))
    return {row.id: row.answers for row in rows}
