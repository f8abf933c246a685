"""Who helps whom, what was agreed, and the digests of claim codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from dossier_service.store.paging import newest_first
from dossier_service.store.tables import ASSIST, DOSSIER, DRAFT, FILED
from kernel.auth import ORGANISATION
from kernel.db import Tx


async def add(tx: Tx, row: Mapping[str, Any]) -> None:
    """Insert a helping."""
    await tx.execute(insert(ASSIST).values(**row))


async def get(tx: Tx, id: str) -> Any:
    """Return one helping, or None."""
    return await tx.first(select(ASSIST).where(ASSIST.c.id == id))


async def of_draft(tx: Tx, draft: str) -> Any:
    """Return the helping that a draft belongs to, or None."""
    return await tx.first(select(ASSIST).where(ASSIST.c.draft == draft))


async def of_dossier(tx: Tx, code: str) -> Any:
    """Return the helping by which a dossier was filed, or None."""
    return await tx.first(select(ASSIST).where(ASSIST.c.code == code))


async def change(tx: Tx, id: str, values: Mapping[str, Any]) -> None:
    """Change a helping."""
    await tx.execute(update(ASSIST).where(ASSIST.c.id == id).values(**values))


async def claim_once(tx: Tx, id: str, at: datetime) -> bool:
    """Note that the dossier was taken over; False when somebody was first."""
    done = await tx.execute(
        update(ASSIST)
        .where(ASSIST.c.id == id, ASSIST.c.claimed_at.is_(None))
        .values(claimed_at=at, claim_digest=None, claim_salt=None)
    )
    return done.rowcount == 1


async def end(tx: Tx, id: str, *, at: datetime, by: str) -> bool:
    """End a helper's right; False when it had ended."""
    done = await tx.execute(
        update(ASSIST).where(ASSIST.c.id == id, ASSIST.c.ended_at.is_(None)).values(ended_at=at, ended_by=by)
    )
    return done.rowcount == 1


async def forget_drafts(tx: Tx, drafts: Sequence[str]) -> None:
    """Delete helpings whose drafts are gone and were never filed: nothing about the person stays."""
    await tx.execute(delete(ASSIST).where(ASSIST.c.draft.in_(list(drafts)), ASSIST.c.code.is_(None)))


async def page_of_helper(tx: Tx, helper: str, *, size: int, before: tuple[datetime, str] | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 helpings of ``helper`` whose right has not ended, newest first, with their state."""
    query = (
        select(ASSIST, DRAFT.c.procedure, DOSSIER.c.state)
        .join(DRAFT, DRAFT.c.id == ASSIST.c.draft)
        .outerjoin(DOSSIER, DOSSIER.c.code == ASSIST.c.code)
        .where(ASSIST.c.helper == helper, ASSIST.c.ended_at.is_(None))
    )
    return await tx.all(newest_first(query, ASSIST.c.started_at, ASSIST.c.id, before=before, size=size))


async def page_of_owner(tx: Tx, owner: str, *, size: int, before: tuple[datetime, str] | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 helpings for dossiers that are ``owner``'s now, newest first, with title and state."""
    query = (
        select(ASSIST, DOSSIER.c.procedure, DOSSIER.c.state, FILED.c.procedure_title, FILED.c.plain_title)
        .join(DOSSIER, DOSSIER.c.code == ASSIST.c.code)
        .join(FILED, FILED.c.code == ASSIST.c.code)
        .where(DOSSIER.c.owner == owner)
    )
    return await tx.all(newest_first(query, ASSIST.c.started_at, ASSIST.c.id, before=before, size=size))


async def contact_elsewhere(tx: Tx, *, helper: str, contact: str, for_name: str) -> bool:
    """Tell whether ``helper`` gave the telephone ``contact`` for somebody else before."""
    mine = (ASSIST.c.helper == helper, ASSIST.c.contact == contact, ASSIST.c.for_name != for_name)
    return await tx.first(select(ASSIST.c.id).where(*mine).limit(1)) is not None


async def count_filings(tx: Tx) -> tuple[int, int]:
    """Return how many dossiers people filed alone, and how many with a helper."""
    with_helper = DOSSIER.c.helper.is_not(None) & DOSSIER.c.owner.not_like(f"{ORGANISATION}%")
    helped = await tx.first(select(func.count()).select_from(DOSSIER).where(with_helper))
    alone = await tx.first(select(func.count()).select_from(DOSSIER).where(~with_helper))
    return (int(alone[0]) if alone else 0, int(helped[0]) if helped else 0)
