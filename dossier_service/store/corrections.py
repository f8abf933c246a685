"""Which dossier was filed to mend which."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from dossier_service.model.states import ENDED, State
from dossier_service.store.tables import CORRECTION, DOSSIER, DRAFT
from kernel.db import Tx


async def add(tx: Tx, *, draft: str, of_code: str, what: str) -> None:
    """Note what a draft is to mend and what is wrong there."""
    await tx.execute(insert(CORRECTION).values(draft=draft, of_code=of_code, what=what))


async def say(tx: Tx, draft: str, what: str) -> None:
    """Change what is said to be wrong."""
    await tx.execute(update(CORRECTION).where(CORRECTION.c.draft == draft).values(what=what))


async def file(tx: Tx, *, draft: str, code: str) -> tuple[str, str]:
    """Note that a draft became dossier ``code``; return what it mends and what is wrong there, empty if nothing."""
    row = await tx.first(select(CORRECTION).where(CORRECTION.c.draft == draft))
    if row is None:
        return "", ""
    await tx.execute(update(CORRECTION).where(CORRECTION.c.draft == draft).values(by_code=code))
    return str(row.of_code), str(row.what)


async def mended_by(tx: Tx, code: str) -> tuple[str, str]:
    """Return the dossier that ``code`` was filed to mend and what was wrong there; empty for an ordinary one."""
    row = await tx.first(select(CORRECTION).where(CORRECTION.c.by_code == code))
    return (str(row.of_code), str(row.what)) if row else ("", "")


async def returned_for(tx: Tx, code: str) -> str:
    """Return the newest dossier that mended ``code`` and whose result was returned; empty when there is none."""
    row = await tx.first(
        select(DOSSIER.c.code)
        .join(CORRECTION, CORRECTION.c.by_code == DOSSIER.c.code)
        .where(CORRECTION.c.of_code == code, DOSSIER.c.state == State.RETURNED.value)
        .order_by(DOSSIER.c.submitted_at.desc())
        .limit(1)
    )
    return str(row.code) if row else ""


async def under_way(tx: Tx, code: str) -> str:
    """Return the dossier that is to mend ``code`` and has not ended; empty when there is none."""
    query = (
        select(DOSSIER.c.code)
        .join(CORRECTION, CORRECTION.c.by_code == DOSSIER.c.code)
        .where(CORRECTION.c.of_code == code, DOSSIER.c.state.not_in([state.value for state in ENDED]))
    )
    row = await tx.first(query.limit(1))
    return str(row.code) if row else ""


async def open_draft(tx: Tx, code: str, now: datetime) -> Any:
    """Return the draft that is to mend ``code`` and was not filed yet, or None."""
    query = (
        select(DRAFT)
        .join(CORRECTION, CORRECTION.c.draft == DRAFT.c.id)
        .where(CORRECTION.c.of_code == code, ~DRAFT.c.submitted, DRAFT.c.expires_at > now)
    )
    return await tx.first(query.limit(1))
