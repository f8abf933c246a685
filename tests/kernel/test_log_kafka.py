"""What only Kafka can do to us. Tests that harm a broker have one of their own."""

import asyncio
import contextlib
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError
from sqlalchemy import select
from typer.testing import CliRunner

from kernel.consume import Consumer, counted
from kernel.db import Database
from kernel.lease import Leases
from kernel.log import BodyTooLarge, Log, Message, Partition, PositionLost, Record, Topic, partition_of
from kernel.log_kafka import KafkaLog, TopicMissing, create_and_check
from kernel.outbox import Outbox, Relay
from motcua.assembly import end
from motcua.cli import app
from motcua.cluster.engines import Kafka
from tests.engines.shared import start
from tests.kernel.engines import (
    ALL_EVENTS,
    CATALOGUE,
    EVENTS,
    TABLES,
    TOPICS,
    LogEngine,
    Noted,
    OpenDatabase,
    drain,
    message,
    until,
)
from tests.kernel.log_engines import KAFKA, abort_one, administration, delete_topics, open_log
from tests.kernel.test_consume import Service, consumer_of, noted, running
from tests.ports import free_port

KEYS = {partition_of(f"k{n}", EVENTS.partitions): f"k{n}" for n in range(50)}


@pytest.fixture
async def engine(kafka_brokers: str) -> AsyncIterator[LogEngine]:
    found = LogEngine(f"{KAFKA}{kafka_brokers}/t{uuid.uuid4().hex[:8]}", TOPICS)
    yield found
    await found.stack.aclose()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    own = Kafka(tmp_path, free_port(), heap="256m")
    start(own)
    yield own
    own.kill()


@pytest.fixture
async def own_log(broker: Kafka) -> AsyncIterator[KafkaLog]:
    async with log_on(broker, delivery_timeout_ms=20_000) as log:
        yield log


@pytest.fixture
async def hasty_log(broker: Kafka) -> AsyncIterator[KafkaLog]:
    """A log that soon gives up; for outages alone, as a busy machine may keep a broker from answering for seconds."""
    async with log_on(broker, delivery_timeout_ms=6_000) as log:
        yield log


@contextlib.asynccontextmanager
async def log_on(broker: Kafka, *, delivery_timeout_ms: int) -> AsyncIterator[KafkaLog]:
    brokers = f"127.0.0.1:{broker.port}"
    await asyncio.to_thread(create_and_check, brokers, TOPICS, replicas=1)
    log = KafkaLog(brokers, TOPICS, single_broker=True, delivery_timeout_ms=delivery_timeout_ms)
    yield log
    await log.close()


def flip_a_byte(broker: Kafka, place: Partition, body: bytes) -> None:
    """Change one byte of a stored body, as a bad disk would."""
    [segment] = (broker.folder / "kafka" / f"{place.topic}-{place.number}").glob("*.log")
    stored = bytearray(segment.read_bytes())
    at = bytes(stored).index(body)
    stored[at] ^= 1
    segment.write_bytes(stored)


def physical(log: Log, place: Partition) -> TopicPartition:
    return TopicPartition(log.prefix + place.topic, place.number)  # type: ignore[attr-defined]


def brokers_of(engine: LogEngine) -> str:
    return engine.address.removeprefix(KAFKA).split("/")[0]


class TestDamage:
    async def test_a_flipped_byte_is_quarantined_once_and_everything_else_goes_on(
        self, broker: Kafka, own_log: KafkaLog, database: Database
    ) -> None:
        for n in range(5):
            await own_log.append([message(KEYS[place], n, body=b"%d" % (1000 + n)) for place in KEYS])
        bad = ALL_EVENTS[1]
        await asyncio.to_thread(flip_a_byte, broker, bad, b"1002")
        service = Service()
        async with running(consumer := consumer_of(service, database, own_log)):
            await until(consumer.caught_up, 30)
            await own_log.append([message(KEYS[1], 9, body=b"1009")])
            await until(consumer.caught_up, 30)
        found = await noted(database)
        assert found[KEYS[0]] == found[KEYS[2]] == [1000, 1001, 1002, 1003, 1004]
        assert found[KEYS[1]] == [1000, 1001, 1003, 1004, 1009]
        table = TABLES.tables["quarantine"]
        async with database.read() as tx:
            [row] = await tx.all(select(table))
        assert (row.topic, row.partition, row.offset, row.key) == (bad.topic, bad.number, 2, KEYS[1])
        assert row.reason == "the stored checksum does not fit" and len(row.body) == 4

    async def test_a_damaged_batch_is_passed_record_by_record(self, broker: Kafka, own_log: KafkaLog) -> None:
        await own_log.append([message(KEYS[0], n, body=b"%d" % (1000 + n)) for n in range(6)])
        await own_log.append([message(KEYS[0], 7, body=b"1007")])
        await asyncio.to_thread(flip_a_byte, broker, ALL_EVENTS[0], b"1003")
        reader = own_log.reader()
        await reader.assign({ALL_EVENTS[0]: 0})
        found: list[Record] = []
        async with asyncio.timeout(20):
            while not found or found[-1].body != b"1007":
                found += await reader.poll()
        assert [record.offset for record in found] == list(range(7))
        assert [record.offset for record in found if record.damage is None][-1] == 6
        await reader.close()


