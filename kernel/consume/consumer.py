"""One consumer: polls its leased partitions, applies, moves positions."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import insert, select

from kernel.clock import real_now
from kernel.consume.parking import BACKOFF, Apply, Parking
from kernel.consume.shares import Shares
from kernel.db import Database, Tx
from kernel.lease import Leases
from kernel.log import Log, Partition, PositionLost, Reader, Record

BATCH = 500
LOST_AGAIN = 60.0

APPLIED = Counter("motcua_consumed_total", "Messages taken from the log", ["consumer"])
LAG = Gauge("motcua_consumer_lag", "Messages on the log that are not yet taken", ["consumer"])
LOST = Counter("motcua_position_lost_total", "Times that a partition was found without its position", ["consumer"])
LOST_NOW = Gauge(
    "motcua_partitions_standing_still", "Partitions that stand still because their position is lost", ["consumer"]
)

logger = structlog.get_logger()


class Fenced(Exception):
    """The position was moved by somebody else: nothing of this transaction may stay."""


class Damaged(Exception):
    """A batch holds a record that is not as it was appended: taken singly, that one is set aside."""


class Consumer:
    """Applies some topics to one database under the name ``name``."""

    def __init__(
        self,
        *,
        name: str,
        topics: Iterable[str],
        log: Log,
        database: Database,
        leases: Leases,
        apply: Apply,
        backoff: Sequence[float] = BACKOFF,
    ) -> None:
        self.name = name
        self._topics = list(topics)
        self._log = log
        self._database = database
        self._leases = leases
        self._apply = apply
        self._position = database.tables.tables["position"]
        self._parking = Parking(name, database, apply, backoff)
        self._positions: dict[Partition, int] = {}
        self._shares = Shares(name, leases)
        self._ids: dict[str, str] = {}
        self._lost: dict[Partition, float] = {}
        self.position_lost = 0
        self.last_poll = real_now()

    async def run(self) -> None:
        """Consume until cancelled; survives every failure of log and database."""
        pause = 0.1
        try:
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
                    with contextlib.suppress(Exception):
                        await reader.close()
                pause = 0.1
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await self._shares.release()
            raise

    async def caught_up(self) -> bool:
        """Tell whether every partition's stored position has reached the end that the log has now."""
        ends: dict[Partition, int] = {}
        for topic in self._topics:
            ends |= await self._log.ends(topic)
        stored = await self._stored()
        return all(place in stored and stored[place].next >= end for place, end in ends.items())

    async def retry(self, subject: str) -> int:
        """Apply the parked messages of ``subject`` in order; return how many. Stops at the first that fails again."""
        return await self._parking.advance(subject, by_hand=True)

    async def restart_lost(self) -> int:
        """After a republish: move every lost position to the oldest record that the log has; return how many."""
        stored = await self._stored()
        moved = []
        for topic in self._topics:
            identity = await self._log.topic_id(topic)
            ends = await self._log.ends(topic)
            for place, start in (await self._log.starts(topic)).items():
                row = stored.get(place)
                if row is not None and (row.topic_id != identity or not start <= row.next <= ends[place]):
                    moved.append((self._row(place), {"next": start, "topic_id": identity}))
        if moved:
            async with self._database.begin() as tx:
                await tx.change(self._position, moved)
        self._lost = {}
        return len(moved)

    async def take(self, records: Sequence[Record]) -> None:
        """Apply one polled batch; positions of its partitions move with the effects. Raises ``Fenced``."""
        following = {record.partition: record.offset + 1 for record in records}
        ordered = sorted(records, key=lambda r: (r.subject, r.partition, r.offset))
        try:
            if any(record.damage for record in records):
                raise Damaged
            async with self._database.begin() as tx:
                free = await self._without_waiting(tx, ordered)
                if free:
                    await self._apply(tx, free)
                await self._move(tx, following)
        except Fenced:
            raise
        except Exception as error:
            logger.info("batch_repeated_singly", consumer=self.name, error=type(error).__name__)
            await self._take_singly(ordered, following)
        self._positions |= following
        APPLIED.labels(self.name).inc(len(records))

    async def _take_singly(self, records: Sequence[Record], following: dict[Partition, int]) -> None:
        async with self._database.begin() as tx:
            waiting = await self._parking.waiting(tx, {record.subject for record in records})
            for record in records:
                if record.damage is not None:
                    await self._parking.set_aside(tx, record, record.damage)
                elif record.subject in waiting:
                    await self._parking.queue_behind(tx, [record])
                elif not await self._parking.take(tx, record):
                    waiting.add(record.subject)
            await self._move(tx, following)

    async def _without_waiting(self, tx: Tx, records: Sequence[Record]) -> list[Record]:
        waiting = await self._parking.waiting(tx, {record.subject for record in records})
        await self._parking.queue_behind(tx, [record for record in records if record.subject in waiting])
        return [record for record in records if record.subject not in waiting]

    async def _consume(self, reader: Reader) -> None:
        self._positions, due = {}, 0.0
        while True:
            if time.monotonic() >= due:
                held, ids, ends = await self._look()
                due = time.monotonic() + self._leases.ttl.total_seconds() / (10 if self._shares.short else 3)
                if held != self._positions.keys() or ids != self._ids:
                    self._positions, self._ids = await self._load(held, ids), ids
                    await reader.assign(self._positions)
                    self._parking.next_retry = real_now()
                behind = [max(ends[place] - offset, 0) for place, offset in self._positions.items()]
                LAG.labels(self.name).set(sum(behind))
            records = await reader.poll(limit=BATCH)
            self.last_poll = real_now()
            if records:
                await self.take(records)
            await self._pass_holes(reader)
            await self._parking.retry_due()

    async def _pass_holes(self, reader: Reader) -> None:
        """Store that nothing is left below a position (markers, compaction): else its end is never reached."""
        ahead = {place: to for place, to in reader.passed().items() if to > self._positions.get(place, to)}
        if ahead:
            async with self._database.begin() as tx:
                await self._move(tx, ahead)
            self._positions |= ahead

    async def _look(self) -> tuple[set[Partition], dict[str, str], dict[Partition, int]]:
        """Return our partitions, the identity of each topic and every partition's end."""
        now = time.monotonic()
        self._lost = {place: at for place, at in self._lost.items() if now - at < LOST_AGAIN}
        LOST_NOW.labels(self.name).set(len(self._lost))
        ends: dict[Partition, int] = {}
        for topic in self._topics:
            ends |= await self._log.ends(topic)
        ids = {topic: await self._log.topic_id(topic) for topic in self._topics}
        return await self._shares.hold(place for place in ends if place not in self._lost), ids, ends

    async def _stored(self) -> dict[Partition, Any]:
        table = self._position
        async with self._database.read() as tx:
            rows = await tx.all(select(table).where(table.c.consumer == self.name))
        return {Partition(row.topic, row.partition): row for row in rows}

    async def _load(self, places: set[Partition], ids: Mapping[str, str]) -> dict[Partition, int]:
        stored = await self._stored()
        positions, fresh = {}, []
        for place in sorted(places):
            row = stored.get(place)
            if row is None:
                fresh.append({**self._row(place), "next": 0, "topic_id": ids[place.topic]})
            elif row.topic_id != ids[place.topic]:
                self._drop(place, "the topic is another one than when the position was stored")
                continue
            positions[place] = row.next if row else 0
        if fresh:
            async with self._database.begin() as tx:
                await tx.execute(insert(self._position), fresh)
        return positions

    def _drop(self, place: Partition, reason: str) -> None:
        self._lost[place] = time.monotonic()
        self.position_lost += 1
        LOST.labels(self.name).inc()
        self._positions.pop(place, None)
        logger.error("position_lost", consumer=self.name, topic=place.topic, partition=place.number, reason=reason)

    async def _move(self, tx: Tx, following: dict[Partition, int]) -> None:
        changes = [
            (self._row(place) | {"next": self._positions.get(place, 0)}, {"next": offset})
            for place, offset in following.items()
        ]
        await tx.must_change(self._position, changes, Fenced)

    def _row(self, place: Partition) -> dict[str, object]:
        return {"consumer": self.name, "topic": place.topic, "partition": place.number}
