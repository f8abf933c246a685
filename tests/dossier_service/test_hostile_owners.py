"""What a province must not get through: nonsense, lies in a snapshot, another content under a parked version."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dossier_service.model.dossier import Appointment, FileRef
from dossier_service.model.reports import PARK_MOST
from dossier_service.model.states import AskKind, RequestKind, RequestState, State
from dossier_service.store.inbox import parked_count
from kernel.consume import counted
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.test_reports import TOPIC, ask_citizen, broken, refusals, shown
from tests.dossier_service.world import Owner, sealed, world

pytestmark = pytest.mark.usefixtures("database_engine")

MISSING = FileRef("a" * 64, 10, "application/pdf", "x.pdf")
ELSE = FileRef("b" * 64, 10, "application/pdf", "x.pdf")
FAR = datetime(9999, 12, 1, tzinfo=UTC)
Spoil = Callable[[wire.Report], object]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report: setattr(report, "state", 77),
        lambda report: report.ClearField("occurred_at"),
        lambda report: setattr(report.occurred_at, "seconds", 2**62),
        lambda report: setattr(report, "version", -5),
        lambda report: setattr(report, "version", 2**31 - 1),
        lambda report: report.results.add(sha256="zz"),
        lambda report: report.asks.add(ask_no=1, kind=2, state=1, amount_vnd=-(2**63)),
        lambda report: setattr(report.step, "note", "a\0b"),
        lambda report: setattr(report.due.at, "seconds", int(FAR.timestamp())),
    ],
)
async def test_nonsense_is_told_to_the_officer_and_the_next_report_is_taken(tmp_path: Path, spoil: Spoil) -> None:
    async with world(tmp_path) as here:
        code, other = await here.file(), await here.file()
        owner, good = Owner(code, here.desk.clock.now()), Owner(other, here.desk.clock.now())
        kind, subject, body = owner.message(owner.step("accepted", state=State.ACCEPTED))
        upward = wire.Upward.FromString(body)
        spoil(upward.report)
        await here.feed(
            TOPIC,
            (kind, subject, upward.SerializeToString()),
            good.message(good.step("accepted", state=State.ACCEPTED)),
        )
        assert await refusals(here) == [("BAD_SCHEMA", upward.report.version)]
        assert await counted(here.desk.database, "quarantine") == 1
        await here.feed(TOPIC, (kind, subject, body))
        for one in (code, other):
            assert (await shown(here, one)).dossier.version == 2
        assert await broken(here) == []


async def test_nonsense_about_a_foreign_dossier_is_answered_to_its_sender_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        stranger = Owner(code, here.desk.clock.now(), participant="H17")
        kind, subject, body = stranger.message(stranger.step("accepted", state=State.ACCEPTED))
        upward = wire.Upward.FromString(body)
        upward.report.state = 77  # type: ignore[assignment]  # what a newer or hostile participant sends
        await here.feed(TOPIC, (kind, subject, upward.SerializeToString()))
        assert await refusals(here) == [("UNKNOWN", 2)]
        assert (await here.deliveries())[-1].lane == "H17"
        assert (await shown(here, code)).dossier.version == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"state": State.WITHDRAWN},
        {"state": State.REFUSED},
        {"state": State.ACCEPTED, "asks": AskKind.CONFIRM},
        {"state": State.RETURNED, "asks": AskKind.PAPERS},
    ],
)
async def test_a_snapshot_may_jump_but_not_break_the_rules(tmp_path: Path, lie: dict[str, object]) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        owner.step("lost")
        if isinstance(kind := lie.get("asks"), AskKind):
            owner.asks = owner.ask(kind)
        state = lie["state"]
        assert isinstance(state, State)
        await here.feed(TOPIC, owner.snapshot(owner.step("recovered", state=state), []))
        assert await refusals(here) == [("ILLEGAL", 3)]
        assert (await shown(here, code)).dossier.version == 1
        assert await broken(here) == []


async def test_a_withdrawal_that_a_restored_nation_has_lost_comes_back_with_a_snapshot(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        lost = owner.step("accepted", state=State.ACCEPTED)
        last = owner.step("withdrawn", state=State.WITHDRAWN)
        await here.feed(TOPIC, owner.snapshot(last, [lost], {1: RequestState.DECLINED}))
        assert await refusals(here) == [("ILLEGAL", 3)]
        await here.feed(TOPIC, owner.snapshot(last, [lost], {1: RequestState.ACCEPTED}))
        assert (await shown(here, code)).dossier.state is State.WITHDRAWN
        assert await broken(here) == []


async def test_a_snapshot_of_an_ended_dossier_brings_answers_and_changes_nothing_else(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        for type, state in (("accepted", State.ACCEPTED), ("stopped", State.STOPPED)):
            if state is State.STOPPED:
                number = await ask_citizen(here, code, RequestKind.WITHDRAWAL)
            await here.feed(TOPIC, owner.message(owner.step(type, state=state)))
        changed = owner.step("again")
        await here.feed(TOPIC, owner.snapshot(changed, []))
        assert await refusals(here) == [("ILLEGAL", 4)]
        await here.feed(TOPIC, owner.snapshot(changed, [], {number: RequestState.CLOSED}))
        view = await shown(here, code)
        assert (view.dossier.version, view.requests[0].state) == (4, RequestState.CLOSED)
        assert await broken(here) == []


async def test_history_in_a_snapshot_is_a_possible_one(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        lost = owner.step("returned", state=State.RETURNED)
        last = owner.step("accepted", state=State.ACCEPTED)
        await here.feed(TOPIC, owner.snapshot(last, [lost]))
        twice = replace(lost, state=State.SUBMITTED)
        await here.feed(TOPIC, owner.snapshot(last, [twice, twice]))
        assert await refusals(here) == [("ILLEGAL", 3), ("ILLEGAL", 3)]
        assert (await shown(here, code)).dossier.event_no == 1


async def test_other_content_under_a_parked_version_is_a_conflict(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        first = owner.step("accepted", state=State.ACCEPTED, results=(MISSING,))
        second = sealed(code, replace(first, results=(ELSE,)))
        await here.feed(TOPIC, owner.message(first))
        await here.feed(TOPIC, owner.message(first), owner.message(second))
        assert await refusals(here) == [("CONFLICT", 2)]
        assert await counted(here.desk.database, "quarantine") == 1


async def test_a_dossier_parks_a_bounded_number_of_reports(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now(), version=2)
        await here.feed(
            TOPIC, *[owner.message(owner.step("noted", state=State.ACCEPTED)) for _ in range(PARK_MOST + 3)]
        )
        async with here.desk.database.read() as tx:
            assert await parked_count(tx) == PARK_MOST
        assert [code for code, _ in await refusals(here)] == ["ILLEGAL"] * 3


async def test_an_appointment_far_away_is_shown_and_not_recomputed_for_ever(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        far = datetime(2199, 12, 1, tzinfo=UTC)
        due = Appointment(far, start=far, amount=3650, unit="working_days")
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED, due=due)))
        assert (await shown(here, code)).dossier.version == 2
