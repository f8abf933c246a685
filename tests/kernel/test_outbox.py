"""The contract of outbox and relay: nothing committed is missing on the log, order per subject holds."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import timedelta

import pytest

from kernel.db import Database
from kernel.errors import TooLarge
from kernel.lease import Leases
from kernel.log import MAX_BODY, Log, Message, Partition, Reader, Record
from kernel.outbox import BATCH, LEASE, Outbox, Overtaken, Relay
from motcua.assembly import end
from tests.kernel.engines import EVENTS, LogEngine, Noted, OpenDatabase, drain, run_child, until


async def commit(database: Database, events: Iterable[Noted]) -> None:
    async with database.begin() as tx:
        for event in events:
            tx.emit(event)


async def on_log(log: Log) -> list[Record]:
    reader = log.reader()
    ends = await log.ends(EVENTS.name)
    await reader.assign(dict.fromkeys(ends, 0))
    return await drain(reader, sum(ends.values()))


def relay_of(
    database: Database,
    outbox: Outbox,
    log: Log,
    holder: str = "one",
    overtaken: Overtaken | None = None,
    **lease: timedelta,
) -> Relay:
    leases = Leases(database, holder, **lease)
    return Relay(source="test", database=database, outbox=outbox, log=log, leases=leases, overtaken=overtaken)


class Gate:
    """A log that lets appends wait in the middle, or fail: before or after they are durable."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.open = asyncio.Event()
        self.reached = asyncio.Event()
        self.failures_before = 0
        self.failures_after = 0
        self.open.set()

    async def append(self, messages: Sequence[Message]) -> None:
        self.reached.set()
        await self.open.wait()
        if self.failures_before:
            self.failures_before -= 1
            raise ConnectionError
        await self._log.append(messages)
        if self.failures_after:
            self.failures_after -= 1
            raise ConnectionError

    def reader(self) -> Reader:
        return self._log.reader()

    def tail(self, topics: Iterable[str]) -> AsyncIterator[Record]:
        return self._log.tail(topics)

    async def topic_id(self, topic: str) -> str:
        return await self._log.topic_id(topic)

    async def ends(self, topic: str) -> dict[Partition, int]:
        return await self._log.ends(topic)

    async def starts(self, topic: str) -> dict[Partition, int]:
        return await self._log.starts(topic)

    async def ready(self) -> dict[str, bool]:
        return await self._log.ready()

    async def close(self) -> None:
        await self._log.close()


@contextlib.asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        await end(tasks)


async def test_what_is_committed_is_published_with_its_headers(database: Database, outbox: Outbox, log: Log) -> None:
    await commit(database, [Noted("S", 7)])
    assert await relay_of(database, outbox, log).publish_once() == 1
    [found] = await on_log(log)
    assert {k: found.headers[k] for k in ("ce_type", "ce_source", "subject", "subject_version")} == {
        "ce_type": "noted",
        "ce_source": "test",
        "subject": "S",
        "subject_version": "7",
    }
    assert found.headers["ce_time"].endswith("Z") and len(found.headers["ce_id"]) == 32


async def test_a_commit_wakes_the_relay(database: Database, outbox: Outbox, log: Log) -> None:
    relay = relay_of(database, outbox, log)
    async with running(relay):
        for n in range(5):
            began = asyncio.get_running_loop().time()
            await commit(database, [Noted("S", n)])

            async def sent() -> bool:
                return await relay.waiting() == 0

            await until(sent, 5)
            assert asyncio.get_running_loop().time() - began < 2
    assert [int(r.body) for r in await on_log(log)] == list(range(5))


async def test_order_per_subject_holds_over_many_batches(database: Database, outbox: Outbox, log: Log) -> None:
    for start in range(0, 3 * BATCH, 300):
        await commit(database, [Noted(f"S{n % 11}", n) for n in range(start, start + 300)])
    relay = relay_of(database, outbox, log)
    while await relay.publish_once():
        pass
    seen = defaultdict(list)
    for record in await on_log(log):
        seen[record.subject].append(int(record.body))
    assert sum(map(len, seen.values())) == 3 * BATCH
    assert all(numbers == sorted(numbers) for numbers in seen.values())


