"""The embedded engine of the event log."""

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from kernel.clock import real_now
from kernel.db import Database, Tx, UtcDateTime
from kernel.log.contract import (
    Message,
    Partition,
    PositionLost,
    Record,
    Topic,
    check_bodies,
    partition_of,
)
from kernel.telemetry import failpoint

SWEPT = 1000

METADATA = MetaData()
TOPIC = Table(
    "topic",
    METADATA,
    Column("name", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("partitions", Integer, nullable=False),
    Column("compact", Boolean, nullable=False),
    Column("kept_seconds", Integer, nullable=False),
)
HEAD = Table(
    "head",
    METADATA,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("first", Integer, nullable=False),
    Column("next", Integer, nullable=False),
)
ENTRY = Table(
    "entry",
    METADATA,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("offset", Integer, primary_key=True),
    Column("key", String, nullable=False),
    Column("headers", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("appended_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)


class SqliteLog:
    """The embedded engine: one SQLite file of its own, offsets from a head row in the same transaction."""

    def __init__(self, database: Database, topics: Mapping[str, Topic]) -> None:
        self._database = database
        self._topics = dict(topics)
        self._ids: dict[str, str] = {}
        self._appended = asyncio.Condition()
        self._appends: Counter[str] = Counter()

    @classmethod
    async def open(cls, url: str, topics: Iterable[Topic]) -> "SqliteLog":
        """Open the file and create the topics that are missing."""
        database = await Database.open(url, METADATA, readers=4)
        log = cls(database, {topic.name: topic for topic in topics})
        async with database.begin() as tx:
            log._ids = {row.name: row.id for row in await tx.all(select(TOPIC.c.name, TOPIC.c.id))}
            for topic in log._topics.values():
                if topic.name not in log._ids:
                    log._ids[topic.name] = await _create(tx, topic)
        return log

    async def append(self, messages: Sequence[Message]) -> None:
        """Append in order; durable on return. Raises ``BodyTooLarge`` before anything is written."""
        if not messages:
            return
        check_bodies(messages)
        places = [Partition(m.topic, partition_of(m.key, self._topics[m.topic].partitions)) for m in messages]
        async with self._database.begin() as tx:
            heads = await _heads(tx, set(places))
            rows = []
            now = real_now()
            for message, place in zip(messages, places, strict=True):
                rows.append(_entry(message, place, heads[place], now))
                heads[place] += 1
            await tx.execute(insert(ENTRY), rows)
            moved = [{"of": place.topic, "number": place.number, "to": end} for place, end in heads.items()]
            await tx.execute(
                update(HEAD)
                .where(HEAD.c.topic == bindparam("of"), HEAD.c.partition == bindparam("number"))
                .values(next=bindparam("to")),
                moved,
            )
            failpoint("log_appended")
        await self._wake({message.topic for message in messages})

    def reader(self) -> "SqliteReader":
        """Return a reader with nothing assigned."""
        return SqliteReader(self)

    async def tail(self, topics: Iterable[str]) -> AsyncIterator[Record]:
        """Yield what is appended from now on."""
        reader = self.reader()
        ends: dict[Partition, int] = {}
        for topic in topics:
            ends |= await self.ends(topic)
        await reader.assign(ends)
        while True:
            for record in await reader.poll():
                yield record

    async def topic_id(self, topic: str) -> str:
        """Return the identity of this incarnation of ``topic``."""
        return self._ids[topic]

    async def ends(self, topic: str) -> dict[Partition, int]:
        """Return the next offset of each partition."""
        async with self._database.read() as tx:
            rows = await tx.all(select(HEAD).where(HEAD.c.topic == topic))
        return {Partition(topic, row.partition): row.next for row in rows}

    async def starts(self, topic: str) -> dict[Partition, int]:
        """Return the oldest kept offset of each partition."""
        async with self._database.read() as tx:
            rows = await tx.all(select(HEAD).where(HEAD.c.topic == topic))
        return {Partition(topic, row.partition): row.first for row in rows}

    async def ready(self) -> dict[str, bool]:
        """A file waits for nothing."""
        return {}

    async def sweep(self, now: datetime) -> None:
        """Delete what is past its retention and compact what is compacted, in short transactions."""
        for topic in self._topics.values():
            if topic.compact:
                async with self._database.begin() as tx:
                    await _compact(tx, topic.name)
                continue
            for place, start in (await self.starts(topic.name)).items():
                async with self._database.read() as tx:
                    keep = await _first_since(tx, place, now - topic.kept)
                for cut in range(start, keep, SWEPT):
                    async with self._database.begin() as tx:
                        await _expire(tx, place, min(cut + SWEPT, keep))

    async def fetch(self, positions: Mapping[Partition, int], limit: int) -> list[Record]:
        """Return the next records of ``positions``; raises ``PositionLost``."""
        if not positions:
            return []
        records: list[Record] = []
        async with self._database.read() as tx:
            behind = await _behind(tx, positions)
            for place in behind:
                rows = await tx.all(
                    select(ENTRY)
                    .where(
                        ENTRY.c.topic == place.topic,
                        ENTRY.c.partition == place.number,
                        ENTRY.c.offset >= positions[place],
                    )
                    .order_by(ENTRY.c.offset)
                    .limit(limit - len(records))
                )
                records += [_record(place, row) for row in rows]
                if len(records) >= limit:
                    break
        return records

    def appends(self, topics: Iterable[str]) -> int:
        """Return how often this process has appended to ``topics``."""
        return sum(self._appends[topic] for topic in topics)

    async def wait(self, topics: Collection[str], seen: int, timeout: float) -> None:
        """Wait until ``appends(topics)`` is no longer ``seen``, or ``timeout`` seconds."""
        async with self._appended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._appended.wait_for(lambda: self.appends(topics) != seen), timeout)

    async def _wake(self, topics: Iterable[str]) -> None:
        async with self._appended:
            self._appends.update(topics)
            self._appended.notify_all()

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()


class SqliteReader:
    """Reads the embedded log. A position skips holes that compaction left.

    While nothing is appended to its own topics it looks into the file once a ``timeout`` alone.
    """

    def __init__(self, log: SqliteLog) -> None:
        self._log = log
        self._positions: dict[Partition, int] = {}
        self._topics: set[str] = set()
        self._seen = -1  # appends to our topics before the last look that found nothing

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, from these offsets."""
        self._positions = dict(positions)
        self._topics = {place.topic for place in positions}
        self._seen = -1

    async def poll(self, *, limit: int = 200, timeout: float = 1.0) -> list[Record]:
        """Return up to ``limit`` next records; empty after ``timeout`` seconds."""
        records: list[Record] = []
        if self._seen != self._log.appends(self._topics):
            records = await self._look(limit)
        if not records:
            await self._log.wait(self._topics, self._seen, min(timeout, 1.0))
            records = await self._look(limit)
        for record in records:
            self._positions[record.partition] = record.offset + 1
        first = next(iter(self._positions), None)
        if first is not None and records:
            self._positions[first] = self._positions.pop(first)
        return records

    def passed(self) -> Mapping[Partition, int]:
        """Return up to where each partition was returned: compaction keeps the last record, so no hole is last."""
        return self._positions

    async def _look(self, limit: int) -> list[Record]:
        before = self._log.appends(self._topics)
        records = await self._log.fetch(self._positions, limit)
        self._seen = -1 if records else before
        return records

    async def close(self) -> None:
        """Stop reading."""
        self._positions = {}


async def _create(tx: Tx, topic: Topic) -> str:
    identity = uuid.uuid4().hex
    await tx.execute(
        insert(TOPIC).values(
            name=topic.name,
            id=identity,
            partitions=topic.partitions,
            compact=topic.compact,
            kept_seconds=int(topic.kept.total_seconds()),
        )
    )
    await tx.execute(
        insert(HEAD),
        [{"topic": topic.name, "partition": n, "first": 0, "next": 0} for n in range(topic.partitions)],
    )
    return identity


async def _heads(tx: Tx, places: set[Partition]) -> dict[Partition, int]:
    rows = await tx.all(select(HEAD).where(tuple_(HEAD.c.topic, HEAD.c.partition).in_([tuple(p) for p in places])))
    return {Partition(row.topic, row.partition): row.next for row in rows}


async def _behind(tx: Tx, positions: Mapping[Partition, int]) -> list[Partition]:
    topics = {place.topic for place in positions}
    rows = await tx.all(select(HEAD).where(HEAD.c.topic.in_(topics)))
    heads = {Partition(row.topic, row.partition): row for row in rows}
    behind = []
    for place, offset in positions.items():
        head = heads.get(place)
        if head is None:
            raise PositionLost(place, "no such partition")
        if offset < head.first or offset > head.next:
            raise PositionLost(place, f"position {offset} is outside {head.first}..{head.next}")
        if offset < head.next:
            behind.append(place)
    return behind


async def _first_since(tx: Tx, place: Partition, since: datetime) -> int:
    """Return the first offset appended at or after ``since`` by halving: a scan would read every body."""
    row = await tx.first(select(HEAD).where(HEAD.c.topic == place.topic, HEAD.c.partition == place.number))
    low, high = (row.first, row.next) if row else (0, 0)
    while low < high:
        middle = (low + high) // 2
        entry = await tx.first(
            select(ENTRY.c.appended_at).where(
                ENTRY.c.topic == place.topic, ENTRY.c.partition == place.number, ENTRY.c.offset == middle
            )
        )
        if entry is not None and entry.appended_at >= since:
            high = middle
        else:
            low = middle + 1
    return low


async def _expire(tx: Tx, place: Partition, keep: int) -> None:
    await tx.execute(
        delete(ENTRY).where(ENTRY.c.topic == place.topic, ENTRY.c.partition == place.number, ENTRY.c.offset < keep)
    )
    await tx.execute(
        update(HEAD).where(HEAD.c.topic == place.topic, HEAD.c.partition == place.number).values(first=keep)
    )


async def _compact(tx: Tx, topic: str) -> None:
    newest = (
        select(ENTRY.c.partition, ENTRY.c.key, func.max(ENTRY.c.offset).label("last"))
        .where(ENTRY.c.topic == topic)
        .group_by(ENTRY.c.partition, ENTRY.c.key)
        .subquery()
    )
    kept = select(newest.c.partition, newest.c.last)
    await tx.execute(
        delete(ENTRY).where(ENTRY.c.topic == topic, tuple_(ENTRY.c.partition, ENTRY.c.offset).not_in(kept))
    )


def _entry(message: Message, place: Partition, offset: int, now: datetime) -> dict[str, object]:
    return {
        "topic": place.topic,
        "partition": place.number,
        "offset": offset,
        "key": message.key,
        "headers": json.dumps(dict(message.headers), ensure_ascii=False),
        "body": message.body,
        "appended_at": now,
    }


def _record(place: Partition, row: Any) -> Record:
    return Record(place, row.offset, row.key, json.loads(row.headers), row.body, row.appended_at)
