"""The service's own copy of what it indexes, and how far the index has come with it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
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
from search_service.model.reindexing import Reindexing

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
REINDEXING = Table(
    "reindexing",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("asked", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("said", String, nullable=False),
)

# A question that was not answered; ``question`` is empty until enough different askers had it.
MISSED = Table(
    "missed",
    METADATA,
    Column("week", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("question", String, nullable=False),
    Column("askers", Integer, nullable=False),
    Column("first", String, nullable=False),
    Column("hidden", Integer, nullable=False),
)
MISSED_ASKER = Table(
    "missed_asker",
    METADATA,
    Column("week", String, primary_key=True),
    Column("asker", String, primary_key=True),
    Column("question", String, primary_key=True),
)
MISSED_SALT = Table(
    "missed_salt",
    METADATA,
    Column("week", String, primary_key=True),
    Column("salt", String, nullable=False),
)

_SHOWN = HEAD.join(REVISION, and_(REVISION.c.code == HEAD.c.code, REVISION.c.revision == HEAD.c.revision))


async def add_revisions(tx: Tx, revisions: Sequence[Revision]) -> None:
    """Keep revisions that are not here yet. They never change; an edition that keeps more of them replaces them."""
    new = {(one.code, one.revision): one for one in revisions}
    rows = await tx.all(select(REVISION).where(REVISION.c.code.in_({code for code, _ in new})))
    grown = []
    for row in rows:
        one = new.pop((row.code, row.revision), None)
        if one is not None and one.to_json() != row.body:
            grown.append({"at_code": one.code, "at_revision": one.revision, "new": one.to_json()})
    if grown:
        at = and_(REVISION.c.code == bindparam("at_code"), REVISION.c.revision == bindparam("at_revision"))
        await tx.execute(update(REVISION).where(at).values(body=bindparam("new")), grown)
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


async def shown(tx: Tx, *, after: str, limit: int) -> list[Document]:
    """Return the documents with ids above ``after``, by id."""
    return await _documents(tx, HEAD.c.code > after, limit)


async def versions(tx: Tx) -> dict[str, int]:
    """Return the version of every document by its id."""
    rows = await tx.all(select(HEAD.c.code, HEAD.c.version).select_from(_SHOWN))
    return {row.code: row.version for row in rows}


async def those(tx: Tx, codes: Iterable[str]) -> list[Document]:
    """Return the documents of these ids."""
    return await _documents(tx, HEAD.c.code.in_(list(codes)), None)


async def count_shown(tx: Tx) -> int:
    """Return how many documents there are."""
    row = await tx.first(select(func.count()).select_from(_SHOWN))
    return int(row[0]) if row else 0


async def count_indexed(tx: Tx) -> int:
    """Return how many documents the index has, in whatever version."""
    row = await tx.first(select(func.count()).select_from(_SHOWN).where(HEAD.c.indexed > 0))
    return int(row[0]) if row else 0


async def count_waiting(tx: Tx) -> int:
    """Return how many documents the index does not have yet."""
    query = select(func.count()).select_from(_SHOWN).where(HEAD.c.indexed < HEAD.c.version)
    row = await tx.first(query)
    return int(row[0]) if row else 0


async def mark_indexed(tx: Tx, versions: Mapping[str, int]) -> None:
    """Note that the index has these versions, by document id."""
    rows = [{"at_code": code, "now": version} for code, version in versions.items()]
    if rows:
        await tx.execute(update(HEAD).where(HEAD.c.code == bindparam("at_code")).values(indexed=bindparam("now")), rows)


async def reindexing(tx: Tx) -> Reindexing:
    """Return how far the asked-for rebuilding is."""
    row = await tx.first(select(REINDEXING).where(REINDEXING.c.id == 1))
    if row is None:
        return Reindexing(0, 0, 0, 0, "")
    return Reindexing(row.asked, row.answered, row.done, row.total, row.said)


async def note_reindexing(tx: Tx, state: Reindexing) -> None:
    """Keep ``state``."""
    values = asdict(state)
    if (await tx.execute(update(REINDEXING).where(REINDEXING.c.id == 1).values(**values))).rowcount == 0:
        await tx.execute(insert(REINDEXING), {"id": 1, **values})


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