class TestOutage:
    async def test_a_broker_killed_under_load_loses_nothing_acknowledged_and_keeps_the_order(
        self, broker: Kafka, own_log: KafkaLog, database: Database, outbox: Outbox
    ) -> None:
        relay = Relay(source="t", database=database, outbox=outbox, log=own_log, leases=Leases(database, "one"))
        reader = own_log.reader()
        await reader.assign(dict.fromkeys(ALL_EVENTS, 0))
        seen: list[Record] = []

        async def read() -> None:
            while True:
                seen.extend(await reader.poll())

        async def sent() -> bool:
            return await relay.waiting() == 0

        tasks = [asyncio.create_task(relay.run()), asyncio.create_task(read())]
        for n in range(1200):
            async with database.begin() as tx:
                tx.emit(Noted(f"S{n % 7}", n))
            if n == 600:
                broker.kill()
                await asyncio.to_thread(broker.start)
        await until(sent, 60)

        async def read_all() -> bool:
            return len({record.headers["ce_id"] for record in seen}) == 1200

        await until(read_all, 30)
        await end(tasks)
        await reader.close()
        for subject in {record.subject for record in seen}:
            first = dict.fromkeys(int(record.body) for record in seen if record.subject == subject)
            assert list(first) == sorted(first)

    async def test_an_outage_longer_than_the_delivery_timeout_fails_and_then_passes(
        self, broker: Kafka, hasty_log: KafkaLog
    ) -> None:
        await hasty_log.append([message("k", 0)])
        tail = hasty_log.tail([EVENTS.name])
        following: asyncio.Task[Record] = asyncio.create_task(anext(tail))  # type: ignore[arg-type]
        broker.kill()
        began = asyncio.get_running_loop().time()
        with pytest.raises(KafkaTimeoutError):
            await hasty_log.append([message("k", 1)])
        assert asyncio.get_running_loop().time() - began < 12
        with pytest.raises(ConnectionRefusedError):
            await hasty_log.ends(EVENTS.name)
        await asyncio.to_thread(broker.start)

        async def again() -> bool:
            with contextlib.suppress(Exception):
                await hasty_log.append([message("k", 2)])
                return True
            return False

        async def followed() -> bool:  # it follows from the end that it finds when it gets through
            return await again() and following.done()

        await until(again, 30)
        await until(followed, 60)
        assert following.result().body in (b"1", b"2")
        await tail.aclose()  # type: ignore[attr-defined]
        assert (await hasty_log.ready())["log"]

    async def test_without_a_broker_nothing_is_constructed_but_everything_raises(self) -> None:
        log = KafkaLog(f"127.0.0.1:{free_port()}", TOPICS)
        with pytest.raises(ConnectionRefusedError):
            await log.topic_id(EVENTS.name)
        assert not any((await log.ready()).values())
        await log.close()


class TestPositions:
    async def test_a_position_that_was_cut_off_is_lost_alone(self, engine: LogEngine, database: Database) -> None:
        log = await engine.open()
        await log.append([message(KEYS[place], n) for n in range(4) for place in KEYS])
        with administration(brokers_of(engine)) as admin:
            await asyncio.to_thread(admin.delete_records, {physical(log, ALL_EVENTS[1]): 3})
        reader = log.reader()
        await reader.assign(dict.fromkeys(ALL_EVENTS, 0))
        found: list[Record] = []
        with pytest.raises(PositionLost) as lost:
            async with asyncio.timeout(20):
                while True:
                    found += await reader.poll()
        assert lost.value.partition == ALL_EVENTS[1]
        found += await drain(reader, 8 - len(found))
        assert {record.partition for record in found} == {ALL_EVENTS[0], ALL_EVENTS[2]} and len(found) == 8
        await reader.close()

    async def test_markers_at_the_end_do_not_keep_a_consumer_from_catching_up(
        self, engine: LogEngine, database: Database
    ) -> None:
        log = await engine.open()
        await log.append([message(KEYS[0], 1)])
        places = [physical(log, place) for place in ALL_EVENTS]
        await asyncio.to_thread(abort_one, brokers_of(engine), places)

        async def marked() -> bool:  # the broker writes the markers after it has confirmed the end of the transaction
            return (await log.ends(EVENTS.name))[ALL_EVENTS[0]] == 3

        await until(marked)
        async with running(consumer := consumer_of(Service(), database, log)):
            await until(consumer.caught_up)
        assert await noted(database) == {KEYS[0]: [1]}
        async with running(consumer := consumer_of(Service(), database, log)):
            await until(consumer.caught_up)

    async def test_a_topic_made_anew_under_a_running_consumer_stops_it(
        self, engine: LogEngine, database: Database
    ) -> None:
        log = await engine.open()
        await log.append([message("S", n) for n in range(3)])
        async with running(consumer := consumer_of(Service(), database, log)):
            await until(consumer.caught_up)
            await asyncio.to_thread(delete_topics, engine.address)
            again = await open_log(engine.address, TOPICS)
            await again.append([message("S", n) for n in range(10, 20)])

            async def alarmed() -> bool:
                return consumer.position_lost >= 1

            await until(alarmed)
            await again.close()

    async def test_a_topic_that_is_missing_is_named(self, engine: LogEngine) -> None:
        log = await engine.open()
        with pytest.raises(TopicMissing):
            await log.ends("no-such.v1")


