"""Fault test 5: a province is away for longer than the log remembers; its lane does not need the log."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from exchange.store import OUTBOX as EXCHANGE_OUTBOX
from kernel.clock import real_now
from kernel.log import SqliteLog
from motcua.topics import TOPICS
from tests.faults.losing import rows
from tests.running import Portal, until

CODE = "1.004873"
AWAY, HERE = ("H26", "00004"), ("H17", "20242")


async def _forget(data: Path) -> int:
    """Let the embedded log's retention pass; return how many records it still has outside the catalogue."""
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{data}/log.db", TOPICS)
    try:
        await log.sweep(real_now() + timedelta(days=31))
        left = 0
        for topic in TOPICS:
            if not topic.compact:
                ends = await log.ends(topic.name)
                left += sum(ends[place] - start for place, start in (await log.starts(topic.name)).items())
        return left
    finally:
        await log.close()


def taken(portal: Portal) -> bool:
    """Tell whether every consumer has read to the end."""
    lines = portal.command("log", "lag").stdout.splitlines()
    return bool(lines) and all(line.split()[0] == "0" for line in lines)


def test_a_province_that_was_away_past_retention_gets_all_of_it(
    new_portal: Callable[..., Portal], divisor: int
) -> None:
    if os.environ.get("MOTCUA_KAFKA"):
        pytest.skip("Kafka deletes by segment on its own schedule: the embedded log alone is told to forget")
    portal = new_portal(pace="0", offices=HERE[0]).start()
    with portal.client("citizen-1") as client:
        waiting = [portal.file_dossier(client, CODE, place=AWAY[1]) for _ in range(max(10, 500 // divisor))]
        here = portal.file_dossier(client, CODE, place=HERE[1])
        portal.until_status(client, here, 10, seconds=60)
        until(lambda: not rows(portal, "exchange", EXCHANGE_OUTBOX.select()), what="published")
        until(lambda: taken(portal), seconds=90, what="everybody has read the log")
        assert all(portal.dossier(client, code)["delivered_at"] is None for code in waiting)
    portal.stop()
    assert asyncio.run(_forget(portal.data)) == 0
    portal.offices += f",{AWAY[0]}"
    portal.start()
    with portal.client("citizen-1") as client:
        for code in waiting:
            portal.until_status(client, code, 10, seconds=120)
    lagging = portal.command("log", "lag")
    assert lagging.returncode == 0, "no position was lost: " + lagging.stdout
    portal.check(seconds=60)
