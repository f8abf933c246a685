"""A thousand deliveries on three lanes, one of them unplugged; links that come and go lose and double nothing."""

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from exchange import usecases
from tests.exchange.country import Country, country, until
from tests.exchange.office import Office

pytestmark = pytest.mark.usefixtures("database_engine")


def codes(lane: str, count: int) -> list[str]:
    return [f"{lane}-261121-{number:04}" for number in range(1, count + 1)]


def has_delivered(office: Office, count: int) -> bool:
    return len(office.delivered()) >= count


async def undelivered(land: Country, lane: str) -> int:
    rows = await usecases.list_lanes(database=land.exchange.database, only=[lane])
    return rows[0].undelivered if rows else 0


async def test_an_unplugged_lane_keeps_its_items_and_delays_no_other(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        first, second, away = land.office("H26"), land.office("H27"), land.office("H28")
        async with land.adapter("H26", first), land.adapter("H27", second):
            for lane in ("H26", "H27", "H28"):
                await land.nation.file(lane, codes(lane, 334))
            await until(lambda: len(land.nation.reports) == 668, what="both lanes reported", seconds=40)
            assert sorted(s for s, _ in first.delivered()) == codes("H26", 334)
            assert len(second.delivered()) == 334
            assert await undelivered(land, "H28") == 334
            assert Counter(u.report.version for u in land.nation.reports) == {2: 668}
            async with land.adapter("H28", away):
                await until(lambda: len(land.nation.reports) == 1002, what="the third came back", seconds=40)
            assert sorted(s for s, _ in away.delivered()) == codes("H28", 334)
            acked = land.nation.kinds("delivery_acked")
            await until(lambda: len(land.nation.kinds("delivery_acked")) == 1002, what=f"acked {len(acked)}")
        for office in (first, second, away):
            office.close()


async def test_a_reconnecting_participant_gets_each_delivery_once(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        for part in range(5):
            wanted = codes("H26", 40 * (part + 1))
            await land.nation.file("H26", wanted[40 * part :])
            async with land.adapter("H26", office):
                await until(partial(has_delivered, office, 40 * part + 10))
        async with land.adapter("H26", office):
            await until(lambda: len({u.subject for u in land.nation.reports}) == 200)
        assert sorted(s for s, _ in office.delivered()) == codes("H26", 200)
        assert len(land.nation.reports) == 200
        office.close()
