"""Consumers: effects and position commit together, so every message takes effect once.

No consumer groups. Partitions are leased in the consumer's own database, positions move by compare-and-set in the
transaction of the effects: a zombie's write finds another position and is rolled back.

A batch is applied as one; only a failing batch is repeated message by message. ``Reject`` quarantines the message
with its reason. Anything else is retried with back-off, and after 5 tries the message's subject is parked: this
and later messages of the subject wait in order, everything else goes on.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from kernel.clock import real_now
from kernel.db import Database, Tx, UtcDateTime
from kernel.errors import Reject
from kernel.lease import Leases
from kernel.log import Log, Partition, PositionLost, Reader, Record

TRIES = 5
BATCH = 200

Apply = Callable[[Tx, Sequence[Record]], Awaitable[None]]

logger = structlog.get_logger()


class Fenced(Exception):
    """The position was moved by somebody else: nothing of this transaction may stay."""


def consume_tables(metadata: MetaData) -> None:
    """Declare position, quarantine and parked in a service's metadata."""
    Table(
        "position",
        metadata,
        Column("consumer", String, primary_key=True),
        Column("topic", String, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next", Integer, nullable=False),
        Column("topic_id", String, nullable=False),
    )
    for name in ("quarantine", "parked_message"):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=True),
            Column("consumer", String, nullable=False),
            Column("topic", String, nullable=False),
            Column("partition", Integer, nullable=False),
            Column("offset", Integer, nullable=False),
            Column("subject", String, nullable=False, index=True),
            Column("key", String, nullable=False),
            Column("headers", String, nullable=False),
            Column("body", LargeBinary, nullable=False),
            Column("reason", String, nullable=False),
            Column("appended_at", UtcDateTime, nullable=False),
            Column("at", UtcDateTime, nullable=False),
            sqlite_autoincrement=True,
        )