class TestSharing:
    async def test_a_newcomer_gets_its_share_and_gives_it_back(
        self, engine: LogEngine, open_database: OpenDatabase
    ) -> None:
        log = await engine.open()
        one, two = [
            consumer_of(Service(), await open_database(), log, holder, topics=(EVENTS.name, CATALOGUE.name))
            for holder in ("one", "two")
        ]

        def held(consumer: Consumer) -> int:
            return len(consumer._positions)

        async with running(one):

            async def alone() -> bool:
                return held(one) == 5

            await until(alone)
            async with running(two):

                async def shared() -> bool:
                    return (held(one), held(two)) == (3, 2)

                await until(shared, 30)
            await until(alone, 30)

    async def test_the_share_of_a_killed_process_is_taken_over_and_every_effect_comes_once(
        self, engine: LogEngine, database: Database, database_url: str
    ) -> None:
        log = await engine.open()
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.kernel.children", "consume", database_url, engine.address),
            env=os.environ,
        )
        async with running(consumer := consumer_of(Service(), database, log)):
            for n in range(60):
                await log.append([message(f"S{m % 9}", m) for m in range(n * 20, n * 20 + 20)])
                if n == 40:

                    async def shared() -> bool:
                        return 0 < len(consumer._positions) < EVENTS.partitions

                    await until(shared)
                if n == 50:
                    os.kill(child.pid, signal.SIGKILL)
            await child.wait()
            await until(consumer.caught_up, 30)
        found = await noted(database)
        assert sorted(n for numbers in found.values() for n in numbers) == list(range(1200))
        assert await counted(database, "parked_message") == await counted(database, "quarantine") == 0


class TestWatchdog:
    async def test_a_thread_that_no_longer_turns_ends_the_process_with_a_reason(self) -> None:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.kernel.children", "stand_still"), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(child.communicate(), 30)
        assert child.returncode == 70
        assert b"log_thread_stands" in said


class TestTopics:
    async def test_topics_are_created_compared_and_repaired_again_and_again(self, kafka_brokers: str) -> None:
        name = f"t{uuid.uuid4().hex[:8]}"
        topics = [Topic(f"{name}.a", partitions=3), Topic(f"{name}.b", partitions=2, compact=True)]

        def check(topics: Sequence[Topic], **options: bool) -> list[str]:
            found = create_and_check(kafka_brokers, topics, replicas=1, **options)
            return [f"{each.topic.removeprefix(name)} {each.what} {each.found} {each.wanted}" for each in found]

        assert check(topics, check_only=True) == [".a the topic missing there", ".b the topic missing there"]
        assert check(topics) == check(topics) == check(topics, check_only=True) == []
        other = [replace(topics[0], partitions=6), replace(topics[1], compact=False)]
        differences = [
            ".a partitions 3 6",
            ".b cleanup.policy compact delete",
            ".b retention.ms -1 2592000000",
        ]
        assert check(other) == check(other, check_only=True, repair=True) == differences
        assert check(other, repair=True) == differences
        assert check(other) == differences[:1]

    async def test_one_replica_is_not_ready_unless_a_single_broker_is_meant(self, engine: LogEngine) -> None:
        await (await engine.open()).close()
        brokers, prefix = engine.address.removeprefix(KAFKA).split("/")
        topics = [replace(each, name=f"{prefix}.{each.name}") for each in TOPICS]
        for single, durable in ((False, False), (True, True)):
            log = KafkaLog(brokers, topics, single_broker=single)
            assert await log.ready() == {"log": True, "log_durable": durable}
            await log.close()

    async def test_a_body_too_large_is_refused_before_any_broker_is_asked(self) -> None:
        log = KafkaLog("127.0.0.1:1", TOPICS)
        with pytest.raises(BodyTooLarge):
            await log.append([Message(EVENTS.name, "k", {}, b"x" * (1024 * 1024 + 1))])
        await log.close()

    def test_the_command_waits_creates_and_says_what_differs(self, tmp_path: Path) -> None:
        broker = Kafka(tmp_path, free_port(), heap="256m")
        try:
            start(broker)
            where = ["topics", "--brokers", f"127.0.0.1:{broker.port}", "--replicas", "1"]
            results = [CliRunner().invoke(app, [*where, *more]) for more in (["--check"], [], ["--check"])]
            assert [each.exit_code for each in results] == [1, 0, 0]
            assert "dossier.events.v1: the topic is missing, should be there" in results[0].output
        finally:
            broker.kill()
