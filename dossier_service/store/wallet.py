"""The wallet: results and papers of a person's dossiers, each once, where they lie."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select

from dossier_service.store.tables import DOSSIER, FILE, FILED
from kernel.db import Tx

RESULT = "result"
PAPERS = ("filed", "supplement")


async def page(
    tx: Tx, owner: str, *, results: bool | None, types: Sequence[str], size: int, before: tuple[datetime, str] | None
) -> Sequence[Any]:
    """Return up to ``size`` + 1 files of ``owner``'s dossiers, newest first; one sent twice is shown where it began.

    ``results``: only results (True), only papers (False), or both; ``types`` = MIME types, empty = all.
    """
    mine = DOSSIER.alias("mine")
    twin = FILE.alias("twin")
    earlier = or_(
        twin.c.added_at < FILE.c.added_at, and_(twin.c.added_at == FILE.c.added_at, twin.c.code < FILE.c.code)
    )
    began_elsewhere = exists(
        select(twin.c.code)
        .join(mine, mine.c.code == twin.c.code)
        .where(mine.c.owner == owner, twin.c.sha256 == FILE.c.sha256, twin.c.role != "draft_result", earlier)
    )
    roles = {True: (RESULT,), False: PAPERS, None: (RESULT, *PAPERS)}[results]
    query = (
        select(FILE, FILED.c.procedure_title, FILED.c.plain_title, DOSSIER.c.procedure)
        .join(DOSSIER, DOSSIER.c.code == FILE.c.code)
        .join(FILED, FILED.c.code == FILE.c.code)
        .where(DOSSIER.c.owner == owner, FILE.c.role.in_(roles), ~began_elsewhere)
        .order_by(FILE.c.added_at.desc(), FILE.c.code.desc(), FILE.c.sha256.desc())
        .limit(size + 1)
    )
    if types:
        query = query.where(FILE.c.type.in_(list(types)))
    if before is not None:
        at, key = before
        code, _, sha256 = key.partition("/")
        same = FILE.c.added_at == at
        query = query.where(
            or_(
                FILE.c.added_at < at,
                and_(same, FILE.c.code < code),
                and_(same, FILE.c.code == code, FILE.c.sha256 < sha256),
            )
        )
    return await tx.all(query)


async def one(tx: Tx, owner: str, code: str, sha256: str) -> Any:
    """Return a result or paper of ``owner``'s dossier, or None."""
    query = (
        select(FILE)
        .join(DOSSIER, DOSSIER.c.code == FILE.c.code)
        .where(DOSSIER.c.owner == owner, FILE.c.code == code, FILE.c.sha256 == sha256)
        .where(FILE.c.role.in_((RESULT, *PAPERS)))
    )
    return await tx.first(query)
