"""The codes on papers: one for each dossier, drawn when it is filed."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from dossier_service.store.tables import DOSSIER, FILE, HISTORY, PAPER_CODE
from kernel.db import Tx

_SHOWN = (DOSSIER.c.code, DOSSIER.c.office_name, DOSSIER.c.state, DOSSIER.c.results)


async def add(tx: Tx, code: str, paper_code: str) -> None:
    """Give a new dossier the code that its paper will carry."""
    await tx.execute(insert(PAPER_CODE).values(code=code, paper_code=paper_code))


async def code_of(tx: Tx, code: str) -> str:
    """Return the paper code of a dossier; empty for one that was filed before papers had codes."""
    row = await tx.first(select(PAPER_CODE.c.paper_code).where(PAPER_CODE.c.code == code))
    return str(row.paper_code) if row else ""


async def dossier_with(tx: Tx, paper_code: str) -> Any:
    """Return code, office name, state and results of the dossier whose paper carries ``paper_code``, or None."""
    joined = select(*_SHOWN).join(PAPER_CODE, PAPER_CODE.c.code == DOSSIER.c.code)
    return await tx.first(joined.where(PAPER_CODE.c.paper_code == paper_code))


async def dossier_of_file(tx: Tx, sha256: str) -> Any:
    """Return the same of the dossier that has the file of this digest as a result, or None."""
    joined = select(*_SHOWN).join(FILE, FILE.c.code == DOSSIER.c.code)
    return await tx.first(joined.where(FILE.c.sha256 == sha256, FILE.c.role == "result").limit(1))


async def decided_at(tx: Tx, code: str) -> datetime | None:
    """Return when the owner decided the dossier, or None: the first step in that state or after it."""
    first = select(func.min(HISTORY.c.n)).where(HISTORY.c.code == code, HISTORY.c.status.in_((9, 10)))
    row = await tx.first(
        select(HISTORY.c.occurred_at).where(HISTORY.c.code == code, HISTORY.c.n == first.scalar_subquery())
    )
    return row.occurred_at if row else None
