"""All 63 offices in one process: how long they take to open and what they weigh."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.main import check_books
from province_backend.settings import OfficeSettings
from tests.province_backend.conftest import handover, until_state

NAMES = tuple((f"H{n:02}", f"Tỉnh số {n}") for n in range(1, 64))


def resident() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def test_63_offices_open_quickly_and_weigh_little(open_offices: Callable[..., Any], tmp_path: Path) -> None:
    for round_ in ("first start", "second start"):
        before, began = resident(), time.perf_counter()
        async with open_offices(names=NAMES) as offices:
            built = time.perf_counter() - began
            for office in offices.by_id.values():
                await office.changes(0, 10)
            opened = time.perf_counter() - began
            weight = resident() - before
            for name, office in offices.by_id.items():
                await office.deliver(handover(f"{name}-261120-000{len(round_) % 7}"))
            worked = resident() - before
            print(
                f"63 offices, {round_}: built {built:.2f} s, all books open {opened:.2f} s, +{weight:.0f} MB;"
                f" one dossier each: +{worked:.0f} MB"
            )
            assert opened < 30
            assert weight < 120


async def test_every_office_works_through_its_own_dossiers(open_offices: Callable[..., Any], tmp_path: Path) -> None:
    async with open_offices(pace=0, names=NAMES[:6]) as offices:
        began = time.perf_counter()
        codes = [(name, f"{name}-261120-{n:04}") for name, _ in NAMES[:6] for n in range(1, 11)]
        for name, code in codes:
            await offices.by_id[name].deliver(handover(code))
        for name, code in codes:
            await until_state(offices.by_id[name], pb.RETURNED, code=code, seconds=90)
        print(f"60 dossiers to their signed results at pace 0: {time.perf_counter() - began:.1f} s")
    assert await check_books(OfficeSettings(data=tmp_path)) == []
