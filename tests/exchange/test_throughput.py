"""How fast the road is with every disk in it, printed; and what 63 adapters in one process cost."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from exchange import usecases
from kernel.log import Log
from proto.exchange.v1 import exchange_pb2
from tests.exchange.country import Country, country, until
from tests.exchange.raw import raw
from tests.exchange.test_lanes import codes

pytestmark = pytest.mark.usefixtures("database_engine")

pytestmark = pytest.mark.slow


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def reports_in(log: Log) -> int:
    return sum((await log.ends("province.reports.v1")).values())


async def acked(land: Country) -> int:
    return sum(lane.acked_seq for lane in await usecases.list_lanes(database=land.exchange.database))


async def test_round_trips_with_every_disk_in_them(tmp_path: Path) -> None:
    lanes, each = [f"H{number:02}" for number in range(1, 9)], 125
    async with country(tmp_path) as land, AsyncExitStack() as stack:
        for lane in lanes:
            await land.nation.file(lane, codes(lane, each))

        async def drained() -> bool:
            rows = await usecases.list_lanes(database=land.exchange.database)
            return sum(row.undelivered for row in rows) == len(lanes) * each

        await until(drained)
        start = time.perf_counter()
        for lane in lanes:
            office = land.office(lane)
            stack.callback(office.close)
            await stack.enter_async_context(land.adapter(lane, office))

        async def everything_acked() -> bool:
            return await acked(land) == len(lanes) * each

        async def everything_reported() -> bool:
            return await reports_in(land.log) == len(lanes) * each

        await until(everything_acked, seconds=60)
        downwards = time.perf_counter() - start
        await until(everything_reported, seconds=60)
        both = time.perf_counter() - start
        count = len(lanes) * each
        print(f"\ndeliver+ack {count / downwards:.0f}/s; deliver+ack+office+report+receipt+log {count / both:.0f}/s")
        assert count / both > 50


async def echo(land: Country, lane: str, count: int) -> None:
    """Ack and report whatever comes, without a disk, until everything is receipted."""
    async with raw(land, lane) as link:
        await link.hello(kinds=["handover"])
        receipt = number = 0
        while receipt < count:
            frame = await link.frame()
            receipt = max(receipt, frame.receipt.report_seq)
            if frame.HasField("item"):
                number += 1
                delivery = exchange_pb2.Delivery.FromString(frame.item.body)
                body = exchange_pb2.Report(epoch=1, version=2, state=exchange_pb2.ACCEPTED)
                upward = exchange_pb2.Upward(subject=delivery.subject, subject_kind="dossier", report=body)
                await link.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=frame.item.seq)))
                await link.report(number, upward)


async def test_the_exchange_alone(tmp_path: Path) -> None:
    lanes, each = [f"H{number:02}" for number in range(1, 17)], 125
    async with country(tmp_path) as land:
        for lane in lanes:
            await land.nation.file(lane, codes(lane, each))

        async def drained() -> bool:
            rows = await usecases.list_lanes(database=land.exchange.database)
            return sum(row.undelivered for row in rows) == len(lanes) * each

        await until(drained, seconds=60)
        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(echo(land, lane, each) for lane in lanes))
        count = len(lanes) * each
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
        print(f"\nexchange alone: {count / seconds:.0f} round trips/s, {used / count * 1000:.2f} ms of CPU each")
        assert count / seconds > 100


async def test_sixty_three_adapters_fit_into_one_process(tmp_path: Path) -> None:
    lanes = [f"H{number:02}" for number in range(1, 64)]
    async with country(tmp_path) as land, AsyncExitStack() as stack:
        memory, files = resident_mib(), open_files()
        start = time.perf_counter()
        adapters = []
        for lane in lanes:
            office = land.office(lane)
            stack.callback(office.close)
            adapters.append(await stack.enter_async_context(land.adapter(lane, office)))
        await until(lambda: all(adapter.connected for adapter in adapters), seconds=60)
        seconds = time.perf_counter() - start
        for lane in lanes:
            await land.nation.file(lane, codes(lane, 3))

        async def everything_reported() -> bool:
            return await reports_in(land.log) == len(lanes) * 3

        await until(everything_reported, seconds=60)
        grown, opened = resident_mib() - memory, open_files() - files
        cpu = time.process_time()
        idle = time.perf_counter()
        await until(lambda: time.perf_counter() - idle > 2)
        share = (time.process_time() - cpu) / (time.perf_counter() - idle)
        print(f"\n63 adapters: connected in {seconds:.1f} s, +{grown:.0f} MiB, +{opened} files, idle CPU {share:.1%}")
        assert grown < 250
        assert opened < 63 * 12
