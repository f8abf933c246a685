"""The log's engines for the contract suites, opened by an address that a child process understands too."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec

from kernel.log import Log, Message, Partition, PositionLost, Reader, Record, SqliteLog, Topic
from kernel.log_kafka import KafkaLog, create_and_check
from kernel.log_kafka.clients import new_consumer

KAFKA = "kafka://"
COMPACTED_WITHIN = 30.0


async def open_log(address: str, topics: Sequence[Topic]) -> Log:
    """Open ``sqlite+aiosqlite:///file`` or ``kafka://host:port/prefix``; creates the topics."""
    if not address.startswith(KAFKA):
        return await SqliteLog.open(address, topics)
    brokers, prefix = address.removeprefix(KAFKA).split("/")
    named = [replace(topic, name=f"{prefix}.{topic.name}") for topic in topics]
    await asyncio.to_thread(create_and_check, brokers, named, replicas=1)
    return Prefixed(KafkaLog(brokers, named, single_broker=True), f"{prefix}.")


class Prefixed:
    """A log on which this test's topics have names of their own."""

    def __init__(self, log: KafkaLog, prefix: str) -> None:
        self.log = log
        self.prefix = prefix

    def inner(self, positions: Mapping[Partition, int]) -> dict[Partition, int]:
        return {Partition(self.prefix + place.topic, place.number): at for place, at in positions.items()}

    def outer(self, positions: Mapping[Partition, int]) -> dict[Partition, int]:
        return {_short(place, self.prefix): at for place, at in positions.items()}

    async def append(self, messages: Sequence[Message]) -> None:
        await self.log.append([replace(each, topic=self.prefix + each.topic) for each in messages])

    def reader(self) -> Reader:
        return PrefixedReader(self, self.log.reader())

    async def tail(self, topics: Iterable[str]) -> AsyncIterator[Record]:
        async with contextlib.aclosing(self.log.tail([self.prefix + each for each in topics])) as records:  # type: ignore[type-var]
            async for record in records:
                yield replace(record, partition=_short(record.partition, self.prefix))

    async def ready(self) -> dict[str, bool]:
        return await self.log.ready()

    async def topic_id(self, topic: str) -> str:
        return await self.log.topic_id(self.prefix + topic)

    async def ends(self, topic: str) -> dict[Partition, int]:
        return self.outer(await self.log.ends(self.prefix + topic))

    async def starts(self, topic: str) -> dict[Partition, int]:
        return self.outer(await self.log.starts(self.prefix + topic))

    async def close(self) -> None:
        await self.log.close()


class PrefixedReader:
    """A reader of ``Prefixed``."""

    def __init__(self, log: Prefixed, reader: Reader) -> None:
        self._log = log
        self._reader = reader

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        await self._reader.assign(self._log.inner(positions))

    async def poll(self, *, limit: int = 200, timeout: float = 1.0) -> list[Record]:
        try:
            found = await self._reader.poll(limit=limit, timeout=timeout)
        except PositionLost as lost:
            raise PositionLost(_short(lost.partition, self._log.prefix), str(lost)) from lost
        return [replace(each, partition=_short(each.partition, self._log.prefix)) for each in found]

    def passed(self) -> Mapping[Partition, int]:
        return self._log.outer(self._reader.passed())

    async def close(self) -> None:
        await self._reader.close()


def _short(place: Partition, prefix: str) -> Partition:
    return Partition(place.topic.removeprefix(prefix), place.number)


@dataclass
class LogEngine:
    """Opens one log, again and again, as separate processes would."""

    address: str
    topics: Sequence[Topic]
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, topics: Sequence[Topic] = ()) -> Log:
        """Open the log as another process would."""
        log = await open_log(self.address, topics or self.topics)
        self.stack.push_async_callback(log.close)
        return log

    async def sweep(self, log: Log, at: datetime) -> None:
        """Run retention and compaction as of ``at``."""
        if isinstance(log, SqliteLog):
            await log.sweep(at)
        else:
            await asyncio.to_thread(_sweep, self.address, self.topics, at)

    async def recreate(self) -> None:
        """Lose the log and everything in it; ``open`` makes the topics anew."""
        await self.stack.aclose()
        if self.address.startswith(KAFKA):
            await asyncio.to_thread(delete_topics, self.address)
        else:
            await asyncio.to_thread(_delete, self.address.removeprefix("sqlite+aiosqlite:///"))


def _delete(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextlib.contextmanager
def administration(brokers: str) -> Any:
    """An administration client for a test's own use."""
    admin = KafkaAdminClient(bootstrap_servers=brokers, bootstrap_timeout_ms=10_000, request_timeout_ms=20_000)
    try:
        yield admin
    finally:
        admin.close()


def delete_topics(address: str) -> None:
    """Delete every topic of an address, and wait until they are gone."""
    brokers, prefix = address.removeprefix(KAFKA).split("/")
    with administration(brokers) as admin:
        mine = [name for name in admin.list_topics() if name.startswith(f"{prefix}.")]
        if mine:
            admin.delete_topics(mine)
        while any(name.startswith(f"{prefix}.") for name in admin.list_topics()):
            continue


def _sweep(address: str, topics: Sequence[Topic], at: datetime) -> None:
    """Do now what the broker would do as of ``at``: cut by DeleteRecords, compact by closing the last segment."""
    brokers, prefix = address.removeprefix(KAFKA).split("/")
    with administration(brokers) as admin:
        for topic in topics:
            name = f"{prefix}.{topic.name}"
            places = [TopicPartition(name, number) for number in range(topic.partitions)]
            if topic.compact:
                compact(admin, brokers, places)
                continue
            since = int((at - topic.kept).timestamp() * 1000)
            found = admin.list_partition_offsets(dict.fromkeys(places, since))
            ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
            cuts = {p: found[p].offset if found[p].offset >= 0 else ends[p].offset for p in places}
            admin.delete_records(cuts)


def compact(admin: KafkaAdminClient, brokers: str, places: Sequence[TopicPartition]) -> None:
    """Close the last segment by a record that never counts (its transaction is aborted), and wait for the cleaner."""
    eager = {"segment.ms": "1", "min.cleanable.dirty.ratio": "0.0001", "delete.retention.ms": "0"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, places[0].topic, eager)])
    abort_one(brokers, places)
    end = time.monotonic() + COMPACTED_WITHIN
    while time.monotonic() < end:
        consumer = new_consumer(brokers)
        consumer.assign(list(places))
        consumer.seek_to_beginning(*places)
        keys: list[tuple[int, bytes]] = []
        until = consumer.end_offsets(list(places))
        while any(consumer.position(place) < until[place] for place in places):
            for records in consumer.poll(timeout_ms=200).values():
                keys += [(record.partition, record.key) for record in records]
        consumer.close()
        if len(keys) == len(set(keys)):
            return
    raise AssertionError("the broker never compacted")


def abort_one(brokers: str, places: Sequence[TopicPartition], *, commit: bool = False) -> None:
    """Write one record to each partition in a transaction and abort it: markers end each partition."""
    producer = KafkaProducer(bootstrap_servers=brokers, transactional_id=uuid.uuid4().hex, acks="all")
    try:
        producer.init_transactions()
        producer.begin_transaction()
        for place in places:
            producer.send(place.topic, b"aborted", key=b"aborted", partition=place.partition).get(20)
        if commit:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    finally:
        producer.close(timeout=10)
