"""Whom no message reaches the office tells, once; an hour after the end the person is asked to rate, once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dossier_service.model.states import AskKind, State
from dossier_service.store import dossiers, tasks
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.republish import republish
from dossier_service.usecases.tasks import say_what_is_due
from kernel.clock import VIETNAM, Clock
from proto.events.v1 import citizen_pb2, dossier_pb2
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.door import Door, door
from tests.dossier_service.test_api import filed
from tests.dossier_service.test_assisted import claim_code, file, helper
from tests.dossier_service.test_papers_and_ratings import returned
from tests.dossier_service.world import Owner

pytestmark = pytest.mark.usefixtures("database_engine")
HOUR = timedelta(hours=1)


class Noon(Clock):
    """A business clock that stands where the test puts it, at noon in Viet Nam first."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 11, 20, 12, 0, tzinfo=VIETNAM)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path, clock=Noon()) as opened:
        yield opened


def move(it: Door, by: timedelta) -> None:
    clock = it.here.desk.clock
    assert isinstance(clock, Noon)
    clock.at += by


async def unreached(it: Door, code: str, event_no: int, what: str, by_teller: bool = False) -> None:
    said = citizen_pb2.PersonUnreached(dossier=code, event_no=event_no, what=what, by_teller=by_teller)
    message = ("person_unreached", f"{code}/{event_no}", said.SerializeToString())
    await it.here.feed("citizen.events.v1", message)


async def opened(it: Door) -> list[tuple[str, wire.TaskOpened]]:
    return [(one.subject, one.task_opened) for one in await it.here.deliveries() if one.subject_kind == "task"]


async def done(it: Door, code: str, about: int, note: str = "Đã gọi 9 giờ.", participant: str = "H26") -> None:
    upward = wire.Upward(subject=f"{code}.{about}", subject_kind="task", participant=participant)
    upward.task_closed.CopyFrom(wire.TaskClosed(dossier=code, about=about, note=note, office="H26.00004", handler="B"))
    await it.here.feed("province.reports.v1", ("task_closed_received", upward.subject, upward.SerializeToString()))


async def story(it: Door, code: str) -> list[str]:
    async with it.here.desk.database.read() as tx:
        assert await check_invariants(tx, settled=False) == []
        return [entry.type for entry in await dossiers.history_of(tx, code)]


async def asked_to_rate(it: Door) -> list[str]:
    rows = [row for row in await it.here.sent() if row.type == "rating_asked"]
    return [dossier_pb2.DossierChanged.FromString(row.body).code for row in rows]