class Consumer:
    """Applies some topics to one database under the name ``name``."""

    def __init__(
        self, *, name: str, topics: Iterable[str], log: Log, database: Database, leases: Leases, apply: Apply
    ) -> None:
        self.name = name
        self._topics = list(topics)
        self._log = log
        self._database = database
        self._leases = leases
        self._apply = apply
        tables = database.tables.tables
        self._position, self._quarantine, self._parked = (
            tables["position"],
            tables["quarantine"],
            tables["parked_message"],
        )
        self._positions: dict[Partition, int] = {}
        self._lost: set[Partition] = set()
        self._failures: dict[str, int] = {}
        self.position_lost = 0
        self.last_poll = real_now()

    async def run(self) -> None:
        """Consume for ever; survives every failure of log and database."""
        pause = 0.1
        while True:
            reader = self._log.reader()
            try:
                await self._consume(reader)
            except Fenced:
                logger.info("consumer_fenced", consumer=self.name)
            except PositionLost as lost:
                self._drop(lost.partition, str(lost))
            except Exception as error:
                logger.warning("consumer_failed", consumer=self.name, error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            finally:
                await reader.close()
            pause = 0.1

    async def caught_up(self) -> bool:
        """Tell whether every partition's position has reached the end that the log has now."""
        for topic in self._topics:
            for place, end in (await self._log.ends(topic)).items():
                if self._positions.get(place, 0) < end:
                    return False
        return True

    async def _consume(self, reader: Reader) -> None:
        self._positions, renewed = {}, None
        while True:
            now = real_now()
            if renewed is None or now - renewed > self._leases.ttl / 3:
                held = await self._lease_partitions()
                renewed = now
                if set(self._positions) != held:
                    self._positions = await self._load(held)
                    await reader.assign(self._positions)
            records = await reader.poll(limit=BATCH)
            self.last_poll = real_now()
            if records:
                await self.take(records)

    async def _lease_partitions(self) -> set[Partition]:
        places: dict[str, Partition] = {}
        for topic in self._topics:
            for place in await self._log.ends(topic):
                if place not in self._lost:
                    places[f"{self.name}/{place.topic}/{place.number}"] = place
        return {places[name] for name in await self._leases.acquire(places)}

    async def _load(self, places: set[Partition]) -> dict[Partition, int]:
        table = self._position
        async with self._database.begin() as tx:
            rows = await tx.all(select(table).where(table.c.consumer == self.name))
            stored = {Partition(row.topic, row.partition): row for row in rows}
            positions = {}
            for place in sorted(places):
                identity = await self._log.topic_id(place.topic)
                row = stored.get(place)
                if row is None:
                    await tx.execute(
                        insert(table).values(
                            consumer=self.name, topic=place.topic, partition=place.number, next=0, topic_id=identity
                        )
                    )
                elif row.topic_id != identity:
                    self._drop(place, "the topic is another one than when the position was stored")
                    continue
                positions[place] = row.next if row else 0
        return positions

    def _drop(self, place: Partition, reason: str) -> None:
        self._lost.add(place)
        self.position_lost += 1
        self._positions.pop(place, None)
        logger.error("position_lost", consumer=self.name, topic=place.topic, partition=place.number, reason=reason)

    async def take(self, records: Sequence[Record]) -> None:
        """Apply one polled batch; positions of its partitions move with the effects."""
        following = {record.partition: record.offset + 1 for record in records}
        ordered = sorted(records, key=lambda r: (r.subject, r.partition, r.offset))
        try:
            async with self._database.begin() as tx:
                free = await self._without_parked(tx, ordered)
                if free:
                    await self._apply(tx, free)
                await self._move(tx, following)
        except Fenced:
            raise
        except Exception as error:
            logger.info("batch_repeated_singly", consumer=self.name, error=type(error).__name__)
            await self._take_singly(records)
        self._positions |= following

    async def _take_singly(self, records: Sequence[Record]) -> None:
        for record in records:
            for tries in range(TRIES):
                if await self._take_one(record):
                    break
                await asyncio.sleep(min(0.2 * 4**tries, 30.0))
            self._positions[record.partition] = record.offset + 1

    async def _take_one(self, record: Record) -> bool:
        try:
            async with self._database.begin() as tx:
                if await self._without_parked(tx, [record]):
                    try:
                        async with tx.savepoint():
                            await self._apply(tx, [record])
                    except Reject as reject:
                        logger.warning(
                            "quarantined",
                            consumer=self.name,
                            topic=record.partition.topic,
                            partition=record.partition.number,
                            offset=record.offset,
                        )
                        await tx.execute(insert(self._quarantine).values(**self._row(record, reject.reason)))
                await self._move(tx, {record.partition: record.offset + 1})
        except Fenced:
            raise
        except Exception as error:
            tries = self._failures.get(record.subject, 0) + 1
            self._failures[record.subject] = tries
            logger.warning("message_failed", consumer=self.name, tries=tries, error=type(error).__name__)
            if tries < TRIES:
                return False
            await self._park(record, f"{type(error).__name__}: {error}"[:500])
        self._failures.pop(record.subject, None)
        return True

    async def _park(self, record: Record, reason: str) -> None:
        async with self._database.begin() as tx:
            await tx.execute(insert(self._parked).values(**self._row(record, reason)))
            await self._move(tx, {record.partition: record.offset + 1})

    async def _without_parked(self, tx: Tx, records: Sequence[Record]) -> list[Record]:
        table = self._parked
        subjects = {record.subject for record in records}
        rows = await tx.all(
            select(table.c.subject).where(table.c.consumer == self.name, table.c.subject.in_(subjects)).distinct()
        )
        parked = {row.subject for row in rows}
        if not parked:
            return list(records)
        waiting = [self._row(r, "behind a parked message") for r in records if r.subject in parked]
        await tx.execute(insert(table), waiting)
        return [record for record in records if record.subject not in parked]

    async def _move(self, tx: Tx, following: dict[Partition, int]) -> None:
        table = self._position
        for place, offset in following.items():
            moved = await tx.execute(
                update(table)
                .where(
                    table.c.consumer == self.name,
                    table.c.topic == place.topic,
                    table.c.partition == place.number,
                    table.c.next == self._positions.get(place, 0),
                )
                .values(next=offset)
            )
            if moved.rowcount != 1:
                raise Fenced

    def _row(self, record: Record, reason: str) -> dict[str, object]:
        return {
            "consumer": self.name,
            "topic": record.partition.topic,
            "partition": record.partition.number,
            "offset": record.offset,
            "subject": record.subject,
            "key": record.key,
            "headers": json.dumps(dict(record.headers), ensure_ascii=False),
            "body": record.body,
            "reason": reason,
            "appended_at": record.appended_at,
            "at": real_now(),
        }

    async def retry(self, subject: str) -> int:
        """Apply the parked messages of ``subject`` in order; return how many. Stops at the first that fails again."""
        table = self._parked
        done = 0
        while True:
            async with self._database.begin() as tx:
                row = await tx.first(
                    select(table)
                    .where(table.c.consumer == self.name, table.c.subject == subject)
                    .order_by(table.c.id)
                    .limit(1)
                )
                if row is None:
                    return done
                try:
                    async with tx.savepoint():
                        await self._apply(tx, [_stored(row)])
                except Reject as reject:
                    await tx.execute(insert(self._quarantine).values(**self._row(_stored(row), reject.reason)))
                await tx.execute(delete(table).where(table.c.id == row.id))
            done += 1


async def counted(database: Database, table: str) -> int:
    """Return the number of rows in ``quarantine`` or ``parked_message``."""
    async with database.read() as tx:
        row = await tx.first(select(func.count()).select_from(database.tables.tables[table]))
    return int(row[0]) if row else 0


def _stored(row: Any) -> Record:
    at: datetime = row.appended_at
    return Record(Partition(row.topic, row.partition), row.offset, row.key, json.loads(row.headers), row.body, at)
