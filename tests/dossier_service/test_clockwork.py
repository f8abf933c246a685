"""What the clock does: daily roots, sweeps, and the service as it is wired."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, update

from dossier_service.main import build
from dossier_service.model.dossier import FileRef
from dossier_service.model.states import State
from dossier_service.settings import DossierSettings
from dossier_service.store.tables import DAY_HEAD, DOSSIER, DRAFT, HISTORY, METADATA, UPLOAD
from dossier_service.usecases.clockwork import seal_daily_roots
from dossier_service.usecases.drafts import open_draft, save_answers
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import list_roots, read_dossier
from dossier_service.usecases.uploads import add_dossier_file, add_draft_file, count_missing, sweep_uploads
from kernel.auth import Verifier
from kernel.clock import VIETNAM, Clock, real_now
from kernel.files import Files
from kernel.log import Message, Record, SqliteLog, Topic
from kernel.web import Running
from kernel.workdays import Calendar
from motcua.assembly import end
from tests.dossier_service.door import ISSUER, keys, token
from tests.dossier_service.world import ANSWERS, CITIZEN, PDF, WARD, Owner, World, catalogue, world
from tests.engines.schemas import address

pytestmark = pytest.mark.usefixtures("database_engine")


async def until_tomorrow(clock: Clock) -> date:
    """Move the clock to 00:11 of the next day; return the day that ended."""
    now = clock.now().astimezone(VIETNAM)
    midnight = now.replace(hour=0, minute=11, second=0, microsecond=0) + timedelta(days=1)
    await clock.advance(midnight - now)
    return now.date()


async def faults(here: World) -> list[str]:
    async with here.desk.database.read() as tx:
        return await check_invariants(tx)


async def test_each_day_is_sealed_once_and_chains_to_the_day_before(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        assert await seal_daily_roots(desk=here.desk) == []
        code = await here.file()
        first = await until_tomorrow(here.desk.clock)
        assert await seal_daily_roots(desk=here.desk) == [first]
        owner = Owner(code, here.desk.clock.now())
        await here.feed("province.reports.v1", owner.message(owner.step("accepted", state=State.ACCEPTED)))
        await here.file()
        await here.desk.clock.advance(timedelta(days=3))
        assert await seal_daily_roots(desk=here.desk) == [first + timedelta(days=n) for n in (1, 2, 3)]
        assert await seal_daily_roots(desk=here.desk) == []
        roots = list(await list_roots(desk=here.desk, size=10, before=None))[::-1]
        assert [row.count for row in roots] == [1, 2, 2, 2]
        assert roots[0].prev_root == "0" * 64
        assert [row.prev_root for row in roots[1:]] == [row.root for row in roots[:-1]]
        assert roots[0].root != roots[1].root == roots[2].root
        view = await read_dossier(desk=here.desk, principal=CITIZEN, code=code)
        assert view.root.root == roots[-1].root
        assert [row.type for row in await here.sent()].count("daily_root_sealed") == 4
        assert await faults(here) == []


async def test_a_cut_tail_and_a_rewritten_chain_show(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed("province.reports.v1", owner.message(owner.step("accepted", state=State.ACCEPTED)))
        day = await until_tomorrow(here.desk.clock)
        await seal_daily_roots(desk=here.desk)
        async with here.desk.database.begin() as tx:
            last = await tx.first(HISTORY.select().where(HISTORY.c.n == 2))
            assert last is not None
            await tx.execute(delete(HISTORY).where(HISTORY.c.n == 3))
            await tx.execute(update(DOSSIER).values(head=last.hash, event_no=2, version=1))
        assert f"{code}: the entry 3 that was sealed on {day} is gone or changed" in await faults(here)
        async with here.desk.database.begin() as tx:
            await tx.execute(update(DAY_HEAD).values(n=2, head=last.hash))
        assert await faults(here) == [f"daily root of {day}: the heads kept up to that day give another root"]


async def test_uploads_that_nothing_names_are_swept_after_two_days(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        desk = here.desk
        code = await here.file()
        async with desk.database.begin() as tx:
            draft = await open_draft(tx=tx, desk=desk, principal=CITIZEN, procedure="1.004873", place=WARD)
        refs: list[FileRef] = []
        for n in range(2):
            refs.append(
                await add_draft_file(
                    desk=desk, principal=CITIZEN, token=None, id=draft.id, name="a.pdf", data=PDF + b"\n" * n
                )
            )
        await add_dossier_file(desk=desk, principal=CITIZEN, code=code, name="b.pdf", data=PDF)
        await save_answers(
            desk=desk, principal=CITIZEN, token=None, id=draft.id, answers={**ANSWERS, "papers": [refs[0].sha256]}
        )
        assert await sweep_uploads(desk=desk) == 0
        async with desk.database.begin() as tx:
            await tx.execute(update(UPLOAD).values(uploaded_at=real_now() - timedelta(hours=49)))
        assert await sweep_uploads(desk=desk) == 2
        assert [key async for key in desk.files.keys("draft")] == [f"draft/{draft.id}/{refs[0].sha256}"]
        async with desk.database.begin() as tx:
            await tx.execute(update(DRAFT).values(expires_at=real_now() - timedelta(days=1)))
        assert await sweep_uploads(desk=desk) == 1
        assert [key async for key in desk.files.keys("draft")] == []
        assert await count_missing(desk=desk) == []


TOPICS = (
    Topic("catalog.v1", compact=True),
    *(
        Topic(name)
        for name in ("dossier.events.v1", "province.deliveries.v1", "province.reports.v1", "exchange.events.v1")
    ),
)


@asynccontextmanager
async def running(folder: Path, log: SqliteLog) -> AsyncIterator[Running]:
    """Build the service and run its loops."""
    service = await build(
        DossierSettings(data=folder, demo=True, database=address(folder, METADATA)),
        log=log,
        clock=Clock(folder / "clock.json"),
        verifier=Verifier(issuer=ISSUER, keys=keys),
        files=Files.in_folder(str(folder / "files")),
        calendar=Calendar.load(),
    )
    tasks = [asyncio.create_task(_run(loop)) for loop in service.loops]
    try:
        yield service
    finally:
        await end(tasks)
        await service.close()


async def _run(loop: Any) -> None:
    with suppress(asyncio.CancelledError):
        await loop()


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Wait until ``look`` answers yes; fail after 20 s."""
    for _ in range(400):
        if await look():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("did not happen in 20 s")


