"""What operators do beside the serving processes: retry in order, restart lost positions, look without bodies."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from citizen_service.store import METADATA
from kernel.consume import Consumer
from kernel.db import Database, Tx
from kernel.errors import Reject
from kernel.lease import Leases
from kernel.log import Message, Record, SqliteLog
from kernel.settings import Settings
from motcua.cli import app
from motcua.operating import aside, looking
from motcua.operating.checking import lost_positions
from motcua.operating.places import Unknown
from motcua.topics import TOPICS

TOPIC = "dossier.events.v1"


class Service:
    """A consumer that refuses or fails until told otherwise, in the tables of citizen_service."""

    def __init__(self, settings: Settings, database: Database, log: SqliteLog) -> None:
        self.settings, self.database, self.log = settings, database, log
        self.wrong: Exception | None = None
        self.taken: list[str] = []
        self.consumer = Consumer(
            name="citizen_service.dossier.events.v1",
            topics=[TOPIC],
            log=log,
            database=database,
            leases=Leases(database, "test"),
            apply=self._apply,
            backoff=(0, 0, 0, 0),
        )

    async def _apply(self, _tx: Tx, records: Sequence[Record]) -> None:
        if self.wrong is not None:
            raise self.wrong
        self.taken += [record.body.decode() for record in records]

    async def append(self, *bodies: str) -> None:
        await self.log.append([Message(TOPIC, "S", {"ce_type": "t", "subject": "S"}, body.encode()) for body in bodies])

    async def until_aside(self, **wanted: int) -> None:
        async with asyncio.timeout(20):
            while True:
                found = await aside.set_aside(self.settings, service="citizen")
                if all(sum(each.kind == kind for each in found) == many for kind, many in wanted.items()):
                    return
                await asyncio.sleep(0.05)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    settings = Settings(data=tmp_path)
    database = await Database.open(settings.database_url("citizen_service"), METADATA)
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{tmp_path}/log.db", TOPICS)
    here = Service(settings, database, log)
    running = asyncio.create_task(here.consumer.run())
    yield here
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await log.close()
    await database.close()


async def test_parked_messages_are_taken_in_order_once_an_operator_asks(service: Service) -> None:
    service.wrong = RuntimeError("a bug")
    await service.append("1", "2", "3")
    await service.until_aside(parked=3)
    parked = METADATA.tables["parked_message"]
    async with asyncio.timeout(20):
        while True:
            async with service.database.read() as tx:
                tries = await tx.first(select(func.max(parked.c.tries)))
            if tries is not None and tries[0] == 5:
                break
            await asyncio.sleep(0.05)
    service.wrong = None
    asked = await aside.try_again(service.settings, service="citizen", subject="S")
    assert asked == aside.Asked(3, 0, 0)
    await service.until_aside(parked=0)
    assert service.taken == ["1", "2", "3"]


async def test_what_was_quarantined_comes_back_at_its_old_place(service: Service) -> None:
    service.wrong = Reject("not understood yet")
    await service.append("1")
    await service.until_aside(quarantine=1)
    found = (await aside.set_aside(service.settings, service="citizen"))[0]
    outside = await aside.outside_of(service.settings, service="citizen", id=found.id)
    assert (outside["subject"], outside["bytes"], outside["ce_type"]) == ("S", "1", "t")
    assert "body" not in outside
    service.wrong = RuntimeError("away")
    await service.append("2")
    await service.until_aside(quarantine=1, parked=1)
    service.wrong = None
    asked = await aside.try_again(service.settings, service="citizen", subject=None, requarantine=True)
    assert asked.requarantined == 1
    await service.until_aside(quarantine=0, parked=0)
    assert service.taken == ["1", "2"]


async def test_a_lost_position_is_named_and_reads_on_from_the_oldest_record(service: Service) -> None:
    await service.append("1", "2")
    async with asyncio.timeout(20):
        while len(service.taken) < 2 or not await service.consumer.caught_up():  # noqa: ASYNC110  # another's clock
            await asyncio.sleep(0.05)
    assert await lost_positions_of(service) == []
    table = METADATA.tables["position"]
    async with service.database.begin() as tx:
        await tx.execute(update(table).values(next=99))
    assert len(await lost_positions_of(service)) == 12
    found = (await looking.lags_of(service.settings, service.log, "citizen"))[0]
    assert (found.lost, found.behind) == (12, 2)
    assert await aside.restart_lost(service.settings, service.log, service="citizen") == 12
    assert await lost_positions_of(service) == []


async def lost_positions_of(service: Service) -> list[str]:
    return await lost_positions(service.settings, service.log, only=("citizen",))


async def test_the_log_is_shown_by_headers_alone(service: Service) -> None:
    lines = looking.tail(service.log, subject="S")
    first = asyncio.ensure_future(anext(lines))
    async with asyncio.timeout(20):
        while not first.done():
            await service.append("Nguyễn Thị Ánh")
            await asyncio.wait([first], timeout=0.2)
    line = first.result()
    assert TOPIC in line and "S" in line.split() and "Ánh" not in line
    with pytest.raises(Unknown):
        await anext(looking.tail(service.log, topics=["nothing"]))


@pytest.mark.parametrize(
    "words",
    [
        ("republish", "nobody"),
        ("republish", "catalog"),
        ("republish", "dossiers", "--since", "yesterday"),
        ("log", "retry", "--service", "citizen"),
        ("log", "retry", "--service", "nobody", "--all"),
        ("log", "lag"),
        ("log", "quarantine"),
        ("check",),
        ("province", "rehome", "--from", "H26", "--to", "H29"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_in_a_sentence(words: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*words, "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "Traceback" not in done.output and len(done.output.strip()) > 10