async def test_a_change_nobody_could_be_told_is_one_task_however_often_it_is_said(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = (await filed(client))["code"]
    owner = Owner(code, it.here.desk.clock.now())
    asked = owner.step("papers_asked", asks=owner.ask(AskKind.PAPERS))
    await it.here.feed("province.reports.v1", owner.message(asked))
    for _ in range(2):
        await unreached(it, code, 3, "papers_asked")
    await unreached(it, "H26-000000-0000", 3, "papers_asked")
    ((subject, task),) = await opened(it)
    assert subject == f"{code}.3", "a subject of its own: software that knows no tasks still gets the dossier"
    assert (task.dossier, task.kind, task.what, task.ask_no, task.contact) == (code, "unreached", "papers_asked", 1, "")
    assert (await story(it, code))[-1] == "task_opened"
    await it.here.feed("province.reports.v1", owner.message(owner.step("accepted", state=State.ACCEPTED, asks=())))
    assert (await story(it, code))[-1] != "accepted", "an ask cannot be dropped; the owner's numbers go on as before"


async def test_the_office_closes_it_once_and_only_the_owner_may(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = (await filed(client))["code"]
        await unreached(it, code, 1, "submitted")
        await done(it, code, 1, participant="H01")
        assert (await story(it, code))[-1] == "task_opened"
        for _ in range(2):
            await done(it, code, 1)
        assert (await story(it, code))[-2:] == ["task_opened", "task_closed"]
        timeline = (await client.get(f"/dossiers/{code}/timeline")).json()["results"]
        assert any(row["type"] == "task_closed" and row["note"] == "Đã gọi 9 giờ." for row in timeline)
    async with it.here.desk.database.read() as tx:
        assert await tasks.still_open(tx, [code]) == {}


async def test_republishing_and_another_owner_get_open_tasks_again(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = (await filed(client))["code"]
    await unreached(it, code, 1, "submitted")
    await republish(database=it.here.desk.database)
    assert len(await opened(it)) == 2
    await done(it, code, 1)
    await republish(database=it.here.desk.database)
    assert len(await opened(it)) == 2


async def test_a_rating_is_asked_for_once_an_hour_after_the_end_and_not_by_night(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code, rated, late = [(await filed(client))["code"] for _ in range(3)]
        await returned(it, code)
        await returned(it, rated)
        assert (await client.put(f"/dossiers/{rated}/rating", json={"score": 5})).status_code == 200
        move(it, timedelta(minutes=59))
        assert await say_what_is_due(desk=it.here.desk) == 0
        move(it, timedelta(minutes=1))
        assert await say_what_is_due(desk=it.here.desk) == 2
        assert await say_what_is_due(desk=it.here.desk) == 0
        assert await asked_to_rate(it) == [code], "who has rated is not asked"
        move(it, timedelta(hours=8))  # 21:00
        await returned(it, late)
        move(it, timedelta(hours=1))  # 22:00
        assert await say_what_is_due(desk=it.here.desk) == 0
        move(it, timedelta(hours=8))  # 6:00
        assert await say_what_is_due(desk=it.here.desk) == 1
        assert await asked_to_rate(it) == [code, late]
        assert (await story(it, late))[-1] == "rating_asked"


async def test_who_has_not_answered_is_reminded_once_a_day_before_the_time_is_over(it: Door) -> None:
    until = it.here.desk.clock.now() + timedelta(days=3)
    async with it.client("citizen-1") as client:
        silent, quick = [(await filed(client))["code"] for _ in range(2)]
        for code in (silent, quick):
            owner = Owner(code, it.here.desk.clock.now())
            asks = [replace(ask, due=until) for ask in owner.ask(AskKind.PAPERS)]
            await it.here.feed("province.reports.v1", owner.message(owner.step("papers_asked", asks=asks)))
        answer = {"kind": "supplement", "ask_no": 1, "text": "Tôi gửi lại"}
        assert (await client.post(f"/dossiers/{quick}/requests", json=answer)).status_code == 201
        move(it, timedelta(days=2) - timedelta(minutes=1))
        assert await say_what_is_due(desk=it.here.desk) == 0
        move(it, timedelta(minutes=1))
        assert await say_what_is_due(desk=it.here.desk) == 2
        assert await say_what_is_due(desk=it.here.desk) == 0
    assert (await story(it, silent)).count("ask_reminded") == 1
    assert "ask_reminded" not in await story(it, quick), "who has answered is not reminded"
    for _ in range(2):
        row = [row for row in await it.here.sent() if row.type == "ask_reminded"][-1]
        said = dossier_pb2.DossierChanged.FromString(row.body)
        assert (said.code, said.ask_no, said.ask_due_at.ToDatetime(UTC)) == (silent, 1, until.astimezone(UTC))
        await republish(database=it.here.desk.database, lanes=False)


async def test_a_wish_to_be_called_reaches_the_office_after_the_hour_without_score_or_words(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code, other = [(await filed(client))["code"] for _ in range(2)]
        for each in (code, other):
            await returned(it, each)
            unhappy = {"score": 1, "reasons": ["network"], "text": "Chờ lâu quá", "call_back": True}
            assert (await client.put(f"/dossiers/{each}/rating", json=unhappy)).status_code == 200
        move(it, timedelta(minutes=30))
        assert (await client.put(f"/dossiers/{other}/rating", json={"score": 1})).status_code == 200
        move(it, HOUR)
        await say_what_is_due(desk=it.here.desk)
    ((subject, task),) = await opened(it)
    assert (subject, task.kind, task.what) == (f"{code}.0", "call_back", ""), "who took the wish back is not called"
    assert "Chờ" not in task.SerializeToString().decode("utf-8", "ignore")


async def test_helped_people_are_told_through_whom_they_named_until_they_end_it(it: Door) -> None:
    async with helper(it) as client:
        made, code = await file(client, told_by="relative_call", contact="+84987654321")
        assert made["owner"].startswith("a") and len(made["owner"]) == 33
        assert "owner" not in (await client.get(f"/assists/{made['id']}")).json()
        await unreached(it, code, 1, "submitted")
        assert [task.contact for _, task in await opened(it)] == ["+84987654321"]
        claim = await claim_code(client, made)
    codes = {"dossier": code, "claim_code": claim}
    async with it.client() as relative:
        assert (await relative.post("/claims/look", json=codes)).json()["told_by"] == "relative_call"
        for _ in range(2):
            assert (await relative.post("/claims/end-contact", json=codes)).status_code == 204
        found = (await relative.post("/claims/look", json=codes)).json()
        assert found["told_by"] is None and found["help_ended"] is False, "following stays the helper's right"
        wrong = await relative.post("/claims/end-contact", json=codes | {"claim_code": "AAAA-BBBB-CCCC"})
        assert wrong.json()["code"] == "no_such_claim"
    assert (await story(it, code)).count("contact_ended") == 1
    await returned(it, code)
    move(it, HOUR)
    await say_what_is_due(desk=it.here.desk)
    assert await asked_to_rate(it) == [], "nobody can sign in as somebody who has not claimed the dossier"
