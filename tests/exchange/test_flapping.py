"""Lanes that come and go all the time: afterwards nothing waits while a window is open."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

from exchange import usecases
from tests.exchange.country import Country, country, until
from tests.exchange.test_lanes import codes
from tests.proxy import Proxy

LANES = [f"H{number:02}" for number in range(1, 9)]
EACH = 60


async def flap(proxy: Proxy, chance: random.Random, seconds: float) -> None:
    """Cut, stall and thaw at random; leave everything flowing."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        if chance.random() < 0.5:
            proxy.cut()
        else:
            proxy.stall()
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            proxy.thaw()


async def nothing_waits(land: Country) -> bool:
    rows = await usecases.list_lanes(database=land.exchange.database)
    return len(rows) == len(LANES) and all(row.undelivered == 0 and row.last_report_seq == EACH for row in rows)


async def test_flapping_lanes_lose_double_and_leave_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    async with country(tmp_path) as land, Proxy("127.0.0.1", land.port) as proxy, AsyncExitStack() as stack:
        offices = [land.office(lane) for lane in LANES]
        for office, lane in zip(offices, LANES, strict=True):
            stack.callback(office.close)
            items = chance.choice([2, 7, 64, 256])
            await stack.enter_async_context(land.adapter(lane, office, target=proxy.address, window_items=items))
        flapping = asyncio.create_task(flap(proxy, chance, 4.0))
        for start in range(0, EACH, 20):
            for lane in LANES:
                await land.nation.file(lane, codes(lane, EACH)[start : start + 20])
            await asyncio.sleep(0.5)
        await flapping
        await until(lambda: nothing_waits(land), seconds=40, what="every lane is empty")
        await until(lambda: len(land.nation.reports) >= len(LANES) * EACH)
        seen = [(upward.subject, upward.report.version) for upward in land.nation.reports]
        assert len(seen) == len(set(seen)) == len(LANES) * EACH
        for office, lane in zip(offices, LANES, strict=True):
            assert sorted(subject for subject, _ in office.delivered()) == codes(lane, EACH)
