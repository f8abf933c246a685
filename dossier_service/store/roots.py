"""Daily roots: the heads as of midnight are kept with the day, so that a cut tail shows (exact.md 9)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from dossier_service.store.tables import DAY_HEAD, DAY_ROOT, HISTORY, SEALED_HEAD
from kernel.db import Tx


async def last_root(tx: Tx) -> Any:
    """Return the newest sealed day, or None."""
    return await tx.first(select(DAY_ROOT).order_by(DAY_ROOT.c.date.desc()).limit(1))


async def first_received(tx: Tx) -> datetime | None:
    """Return when the oldest history entry was received."""
    row = await tx.first(select(HISTORY.c.received_at).order_by(HISTORY.c.received_at).limit(1))
    return row.received_at if row else None


async def take_heads(tx: Tx, day: date, begins: datetime, ends: datetime) -> None:
    """Make the last entry of each dossier received in [begins, ends) its head as of the end of ``day``."""
    newest = (
        select(HISTORY.c.code, func.max(HISTORY.c.n).label("n"))
        .where(HISTORY.c.received_at >= begins, HISTORY.c.received_at < ends)
        .group_by(HISTORY.c.code)
        .subquery()
    )
    rows = await tx.all(
        select(HISTORY.c.code, HISTORY.c.n, HISTORY.c.hash).join(
            newest, (HISTORY.c.code == newest.c.code) & (HISTORY.c.n == newest.c.n)
        )
    )
    if not rows:
        return
    heads = [{"code": row.code, "n": row.n, "head": row.hash} for row in rows]
    await tx.execute(insert(DAY_HEAD), [{"date": day, **head} for head in heads])
    held = set()
    codes = [head["code"] for head in heads]
    for start in range(0, len(codes), 500):
        found = await tx.all(select(SEALED_HEAD.c.code).where(SEALED_HEAD.c.code.in_(codes[start : start + 500])))
        held |= {row.code for row in found}
    fresh = [head for head in heads if head["code"] not in held]
    if fresh:
        await tx.execute(insert(SEALED_HEAD), fresh)
    changed = [head for head in heads if head["code"] in held]
    if changed:
        await tx.execute(
            update(SEALED_HEAD)
            .where(SEALED_HEAD.c.code == bindparam("of_code"))
            .values(n=bindparam("new_n"), head=bindparam("new_head")),
            [{"of_code": head["code"], "new_n": head["n"], "new_head": head["head"]} for head in changed],
        )


async def sealed_heads(tx: Tx) -> Sequence[Any]:
    """Return every dossier's head as of the newest sealed midnight, sorted by code."""
    return await tx.all(select(SEALED_HEAD).order_by(SEALED_HEAD.c.code))


async def heads_of(tx: Tx, day: date) -> Sequence[Any]:
    """Return the heads that changed on ``day`` (code, n, head)."""
    return await tx.all(select(DAY_HEAD).where(DAY_HEAD.c.date == day))


async def add_root(tx: Tx, *, day: date, count: int, root: str, prev_root: str, at: datetime) -> None:
    """Insert the sealed day."""
    await tx.execute(insert(DAY_ROOT).values(date=day, count=count, root=root, prev_root=prev_root, sealed_at=at))


async def page(tx: Tx, *, size: int, before: date | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 sealed days, newest first."""
    query = select(DAY_ROOT).order_by(DAY_ROOT.c.date.desc()).limit(size + 1)
    return await tx.all(query if before is None else query.where(DAY_ROOT.c.date < before))


async def anchor_of(tx: Tx, code: str) -> Any:
    """Return the newest sealed day that holds a head of this dossier (date, root), or None."""
    if await tx.first(select(SEALED_HEAD.c.code).where(SEALED_HEAD.c.code == code)) is None:
        return None
    return await last_root(tx)


async def lost_heads(tx: Tx) -> Sequence[Any]:
    """Return sealed heads (date, code, n) whose history entry is gone or has another hash: a cut or rewritten tail."""
    query = (
        select(DAY_HEAD.c.date, DAY_HEAD.c.code, DAY_HEAD.c.n)
        .outerjoin(HISTORY, (HISTORY.c.code == DAY_HEAD.c.code) & (HISTORY.c.n == DAY_HEAD.c.n))
        .where((HISTORY.c.hash.is_(None)) | (HISTORY.c.hash != DAY_HEAD.c.head))
        .limit(1000)
    )
    return await tx.all(query)
