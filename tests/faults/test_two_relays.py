"""Fault test 7: two relays over one outbox, one is stopped in the middle of a batch and wakes up long after."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from kafka import TopicPartition
from sqlalchemy import select

from kernel.clock import real_now
from kernel.consume import Consumer
from kernel.db import Database
from kernel.lease import Leases
from kernel.log_kafka import KafkaLog
from kernel.outbox import BATCH, Outbox
from motcua.cluster.engines import Kafka
from motcua.topics import TOPICS, create_and_check
from search_service.events import applying
from search_service.store.rows import HEAD
from search_service.store.rows import METADATA as SEARCH
from services_catalog import usecases
from services_catalog.events import TOPIC, encode
from services_catalog.model.procedures import Content
from services_catalog.store import METADATA as CATALOG
from services_catalog.store import OUTBOX
from services_catalog.store import procedures as store
from tests.engines.schemas import address_on
from tests.engines.shared import start
from tests.exchange.country import until
from tests.faults import ledger
from tests.faults.relaying import LEASE_SECONDS
from tests.kernel.log_engines import administration, compact
from tests.ports import free_port
from tests.running import ROOT

CODES = [f"1.{number:06}" for number in range(120)]
HEADS = (HEAD.c.code, HEAD.c.version, HEAD.c.revision, HEAD.c.withdrawn, HEAD.c.successor)

# kafka-python leaves the sockets of refused connections to the collector.
LEFT_OPEN = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(LEFT_OPEN)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    made = Kafka(tmp_path, free_port())
    start(made)
    yield made
    made.kill()


@contextmanager
def relaying(url: str, brokers: str, holder: str, mark: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run a relay in a process of its own; it is killed in the end."""
    words = [sys.executable, "-m", "tests.faults.relaying", url, brokers, holder, mark]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def stopped(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the process is stopped by a signal."""
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


async def publish(database: Database, revisions: Sequence[int]) -> None:
    """Publish revision after revision of every procedure."""
    for revision in revisions:
        for code in CODES:
            title = f"Thủ tục {code}, lần {revision}"
            content = Content(
                code, title, "Bộ Tư pháp", ("Ủy ban nhân dân xã",), "Hộ tịch", ("commune",), ("citizen",), ""
            )
            await usecases.publish_revision(database=database, content=content, at=real_now())


@asynccontextmanager
async def owner_of(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, CATALOG, sink=Outbox(OUTBOX, encode))
    try:
        yield database
    finally:
        await database.close()


async def owned(database: Database) -> list[tuple[object, ...]]:
    """Return the heads of the owner's table."""
    async with database.read() as tx:
        heads = (await store.heads(tx)).values()
    return sorted((each.code, each.version, each.revision, int(each.withdrawn), each.successor) for each in heads)


async def copied(url: str, brokers: str) -> list[tuple[object, ...]]:
    """Return the heads that a consumer has after it has read the topic from where it stood."""
    database = await Database.open(url, SEARCH)
    log = KafkaLog(brokers, TOPICS, single_broker=True)
    consumer = Consumer(
        name="reader",
        topics=[TOPIC],
        log=log,
        database=database,
        leases=Leases(database, "r"),
        apply=applying(lambda: None),
    )
    running = asyncio.create_task(consumer.run())
    try:
        await until(consumer.caught_up, seconds=60, what="the consumer is at the end")
        async with database.read() as tx:
            return sorted(tuple(row) for row in await tx.all(select(*HEADS)))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await log.close()
        await database.close()


def says(mark: Path, word: str) -> Callable[[], bool]:
    return lambda: mark.exists() and mark.read_text() == word


async def test_a_relay_that_slept_in_mid_batch_spoils_nothing(tmp_path: Path, broker: Kafka, divisor: int) -> None:
    brokers, mark = f"127.0.0.1:{broker.port}", tmp_path / "mark"
    create_and_check(brokers, replicas=1, wait=30)
    url = address_on("postgres", tmp_path, CATALOG, "catalog")
    reader, fresh, late = (address_on("postgres", tmp_path, SEARCH, name) for name in ("reader", "fresh", "late"))
    schema = url.rpartition("%3D")[2]
    admin = url.partition("?")[0].replace("+psycopg", "")
    ledger.keep_ledger(admin, [schema])

    async def sent() -> bool:
        return await asyncio.to_thread(ledger.waiting, admin, [schema]) == 0

    sleeps = max(30 / divisor, 2 * LEASE_SECONDS)
    async with owner_of(url) as owner:
        await publish(owner, range(1, 4))
        assert await asyncio.to_thread(ledger.waiting, admin, [schema]) > BATCH, "the first batch is a full one"
        with relaying(url, brokers, "sleeper", str(mark)) as sleeper:
            await until(lambda: stopped(sleeper), seconds=60, what="stopped in mid-batch")
            began = time.monotonic()
            with relaying(url, brokers, "other"):
                await until(sent, seconds=60, what="the other relay has taken over")
                await publish(owner, range(4, 6))
                for code in CODES[::10]:
                    await usecases.withdraw_procedure(database=owner, code=code, successor=CODES[1])
                await until(sent, seconds=60, what="newer revisions are on the log")
                assert await copied(reader, brokers) == await owned(owner)
                await asyncio.sleep(max(0.0, sleeps - (time.monotonic() - began)))
                print(f"\none relay slept {time.monotonic() - began:.1f} s in mid-batch (1/{divisor} of 30 s at least)")
                os.kill(sleeper.pid, signal.SIGCONT)
                await until(says(mark, "whole"), seconds=30, what="the sleeper has sent the rest of its batch")
                await until(
                    lambda: last_heads_are_current(owner, brokers), seconds=30, what="the last heads are current"
                )
                await publish(owner, [6])
                await until(sent, seconds=60, what="both go on")
        rows = await asyncio.to_thread(ledger.committed, admin, [schema])
        records = await ledger.on_the_log(brokers, [TOPIC])
        assert len(records) > len(rows), "the sleeper repeated what the other had sent"
        assert not ledger.faults(rows, records)
        for place in (reader, fresh):
            assert await copied(place, brokers) == await owned(owner)
        await asyncio.to_thread(compacted, brokers)
        assert await copied(late, brokers) == await owned(owner), "also for who comes when only last records are left"


async def last_heads_are_current(owner: Database, brokers: str) -> bool:
    """Tell whether the last record of each head on the topic is the owner's."""
    records = await ledger.on_the_log(brokers, [TOPIC])
    heads = [record for record in records if record.headers["ce_type"] == "procedure_head_moved"]
    last = {record.subject: int(record.headers["subject_version"]) for record in heads}
    return last == {str(row[0]): row[1] for row in await owned(owner)}


def compacted(brokers: str) -> None:
    """Have the broker compact the catalogue now."""
    [partitions] = [topic.partitions for topic in TOPICS if topic.name == TOPIC]
    with administration(brokers) as admin:
        compact(admin, brokers, [TopicPartition(TOPIC, number) for number in range(partitions)])
