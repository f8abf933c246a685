"""Ten minutes without Kafka: 66,000 events wait in PostgreSQL and go out whole and in order when it is back."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from kernel.db import Database
from kernel.lease import Leases
from kernel.log import Record
from kernel.log_kafka import KafkaLog
from kernel.log_kafka.topics import create_and_check
from kernel.outbox import Outbox, Relay
from motcua.cluster.engines import Kafka
from tests.engines.schemas import address_on
from tests.engines.shared import start
from tests.kernel.engines import EVENTS, TABLES, Noted, encode
from tests.ports import free_port

# kafka-python leaves the sockets of refused connections to the collector.
LEFT_OPEN = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(LEFT_OPEN)]

ROWS = 66_000  # 110 a second for 600 seconds (exact.md 15)
SUBJECTS = 3_000
A_TRANSACTION = 500


async def fill(database: Database) -> None:
    """Commit ``ROWS`` events: version after version of every subject."""
    for begin in range(0, ROWS, A_TRANSACTION):
        async with database.begin() as tx:
            for number in range(begin, begin + A_TRANSACTION):
                tx.emit(Noted(f"subject-{number % SUBJECTS}", number // SUBJECTS + 1))


async def read_all(log: KafkaLog) -> list[Record]:
    """Read the topic from its beginning to the end that it has now."""
    reader = log.reader()
    ends = await log.ends(EVENTS.name)
    await reader.assign(dict.fromkeys(ends, 0))
    records: list[Record] = []
    while len(records) < sum(ends.values()):
        records += await reader.poll(limit=2000)
    await reader.close()
    return records


async def test_a_full_outbox_drains_in_order(tmp_path: Path) -> None:
    broker = Kafka(tmp_path, free_port())
    start(broker)
    brokers = f"127.0.0.1:{broker.port}"
    try:
        create_and_check(brokers, [EVENTS], replicas=1)
        await asyncio.to_thread(broker.kill)
        outbox = Outbox(TABLES.tables["outbox"], encode)
        database = await Database.open(address_on("postgres", tmp_path, TABLES), TABLES, sink=outbox)
        log = KafkaLog(brokers, [EVENTS], single_broker=True, delivery_timeout_ms=3_000)
        leases = Leases(database, "relay-1")
        relay = Relay(source="notes", database=database, outbox=outbox, log=log, leases=leases)
        running = asyncio.create_task(relay.run())
        try:
            await fill(database)
            assert await relay.waiting() == ROWS, "nothing can have gone out"
            await asyncio.to_thread(broker.start)
            began = time.monotonic()
            while await relay.waiting():
                assert time.monotonic() - began < 300, f"{await relay.waiting()} events still wait"
                await asyncio.sleep(0.2)
            print(f"\n{ROWS} events went out in {time.monotonic() - began:.1f} s after the broker was back")
            records = await read_all(log)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await log.close()
            await database.close()
    finally:
        broker.kill()
    versions: dict[str, list[int]] = {}
    for record in records:
        versions.setdefault(record.subject, []).append(int(record.headers["subject_version"]))
    assert len(versions) == SUBJECTS
    for subject, found in versions.items():
        once = list(dict.fromkeys(found))
        assert once == list(range(1, ROWS // SUBJECTS + 1)), f"{subject}: {once}"
