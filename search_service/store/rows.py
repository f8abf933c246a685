"""The service's own copy of what it indexes, and how far the index has come with it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from kernel.consume import consume_tables
from kernel.db import Tx
from kernel.lease import lease_table
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document

METADATA = MetaData()
LEASE = lease_table(METADATA)
consume_tables(METADATA)

REVISION = Table(
    "procedure_revision",
    METADATA,
    Column("code", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("body", String, nullable=False),
)
HEAD = Table(
    "procedure_head",
    METADATA,
    Column("code", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("successor", String, nullable=False),
    Column("indexed", Integer, nullable=False, index=True),
)

_SHOWN = HEAD.join(REVISION, and_(REVISION.c.code == HEAD.c.code, REVISION.c.revision == HEAD.c.revision))


async def add_revisions(tx: Tx, revisions: Sequence[Revision]) -> None:
    """Keep revisions that are not here yet (they never change)."""
    new = {(one.code, one.revision): one for one in revisions}
    rows = await tx.all(
        select(REVISION.c.code, REVISION.c.revision).where(REVISION.c.code.in_({code for code, _ in new}))
    )
    for row in rows:
        new.pop((row.code, row.revision), None)
    if new:
        await tx.execute(
            insert(REVISION),
            [{"code": one.code, "revision": one.revision, "body": one.to_json()} for one in new.values()],
        )


async def move_heads(tx: Tx, heads: Sequence[Head]) -> None:
    """Keep the greatest version of each head."""
    greatest: dict[str, Head] = {}
    for head in heads:
        if head.code not in greatest or head.version > greatest[head.code].version:
            greatest[head.code] = head
    rows = await tx.all(select(HEAD.c.code, HEAD.c.version).where(HEAD.c.code.in_(greatest)))
    held = {row.code: row.version for row in rows}
    fresh = [head for head in greatest.values() if head.code not in held]
    moved = [head for head in greatest.values() if head.code in held and head.version > held[head.code]]
    if fresh:
        await tx.execute(insert(HEAD), [{**_head(head), "code": head.code, "indexed": 0} for head in fresh])
    if moved:
        values: dict[str, BindParameter[Any]] = {
            name: bindparam(f"new_{name}") for name in ("version", "revision", "withdrawn", "successor")
        }
        await tx.execute(
            update(HEAD).where(HEAD.c.code == bindparam("at_code")).values(**values),
            [{**{f"new_{k}": v for k, v in _head(head).items()}, "at_code": head.code} for head in moved],
        )


async def waiting(tx: Tx, limit: int) -> list[Document]:
    """Return documents that the index does not have yet."""
    return await _documents(tx, HEAD.c.indexed < HEAD.c.version, limit)


async def everything(tx: Tx) -> list[Document]:
    """Return every document."""
    return await _documents(tx, HEAD.c.version > 0, None)


async def count_waiting(tx: Tx) -> int:
    """Return how many documents the index does not have yet."""
    query = select(func.count()).select_from(_SHOWN).where(HEAD.c.indexed < HEAD.c.version)
    row = await tx.first(query)
    return int(row[0]) if row else 0


async def mark_indexed(tx: Tx, documents: Iterable[Document]) -> None:
    """Note that the index has these versions."""
    rows = [{"at_code": one.id, "now": one.version} for one in documents]
    if rows:
        await tx.execute(update(HEAD).where(HEAD.c.code == bindparam("at_code")).values(indexed=bindparam("now")), rows)


async def mark_nothing_indexed(tx: Tx) -> None:
    """Forget how far the index has come."""
    await tx.execute(update(HEAD).values(indexed=0))


async def _documents(tx: Tx, where: ColumnElement[bool], limit: int | None) -> list[Document]:
    query = select(HEAD, REVISION.c.body).select_from(_SHOWN).where(where).order_by(HEAD.c.code).limit(limit)
    return [
        Revision.from_json(row.body).document(
            Head(row.code, row.version, row.revision, bool(row.withdrawn), row.successor)
        )
        for row in await tx.all(query)
    ]


def _head(head: Head) -> dict[str, object]:
    return {
        "version": head.version,
        "revision": head.revision,
        "withdrawn": int(head.withdrawn),
        "successor": head.successor,
    }
