"""Business time: real time plus an offset that only grows."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kernel.clock import VIETNAM, Clock, real_now

SECOND = timedelta(seconds=1)


def test_without_a_file_business_time_is_real_time() -> None:
    assert abs(Clock().now() - real_now()) < SECOND
    assert Clock().today() == real_now().astimezone(VIETNAM).date()
    assert real_now().tzinfo is UTC


async def test_the_offset_adds_up_and_outlives_the_process(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    await clock.advance(timedelta(days=3))
    await clock.advance(timedelta(hours=2))
    assert clock.offset == Clock(tmp_path / "clock.json").offset == timedelta(days=3, hours=2)
    assert abs(clock.now() - real_now() - clock.offset) < SECOND


async def test_everyone_waiting_is_woken_once_with_the_new_time(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    woken: list[tuple[str, datetime]] = []
    for name in ("first", "second"):

        async def wake(at: datetime, name: str = name) -> None:
            await asyncio.sleep(0)
            woken.append((name, at))

        clock.on_advance(wake)
    await clock.advance(timedelta(days=1))
    assert [name for name, _ in woken] == ["first", "second"]
    assert all(at - real_now() > timedelta(hours=23) for _, at in woken)


@pytest.mark.parametrize("by", [timedelta(0), timedelta(seconds=-1)])
async def test_it_never_goes_back(tmp_path: Path, by: timedelta) -> None:
    with pytest.raises(ValueError, match="forwards"):
        await Clock(tmp_path / "clock.json").advance(by)


async def test_a_clock_without_file_cannot_be_moved() -> None:
    with pytest.raises(ValueError, match="cannot be moved"):
        await Clock().advance(SECOND)
