"""Fault test 10: the log is away and both windows of a link are full; neither side waits for the other for ever."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from exchange import usecases
from exchange.store import METADATA
from kernel.log import Log, SqliteLog
from kernel.log_kafka import KafkaLog
from motcua.cluster.engines import Kafka
from motcua.topics import TOPICS, create_and_check
from proto.exchange.v1 import exchange_pb2
from tests.engines.schemas import address_on
from tests.engines.shared import start
from tests.exchange.country import Country, country, until
from tests.exchange.raw import RawLink, raw
from tests.exchange.test_lanes import codes, undelivered
from tests.exchange.test_link import report
from tests.faults import ledger
from tests.ports import free_port

LANE = "H26"
WINDOW = 64
ITEMS = 4 * WINDOW
BODY = 12 * 1024
# What the connection itself holds for a reader who does not read; a window of deliveries is far more.
NARROW = [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 64 * 1024)]
AWAY_SECONDS = 120
KEEPALIVE = 30.0
NOTHING_READ = 2.0
RECEIPTED_WITHIN = 30.0

ENGINES = ["embedded", pytest.param("postgres+kafka", marks=pytest.mark.slow)]
# kafka-python leaves the sockets of refused connections to the collector.
LEFT_OPEN = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
pytestmark = pytest.mark.filterwarnings(LEFT_OPEN)

Switch = Callable[[], Awaitable[None]]


class Away:
    """A log with a way to take it away and to bring it back; ``patient`` is the same one, to fill it beforehand."""

    def __init__(self, log: Log, patient: Log, take: Switch, bring: Switch) -> None:
        self.log = log
        self.patient = patient
        self.take = take
        self.bring = bring


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Away]:
    """The embedded log; it is away while somebody else holds its file's lock."""
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{folder / 'log.db'}", TOPICS)
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as other:

        async def take() -> None:
            other.execute("BEGIN IMMEDIATE")

        async def bring() -> None:
            other.execute("ROLLBACK")

        yield Away(log, log, take, bring)


@asynccontextmanager
async def on_kafka(folder: Path) -> AsyncIterator[Away]:
    """Kafka; it is away while its only broker is killed."""
    broker = Kafka(folder, free_port())
    await asyncio.to_thread(start, broker)
    try:
        brokers = f"127.0.0.1:{broker.port}"
        await asyncio.to_thread(create_and_check, brokers, replicas=1, wait=30)

        async def take() -> None:
            await asyncio.to_thread(broker.kill)

        async def bring() -> None:
            await asyncio.to_thread(broker.start)

        hasty = KafkaLog(brokers, TOPICS, single_broker=True, delivery_timeout_ms=4_000)
        patient = KafkaLog(brokers, TOPICS, single_broker=True)
        yield Away(hasty, patient, take, bring)
        await patient.close()
    finally:
        await asyncio.to_thread(broker.kill)


class Writes:
    """Watches the exchange's writers: how long the longest of them was inside one write to its participant."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._since: dict[int, float] = {}

    async def watch(self) -> None:
        """Look twenty times a second, until cancelled."""
        while True:
            now = time.monotonic()
            inside = {id(task) for task in asyncio.all_tasks() if _is_writing(task)}
            self._since = {task: self._since.get(task, now) for task in inside}
            self.longest = max([self.longest, *(now - since for since in self._since.values())])
            await asyncio.sleep(0.05)


def _is_writing(task: "asyncio.Task[Any]") -> bool:
    """Tell whether ``task`` is a link's writer that waits for the connection, not for work or rows."""
    names: list[str] = []
    inner: Any = task.get_coro()
    while hasattr(inner, "cr_code"):
        names.append(inner.cr_code.co_qualname)
        inner = inner.cr_await
    return bool(names) and names[0] == "Link._write" and not {"Event.wait", "next_items"} & set(names)


async def fill_the_lane(land: Country, log: Log) -> None:
    """Have ``ITEMS`` large deliveries waiting, sent through ``log``."""
    for code in codes(LANE, ITEMS):
        land.nation.lanes[code] = LANE
        handover = exchange_pb2.Handover(procedure="1.004873", revision=1, answers_json="x" * BODY)
        await log.append([land.nation.delivery(code, handover=handover)])

    async def all_there() -> bool:
        return await undelivered(land, LANE) == ITEMS

    await until(all_there, seconds=60, what="all deliveries are on the lane")


