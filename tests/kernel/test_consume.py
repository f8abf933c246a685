"""The contract of consumers: every message takes effect once, and nothing is skipped."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from kernel.clock import real_now
from kernel.consume import Consumer, Fenced, counted
from kernel.consume.consumer import BATCH
from kernel.db import Database, Tx
from kernel.errors import Reject
from kernel.lease import Leases
from kernel.log import Log, Partition, Record
from motcua.assembly import end
from tests.kernel.engines import (
    ALL_EVENTS,
    CATALOGUE,
    EVENTS,
    NOTE,
    SHORT,
    TABLES,
    LogEngine,
    Noted,
    OpenDatabase,
    drain,
    message,
    until,
)

FAST = (0.05, 0.05, 0.05, 0.05)


class Service:
    """A receiver that notes each message; what is in ``bad`` fails that many times, ``hopeless`` is rejected."""

    def __init__(self) -> None:
        self.bad: Counter[str] = Counter()
        self.hopeless: set[str] = set()
        self.batches: list[int] = []
        self.before_commit: Callable[[], object] | None = None

    async def apply(self, tx: Tx, records: Sequence[Record]) -> None:
        self.batches.append(len(records))
        rows = []
        for record in records:
            if record.body.decode() in self.hopeless:
                raise Reject("unknown enum value")
            if self.bad[record.subject]:
                self.bad[record.subject] -= len(records) == 1
                raise ConnectionError("registry is away")
            rows.append({"subject": record.subject, "n": int(record.body)})
            tx.emit(Noted(record.subject, int(record.body)))
        await tx.execute(insert(NOTE), rows)


def consumer_of(
    service: Service, database: Database, log: Log, holder: str = "one", topics: Sequence[str] = (EVENTS.name,)
) -> Consumer:
    leases = Leases(database, holder, ttl=timedelta(seconds=2))
    return Consumer(
        name="notes", topics=topics, log=log, database=database, leases=leases, apply=service.apply, backoff=FAST
    )


@contextlib.asynccontextmanager
async def running(*consumers: Consumer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(consumer.run()) for consumer in consumers]
    try:
        yield
    finally:
        await end(tasks)


async def noted(database: Database) -> dict[str, list[int]]:
    async with database.read() as tx:
        rows = await tx.all(select(NOTE).order_by(NOTE.c.subject, NOTE.c.n))
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.subject, []).append(row.n)
    return found


async def rows_of(database: Database, name: str) -> list[tuple[str, str, str]]:
    table = TABLES.tables[name]
    async with database.read() as tx:
        rows = await tx.all(select(table).order_by(table.c.id))
    return [(row.subject, row.body.decode(), row.reason) for row in rows]


@pytest.fixture
def service() -> Service:
    return Service()


class TestTogether:
    async def test_effects_events_and_position_are_committed_together(
        self, service: Service, database: Database, log: Log
    ) -> None:
        await log.append([message(f"S{n % 5}", n) for n in range(1000)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        found = await noted(database)
        assert sorted(n for numbers in found.values() for n in numbers) == list(range(1000))
        assert await counted(database, "outbox") == 1000
        assert max(service.batches) == BATCH

    async def test_a_restart_goes_on_where_the_last_one_stopped(
        self, service: Service, database: Database, log: Log
    ) -> None:
        for start in range(0, 60, 20):
            await log.append([message(f"S{n % 5}", n) for n in range(start, start + 20)])
            consumer = consumer_of(service, database, log)
            async with running(consumer):
                await until(consumer.caught_up)
        assert sum(map(len, (await noted(database)).values())) == 60

    async def test_stopping_at_any_moment_takes_nothing_twice_and_leaves_nothing_out(
        self, service: Service, database: Database, log: Log
    ) -> None:
        for n in range(30):
            await log.append([message(f"S{m % 5}", m) for m in range(n * 20, n * 20 + 20)])
            task = asyncio.create_task(consumer_of(service, database, log).run())
            await asyncio.wait([task], timeout=0.002 * n)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        assert sum(map(len, (await noted(database)).values())) == 600
        assert await counted(database, "parked_message") == 0

    async def test_a_batch_comes_sorted_by_subject_and_in_order_within(self, database: Database, log: Log) -> None:
        seen: list[Record] = []

        class Watching(Service):
            async def apply(self, tx: Tx, records: Sequence[Record]) -> None:
                seen.extend(records)
                assert [r.subject for r in records] == sorted(r.subject for r in records)

        await log.append([message(f"S{n % 3}", n) for n in range(90)])
        consumer = consumer_of(Watching(), database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        for subject in ("S0", "S1", "S2"):
            mine = [int(r.body) for r in seen if r.subject == subject]
            assert mine == sorted(mine)


class TestFence:
    async def test_a_zombie_with_an_old_position_changes_nothing(
        self, service: Service, database: Database, log: Log
    ) -> None:
        await log.append([message("S", n) for n in range(3)])
        reader = log.reader()
        await reader.assign(dict.fromkeys(ALL_EVENTS, 0))
        stale = await drain(reader, 3)
        zombie = consumer_of(Service(), database, log, "zombie")
        async with running(heir := consumer_of(service, database, log, "heir")):
            await until(heir.caught_up)
        with pytest.raises(Fenced):
            await zombie.take(stale)
        assert await noted(database) == {"S": [0, 1, 2]}
        assert await counted(database, "outbox") == 3

    async def test_a_fenced_consumer_reads_its_positions_anew_and_goes_on(
        self, service: Service, database: Database, log: Log
    ) -> None:
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await log.append([message("S", 0)])
            await until(consumer.caught_up)
            await log.append([message("S", 1)])
            with contextlib.suppress(Fenced):
                reader = log.reader()
                [place] = {p for p, end in (await log.ends(EVENTS.name)).items() if end}
                await reader.assign({place: 1})
                rival = consumer_of(service, database, log)
                rival._positions = {place: 1}
                await rival.take(await drain(reader, 1))
            await log.append([message("S", 2)])
            await until(consumer.caught_up)
        assert await noted(database) == {"S": [0, 1, 2]}

    async def test_two_consumers_share_the_work_and_each_message_takes_effect_once(
        self, open_database: OpenDatabase, outbox: object, log: Log
    ) -> None:
        services = Service(), Service()
        consumers = [
            consumer_of(service, await open_database(sink=outbox), log, holder)
            for service, holder in zip(services, ("one", "two"), strict=True)
        ]
        database = await open_database()
        await log.append([message(f"S{n % 9}", n) for n in range(500)])
        async with running(*consumers):
            await until(consumers[0].caught_up)
        assert sum(map(len, (await noted(database)).values())) == 500

    async def test_an_heir_takes_over_when_the_holder_stops(
        self, service: Service, database: Database, log: Log
    ) -> None:
        async with running(first := consumer_of(service, database, log, "one")):
            await log.append([message("S", 1)])
            await until(first.caught_up)
        async with running(second := consumer_of(service, database, log, "two")):
            await log.append([message("S", 2)])
            await until(second.caught_up)
        assert await noted(database) == {"S": [1, 2]}


class TestPoison:
    async def test_a_rejected_message_is_quarantined_once_with_its_reason_and_the_rest_goes_on(
        self, service: Service, database: Database, log: Log
    ) -> None:
        service.hopeless = {"13"}
        await log.append([message(f"S{n % 4}", n) for n in range(40)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        assert await rows_of(database, "quarantine") == [("S1", "13", "unknown enum value")]
        assert sorted(n for numbers in (await noted(database)).values() for n in numbers) == [
            n for n in range(40) if n != 13
        ]
        assert await counted(database, "parked_message") == 0
        assert await counted(database, "outbox") == 39

    async def test_quarantine_keeps_the_whole_message(self, service: Service, database: Database, log: Log) -> None:
        service.hopeless = {"5"}
        await log.append([message("S", 5)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        table = TABLES.tables["quarantine"]
        async with database.read() as tx:
            row = await tx.first(select(table))
        assert row is not None
        assert (row.topic, row.offset, row.key, row.body, row.consumer) == (EVENTS.name, 0, "S", b"5", "notes")
        assert '"subject_version": "5"' in row.headers

    async def test_an_event_that_cannot_be_encoded_parks_its_message_alone(self, database: Database, log: Log) -> None:
        class Careless(Service):
            async def apply(self, tx: Tx, records: Sequence[Record]) -> None:
                await super().apply(tx, records)
                if any(record.subject == "S1" for record in records):
                    tx.emit(object())

        await log.append([message(f"S{n % 3}", n) for n in range(9)])
        consumer = consumer_of(Careless(), database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        assert sorted(await noted(database)) == ["S0", "S2"]
        assert [body for _, body, _ in await rows_of(database, "parked_message")] == ["1", "4", "7"]


class TestTransient:
    async def test_a_failure_that_passes_is_retried_in_order_and_leaves_no_trace(
        self, service: Service, database: Database, log: Log
    ) -> None:
        service.bad["S1"] = 3
        await log.append([message(f"S{n % 3}", n) for n in range(30)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):

            async def settled() -> bool:
                return await consumer.caught_up() and await counted(database, "parked_message") == 0

            await until(settled)
        assert await noted(database) == {f"S{k}": list(range(k, 30, 3)) for k in range(3)}

    async def test_others_do_not_wait_for_a_subject_that_fails(
        self, service: Service, database: Database, log: Log
    ) -> None:
        service.bad["S1"] = 10**9
        consumer = consumer_of(service, database, log)
        consumer_began = asyncio.get_running_loop().time()
        await log.append([message(f"S{n % 3}", n) for n in range(300)])
        async with running(consumer):
            await until(consumer.caught_up)
            took = asyncio.get_running_loop().time() - consumer_began
        assert took < 10
        assert await noted(database) == {f"S{k}": list(range(k, 300, 3)) for k in (0, 2)}

    async def test_after_five_tries_a_subject_is_parked_in_order_until_retry(
        self, service: Service, database: Database, log: Log
    ) -> None:
        service.bad["S1"] = 5
        table = TABLES.tables["parked_message"]
        await log.append([message(f"S{n % 3}", n) for n in range(9)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):

            async def parked() -> bool:
                async with database.read() as tx:
                    row = await tx.first(select(table.c.tries, table.c.retry_at).order_by(table.c.id).limit(1))
                return row is not None and (row.tries, row.retry_at) == (5, None)

            await until(parked)
            assert service.bad["S1"] == 0
            await log.append([message(f"S{n % 3}", n) for n in range(9, 15)])
            await until(consumer.caught_up)
            await asyncio.sleep(0.2)
        kept = await rows_of(database, "parked_message")
        assert [body for _, body, _ in kept] == ["1", "4", "7", "10", "13"]
        assert kept[0][2] == "ConnectionError: registry is away"
        assert (await noted(database)).keys() == {"S0", "S2"}
        assert await consumer.retry("S1") == 5
        assert (await noted(database))["S1"] == [1, 4, 7, 10, 13]
        assert await counted(database, "parked_message") == 0

    async def test_retry_stops_at_the_first_that_fails_again(
        self, service: Service, database: Database, log: Log
    ) -> None:
        service.bad["S"] = 10**9
        await log.append([message("S", n) for n in range(3)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        assert await consumer.retry("S") == 0
        assert [body for _, body, _ in await rows_of(database, "parked_message")] == ["0", "1", "2"]
        assert await consumer.retry("unknown") == 0

    async def test_waiting_messages_survive_a_restart(self, service: Service, database: Database, log: Log) -> None:
        service.bad["S"] = 1
        await log.append([message("S", n) for n in range(3)])
        consumer = consumer_of(service, database, log)
        with contextlib.suppress(Exception):
            reader = log.reader()
            await reader.assign(dict.fromkeys(ALL_EVENTS, 0))
            consumer._positions = await consumer._load(set(ALL_EVENTS), {EVENTS.name: await log.topic_id(EVENTS.name)})
            await consumer.take(await drain(reader, 3))
        assert await counted(database, "parked_message") == 3
        async with running(heir := consumer_of(service, database, log)):

            async def settled() -> bool:
                return await heir.caught_up() and await counted(database, "parked_message") == 0

            await until(settled)
        assert await noted(database) == {"S": [0, 1, 2]}


class TestLostPosition:
    async def test_a_position_that_the_log_no_longer_has_is_alarmed_and_never_skipped(
        self, engine: LogEngine, service: Service, database: Database, log: Log
    ) -> None:
        await log.append([message("S", n, SHORT.name) for n in range(5)])
        await engine.sweep(log, real_now() + timedelta(minutes=5))
        await log.append([message("S", 5, SHORT.name), message("T", 6)])
        consumer = consumer_of(service, database, log, topics=(EVENTS.name, SHORT.name))
        async with running(consumer):

            async def alarmed() -> bool:
                return consumer.position_lost > 0 and "T" in await noted(database)

            await until(alarmed)
            assert not await consumer.caught_up()
        assert await noted(database) == {"T": [6]}

    async def test_after_a_republish_a_lost_position_starts_anew(
        self, engine: LogEngine, service: Service, database: Database, log: Log
    ) -> None:
        await log.append([message("S", n, SHORT.name) for n in range(5)])
        await engine.sweep(log, real_now() + timedelta(minutes=5))
        await log.append([message("S", 9, SHORT.name)])
        consumer = consumer_of(service, database, log, topics=(SHORT.name,))
        async with running(consumer):

            async def alarmed() -> bool:
                return consumer.position_lost > 0

            await until(alarmed)
        assert await consumer.restart_lost() == 1
        async with running(consumer):
            await until(consumer.caught_up)
        assert await noted(database) == {"S": [9]}

    async def test_a_topic_that_was_made_anew_is_alarmed_and_never_read(
        self, engine: LogEngine, service: Service, database: Database
    ) -> None:
        log = await engine.open()
        await log.append([message("S", 1)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):
            await until(consumer.caught_up)
        await engine.recreate()
        log = await engine.open()
        await log.append([message("S", n) for n in (2, 3)])
        consumer = consumer_of(service, database, log)
        async with running(consumer):

            async def alarmed() -> bool:
                return consumer.position_lost >= len(ALL_EVENTS)

            await until(alarmed)
        assert await noted(database) == {"S": [1]}
        assert await consumer.restart_lost() == len(ALL_EVENTS)
        async with running(consumer):
            await until(consumer.caught_up)
        assert await noted(database) == {"S": [1, 2, 3]}


async def test_a_compacted_topic_is_read_whole_by_a_newcomer(
    engine: LogEngine, service: Service, database: Database, log: Log
) -> None:
    await log.append([message(f"k{n % 4}", n, CATALOGUE.name) for n in range(20)])
    await engine.sweep(log, real_now())
    consumer = consumer_of(service, database, log, topics=(CATALOGUE.name,))
    assert not await consumer.caught_up()
    async with running(consumer):
        await until(consumer.caught_up)
    assert await noted(database) == {f"k{k}": [16 + k] for k in range(4)}
    assert Partition(CATALOGUE.name, 0) in await log.ends(CATALOGUE.name)
