"""kill -9 of the exchange at every boundary: each delivery is taken once, each report is published."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest

from kernel.log import SqliteLog
from motcua.pki import Authority
from motcua.topics import TOPICS
from proto.exchange.v1 import exchange_pb2
from province_adapter import main as adapter_main
from province_adapter.connectors.reference import ReferenceConnector
from province_adapter.settings import AdapterSettings
from tests.exchange.country import QUICK, Nation, loops, until
from tests.exchange.office import Office
from tests.exchange.test_lanes import codes
from tests.ports import free_port

pytestmark = pytest.mark.slow  # the same boundaries are killed in the whole portal by tests/faults

ROOT = Path(__file__).resolve().parents[2]


async def start(folder: Path, port: int, **env: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.exchange.process", str(folder), str(port)),
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def published(log: SqliteLog) -> Counter[tuple[str, int]]:
    """Reports in the log; a relay that was killed may have repeated some, under the same identity."""
    reader, seen = log.reader(), {}
    await reader.assign(await log.starts("province.reports.v1"))
    while records := await reader.poll(timeout=0.01):
        for record in records:
            seen[record.headers["ce_id"]] = exchange_pb2.Upward.FromString(record.body)
    return Counter((upward.subject, upward.report.version) for upward in seen.values())


@pytest.mark.parametrize("name", ["delivery_drained", "delivery_acked", "report_stored", "outbox_published"])
async def test_a_kill_at_a_boundary_of_the_exchange_changes_nothing(tmp_path: Path, name: str) -> None:
    certificate = Authority.open(tmp_path / "pki").participant_certificate("H26")
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}", TOPICS)
    office, port, nation = Office(tmp_path / "office.db"), free_port(), Nation(log)
    running = await adapter_main.build(
        AdapterSettings.model_validate({"data": tmp_path, "participant": "H26"} | QUICK),
        connector=ReferenceConnector(office),
        credentials=certificate.channel_credentials(),
        target=f"127.0.0.1:{port}",
    )
    async with loops(running):
        for part in range(2):
            await nation.file("H26", codes("H26", 30 * (part + 1))[30 * part :])
            process = await start(tmp_path, port, MOTCUA_FAILPOINT=name)
            assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
        process = await start(tmp_path, port)

        async def everything_published() -> bool:
            return len(await published(log)) == 60

        try:
            await until(everything_published, seconds=40)
        finally:
            process.kill()
            await process.wait()
    assert set((await published(log)).values()) == {1}
    assert sorted(subject for subject, _ in office.delivered()) == codes("H26", 60)
    with sqlite3.connect(tmp_path / "services" / "exchange.db") as books:
        numbers = [row[0] for row in books.execute("select seq from lane_item order by seq")]
        assert numbers == list(range(1, 61)), "dense"
    books.close()
    office.close()
    await log.close()