async def acked(land: Country) -> int:
    """Return how far the lane is acked in the exchange's own rows."""
    return (await usecases.list_lanes(database=land.exchange.database, only=[LANE]))[0].acked_seq


class Participant:
    """Acks and reports by hand; ``receipted`` is the greatest receipt."""

    def __init__(self, link: RawLink) -> None:
        self.link = link
        self.seen = self.reported = self.receipted = 0

    async def read(self, count: int) -> None:
        """Read until ``count`` deliveries were seen."""
        while self.seen < count:
            self._take(await self.link.frame())

    async def receipts(self, count: int) -> None:
        """Read until ``count`` reports are receipted."""
        while self.receipted < count:
            self._take(await self.link.frame())

    def _take(self, frame: exchange_pb2.Down) -> None:
        self.seen = max(self.seen, frame.item.seq)
        self.receipted = max(self.receipted, frame.receipt.report_seq)

    async def ack(self) -> None:
        await self.link.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=self.seen)))

    async def report(self, count: int) -> None:
        """Send ``count`` more reports without reading anything."""
        for number in range(self.reported + 1, self.reported + count + 1):
            await self.link.report(number, report(codes(LANE, ITEMS)[number - 1]))
        self.reported += count


async def go_on_without_the_log(land: Country, link: RawLink) -> int:
    """Fill both windows, read nothing for a while, then finish; return how many items an ack moved unread."""
    participant = Participant(link)
    await participant.read(WINDOW // 4)
    await participant.report(WINDOW)
    await participant.ack()

    async def moved() -> bool:
        return await acked(land) == participant.seen

    await until(moved, seconds=20, what="an ack moves acked_seq although nothing is read and the log is away")
    moved_unread = participant.seen
    await asyncio.sleep(NOTHING_READ)
    while participant.seen < ITEMS or participant.reported < ITEMS:
        await participant.receipts(participant.reported)
        await participant.report(min(WINDOW, ITEMS - participant.reported))
        await participant.read(min(participant.seen + WINDOW // 4, ITEMS))
        await participant.ack()
    await participant.receipts(ITEMS)
    await until(moved, seconds=20, what="everything is acked")
    return moved_unread


@pytest.mark.parametrize("engines", ENGINES)
async def test_full_windows_without_a_log_do_not_lock_each_other(tmp_path: Path, divisor: int, engines: str) -> None:
    real = engines != "embedded"
    settings: dict[str, object] = {"exchange_window_items": WINDOW}
    if real:
        settings["database"] = address_on("postgres", tmp_path, METADATA, "exchange")
    away_for = max(AWAY_SECONDS / divisor, 6.0)
    async with (on_kafka if real else embedded)(tmp_path) as away, country(tmp_path, over=away.log, **settings) as land:
        await fill_the_lane(land, away.patient)
        writes = Writes()
        watching = asyncio.create_task(writes.watch())
        async with raw(land, LANE, options=NARROW) as link:
            await link.hello()
            await away.take()
            began = time.monotonic()
            async with asyncio.timeout(60):
                unread = await go_on_without_the_log(land, link)
            receipted = time.monotonic() - began
            assert time.monotonic() - began < KEEPALIVE, "receipted from the exchange's own rows, without the log"
            await asyncio.sleep(max(0.0, away_for - receipted))
            away_took = time.monotonic() - began
            await away.bring()
            back = time.monotonic()

            async def published() -> bool:
                ends = await land.log.ends("province.reports.v1")
                return sum(ends.values()) >= ITEMS

            await until(published, seconds=RECEIPTED_WITHIN, what="every report is on the log")
            published_in = time.monotonic() - back
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        records = await ledger.read_all(land.log, ["province.reports.v1"])
    print(
        f"\nno log for {away_took:.1f} s (at least {AWAY_SECONDS} s / {divisor}): {ITEMS} acked and receipted in "
        f"{receipted:.1f} s, {unread} acked unread; published {published_in:.1f} s after; "
        f"longest write {writes.longest:.1f} s"
    )
    assert {record.subject for record in records} == set(codes(LANE, ITEMS))
    assert len({record.headers["ce_id"] for record in records}) == ITEMS
    assert NOTHING_READ / 2 < writes.longest < min(KEEPALIVE, NOTHING_READ + 5), "the windows were full, and opened"