async def test_large_bodies_are_published_in_bounded_batches(database: Database, outbox: Outbox, log: Log) -> None:
    await commit(database, [Noted("S", n, size=MAX_BODY) for n in range(10)])
    relay = relay_of(database, outbox, log)
    sent = [await relay.publish_once() for _ in range(3)]
    assert sum(sent) == 10 and max(sent) <= 8


async def test_a_body_that_the_log_would_refuse_is_refused_in_its_transaction(database: Database) -> None:
    with pytest.raises(TooLarge):
        await commit(database, [Noted("S", 1, size=MAX_BODY + 1)])


async def test_a_log_that_fails_loses_nothing_and_keeps_the_order(database: Database, outbox: Outbox, log: Log) -> None:
    gate = Gate(log)
    gate.failures_before, gate.failures_after = 2, 2
    relay = relay_of(database, outbox, gate)
    await commit(database, [Noted("S", n) for n in range(20)])
    async with running(relay):

        async def sent() -> bool:
            return await relay.waiting() == 0

        await until(sent)
    ids = [r.headers["ce_id"] for r in await on_log(log)]
    first = {ce_id: at for at, ce_id in reversed(list(enumerate(ids)))}
    assert len(first) == 20 and len(ids) == 60
    assert [int(r.body) for r in await on_log(log)][:20] == list(range(20))


async def test_of_two_relays_one_that_lost_its_lease_leaves_nothing_out(
    open_database: OpenDatabase, outbox: Outbox, log: Log
) -> None:
    first = await open_database(sink=outbox)
    second = await open_database(sink=outbox)
    gate = Gate(log)
    gate.open.clear()
    ttl = timedelta(seconds=0.5)
    repeated: set[str] = set()

    async def say_again(subjects: Collection[str]) -> None:
        repeated.update(subjects)

    zombie = relay_of(first, outbox, gate, "zombie", say_again, ttl=ttl)
    heir = relay_of(second, outbox, log, "heir", ttl=ttl)
    await commit(first, [Noted(f"S{n % 3}", n) for n in range(30)])
    async with running(zombie):
        await gate.reached.wait()
        async with running(heir):

            async def sent() -> bool:
                return await heir.waiting() == 0

            await until(sent)
            await commit(second, [Noted(f"S{n % 3}", n) for n in range(30, 60)])
            await until(sent)
            gate.open.set()
            await commit(second, [Noted(f"S{n % 3}", n) for n in range(60, 90)])
            await until(sent)

            async def told() -> bool:
                return repeated == {"S0", "S1", "S2"}

            await until(told)
    records = await on_log(log)
    assert {int(r.body) for r in records} == set(range(90))
    firsts = list(dict.fromkeys(r.headers["ce_id"] for r in records))
    numbers = {r.headers["ce_id"]: (r.subject, int(r.body)) for r in records}
    for subject in ("S0", "S1", "S2"):
        mine = [numbers[ce_id][1] for ce_id in firsts if numbers[ce_id][0] == subject]
        assert mine == sorted(mine)


async def test_a_relay_without_the_lease_publishes_nothing(database: Database, outbox: Outbox, log: Log) -> None:
    await Leases(database, "other").acquire([LEASE])
    await commit(database, [Noted("S", 1)])
    relay = relay_of(database, outbox, log)
    async with running(relay):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await asyncio.Event().wait()
    assert await relay.waiting() == 1
    assert await on_log(log) == []


async def test_unsent_rows_survive_a_kill(
    database: Database, database_url: str, outbox: Outbox, engine: LogEngine
) -> None:
    log = await engine.open()
    code = await run_child("publish", database_url, engine.address, "40", failpoint="outbox_published")
    assert code == -9
    relay = relay_of(database, outbox, log, "child")
    assert await relay.waiting() == 40
    while await relay.publish_once():
        pass
    records = await on_log(log)
    assert {int(r.body) for r in records} == set(range(40))
    assert len({r.headers["ce_id"] for r in records}) == 40
