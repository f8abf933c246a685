"""kill -9 of the participant's process at every boundary and at random: nothing is lost, nothing doubled."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from kernel.errors import Conflict
from province_adapter.journal import Journal
from tests.exchange.country import Country, country, until
from tests.exchange.test_lanes import codes

pytestmark = pytest.mark.slow  # the same boundaries are killed in the whole portal by tests/faults

ROOT = Path(__file__).resolve().parents[2]


async def start(land: Country, **env: str) -> asyncio.subprocess.Process:
    command = ["-m", "tests.province_adapter.process", str(land.folder), "H26", land.target]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def versions_reported(land: Country) -> Counter[tuple[str, int]]:
    return Counter((upward.subject, upward.report.version) for upward in land.nation.reports)


def acked(land: Country, count: int) -> bool:
    return len(land.nation.kinds("delivery_acked")) >= count


async def check(land: Country, count: int) -> None:
    """Every dossier was reported once, and the books agree with the nation."""
    await until(lambda: len(versions_reported(land)) == count, seconds=30, what="every dossier reported")
    assert set(versions_reported(land).values()) == {1}
    office = land.office("H26", working=False)
    assert sorted(subject for subject, _ in office.delivered()) == codes("H26", count)
    assert {version for _, _, version, _ in await office.states()} == {2}
    office.close()


@pytest.mark.parametrize("name", ["delivery_journaled", "delivery_applied", "report_journaled"])
async def test_a_kill_at_a_boundary_of_the_journal_changes_nothing(tmp_path: Path, name: str) -> None:
    async with country(tmp_path) as land:
        filed = 0
        for _ in range(2):
            filed += 20
            await land.nation.file("H26", codes("H26", filed)[filed - 20 :])
            process = await start(land, MOTCUA_FAILPOINT=name)
            assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
        process = await start(land)
        try:
            await check(land, filed)
        finally:
            process.kill()
            await process.wait()


async def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with country(tmp_path) as land:
        for part in range(4):
            await land.nation.file("H26", codes("H26", 60 * (part + 1))[60 * part :])
            process = await start(land)
            goal = len(land.nation.kinds("delivery_acked")) + 1
            await until(partial(acked, land, goal), seconds=30)
            await asyncio.sleep(chance.uniform(0, 0.2))
            process.kill()
            await process.wait()
        process = await start(land)
        try:
            await check(land, 240)
        finally:
            process.kill()
            await process.wait()


async def test_a_journal_is_held_by_one_process(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    with pytest.raises(Conflict) as refused:
        await Journal.open(tmp_path)
    assert refused.value.code == "journal_in_use"
    await journal.close()
    again = await Journal.open(tmp_path)
    assert (await again.mark()).journal_id
    await again.close()