async def ready(service: Running) -> bool:
    return (await service.ready())["catalogue"]


async def accepted(client: httpx.AsyncClient, code: str) -> bool:
    return bool((await client.get(f"/dossiers/{code}")).json()["status"] == 2)


async def read_until(log: SqliteLog, topic: str, count: int) -> list[Record]:
    """Read the first ``count`` records of a topic; fail after 20 s."""
    reader = log.reader()
    await reader.assign(dict.fromkeys(await log.ends(topic), 0))
    found: list[Record] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += await reader.poll(timeout=0.2)
    await reader.close()
    return found


async def test_the_wired_service_reads_publishes_and_is_ready(tmp_path: Path) -> None:
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}", TOPICS)
    messages = [
        Message("catalog.v1", subject, {"ce_type": kind, "subject": subject}, body)
        for kind, subject, body in catalogue()
    ]
    await log.append(messages)
    async with running(tmp_path, log) as service:
        await until(lambda: ready(service))
        transport = httpx.ASGITransport(app=service.app)
        headers = {"authorization": f"Bearer {token('citizen-1')}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://t/api/dossiers/v1", headers=headers
        ) as client:
            draft = (await client.post("/drafts", json={"procedure": "1.004873", "place": WARD})).json()
            await client.patch(f"/drafts/{draft['id']}", json={"answers": ANSWERS})
            code = (await client.post(f"/drafts/{draft['id']}/submit")).json()["code"]
            deliveries = await read_until(log, "province.deliveries.v1", 1)
            assert deliveries[0].headers["ce_type"] == "handover"
            assert deliveries[0].headers["subject"] == code
            owner = Owner(code, real_now())
            kind, subject, body = owner.message(owner.step("accepted", state=State.ACCEPTED))
            await log.append([Message("province.reports.v1", code, {"ce_type": kind, "subject": subject}, body)])
            await until(lambda: accepted(client, code))
            events = await read_until(log, "dossier.events.v1", 3)
            assert [event.headers["subject_version"] for event in events] == ["1", "2", "3"]
    await log.close()
