"""Reports of owners: applied, duplicate, parked, refused, recovered (road.md 1.1 to 1.6, 3.1)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from dossier_service.model.dossier import Answer, Appointment, FileRef
from dossier_service.model.states import AskKind, AskState, RequestKind, RequestState, State
from dossier_service.store.files import key_of
from dossier_service.store.tables import DOSSIER, HISTORY, PARKED
from dossier_service.usecases.clockwork import ask_for_snapshots
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import View, read_dossier, read_timeline
from dossier_service.usecases.republish import republish
from dossier_service.usecases.requests import request_of_citizen
from kernel.clock import Clock, real_now
from kernel.consume import counted
from kernel.digest import digest_bytes
from kernel.errors import Conflict, Reject
from proto.events.v1 import exchange_pb2 as said
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.world import CITIZEN, PDF, Owner, World, stamp, world

pytestmark = pytest.mark.usefixtures("database_engine")

TOPIC = "province.reports.v1"


async def shown(here: World, code: str) -> View:
    return await read_dossier(desk=here.desk, principal=CITIZEN, code=code)


async def broken(here: World, *, settled: bool = True) -> list[str]:
    async with here.desk.database.read() as tx:
        return await check_invariants(tx, settled=settled)


async def ask_citizen(here: World, code: str, kind: RequestKind, text: str = "gửi kèm") -> int:
    async with here.desk.database.begin() as tx:
        request = await request_of_citizen(
            tx=tx,
            desk=here.desk,
            principal=CITIZEN,
            code=code,
            kind=kind,
            ask_no=None,
            answers={},
            digests=[],
            text=text,
        )
    return request.request_no


async def refusals(here: World) -> list[tuple[str, int]]:
    return [
        (one.report_refused.code, one.report_refused.version)
        for one in await here.deliveries()
        if one.WhichOneof("body") == "report_refused"
    ]


async def test_the_same_report_twice_is_harmless(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        accepted = owner.message(owner.step("accepted", state=State.ACCEPTED))
        for _ in range(3):
            await here.feed(TOPIC, accepted, accepted)
        view = await shown(here, code)
        assert (view.dossier.version, view.dossier.event_no) == (2, 3)
        assert await refusals(here) == []
        assert await broken(here) == []


async def test_other_content_under_a_used_version_is_a_conflict(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        for type, state in (("accepted", State.ACCEPTED), ("processing_started", State.PROCESSING)):
            await here.feed(TOPIC, owner.message(owner.step(type, state=state)))
        restored = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, restored.message(restored.step("refused", state=State.REFUSED, reason="x")))
        assert await refusals(here) == [("CONFLICT", 2)]
        assert (await shown(here, code)).dossier.state is State.PROCESSING
        assert await counted(here.desk.database, "quarantine") == 1
        assert await broken(here) == []


async def test_an_illegal_step_is_refused_with_a_reason_for_the_officer(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code, other = await here.file(), await here.file()
        owner, good = Owner(code, here.desk.clock.now()), Owner(other, here.desk.clock.now())
        await here.feed(
            TOPIC,
            owner.message(owner.step("decided", state=State.DECIDED)),
            good.message(good.step("accepted", state=State.ACCEPTED)),
        )
        assert await refusals(here) == [("ILLEGAL", 2)]
        delivery = (await here.deliveries())[-1]
        assert (delivery.lane, delivery.subject) == ("H26", code)
        assert "decided" in delivery.report_refused.text
        assert (await shown(here, other)).dossier.state is State.ACCEPTED
        # The owner takes the step back and numbers on.
        owner.version, owner.state = 1, State.SUBMITTED
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED)))
        assert (await shown(here, code)).dossier.version == 2
        assert await broken(here) == []


@pytest.mark.parametrize(
    ("epoch", "code"),
    [(0, "STALE_OWNER"), (2, "ILLEGAL")],
)
async def test_another_epoch_is_refused(tmp_path: Path, epoch: int, code: str) -> None:
    async with world(tmp_path) as here:
        dossier = await here.file()
        if epoch == 0:
            async with here.desk.database.begin() as tx:
                await tx.execute(update(DOSSIER).values(epoch=2))
            epoch = 1
        owner = Owner(dossier, here.desk.clock.now(), epoch=epoch)
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED)))
        assert await refusals(here) == [(code, 2)]


async def test_foreign_and_unknown_dossiers_are_refused_to_who_sent_them(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        thief = Owner(code, here.desk.clock.now(), participant="H01")
        ghost = Owner("H26-261121-9999", here.desk.clock.now())
        await here.feed(
            TOPIC,
            thief.message(thief.step("accepted", state=State.ACCEPTED)),
            ghost.message(ghost.step("accepted", state=State.ACCEPTED)),
        )
        told = [one for one in await here.deliveries() if one.WhichOneof("body") == "report_refused"]
        assert [(one.lane, one.report_refused.code) for one in told] == [("H01", "UNKNOWN"), ("H26", "UNKNOWN")]
        assert (await shown(here, code)).dossier.version == 1


async def test_a_wrong_digest_is_refused_and_nonsense_is_quarantined(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(replace(owner.step("accepted", state=State.ACCEPTED), digest="0" * 64)))
        assert await refusals(here) == [("BAD_SCHEMA", 2)]
        upward = wire.Upward(subject=code, participant="H26")
        upward.report.CopyFrom(wire.Report(epoch=1, version=2, occurred_at=stamp(real_now())))
        upward.report.state = 77  # type: ignore[assignment]  # a state of a later protocol
        await here.feed(TOPIC, ("report", code, upward.SerializeToString()))
        assert await refusals(here) == [("BAD_SCHEMA", 2)] * 2
        with pytest.raises(Reject):
            await here.feed(TOPIC, ("report", code, b"\xff\xff\xff"))


async def test_a_gap_is_parked_and_filled_by_the_missing_report(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        two = owner.step("accepted", state=State.ACCEPTED)
        three = owner.step("processing_started", state=State.PROCESSING)
        four = owner.step("decided", state=State.DECIDED)
        await here.feed(TOPIC, owner.message(four))
        await here.feed(TOPIC, owner.message(three), owner.message(four))
        assert (await shown(here, code)).dossier.version == 1
        assert await counted(here.desk.database, "parked_report") == 2
        await here.feed(TOPIC, owner.message(two))
        assert (await shown(here, code)).dossier.version == 4
        assert await counted(here.desk.database, "parked_report") == 0
        assert await broken(here) == []


async def test_a_gap_that_never_fills_asks_for_a_snapshot_which_recovers(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED)))
        number = await ask_citizen(here, code, RequestKind.WITHDRAWAL)
        lost = owner.step(
            "processing_started", Answer(number, RequestState.DECLINED, "x", "Chưa được."), state=State.PROCESSING
        )
        four = owner.step("decided", state=State.DECIDED)
        await here.feed(TOPIC, owner.message(four))
        assert await ask_for_snapshots(desk=here.desk) == 0
        async with here.desk.database.begin() as tx:
            await tx.execute(update(PARKED).values(parked_at=real_now() - timedelta(minutes=16)))
        assert await ask_for_snapshots(desk=here.desk) == 1
        assert await ask_for_snapshots(desk=here.desk) == 0
        assert (await here.deliveries())[-1].WhichOneof("body") == "send_snapshot"
        await here.feed(TOPIC, owner.snapshot(four, [lost], {number: RequestState.DECLINED}))
        view = await shown(here, code)
        assert (view.dossier.version, view.dossier.state) == (4, State.DECIDED)
        assert [request.state for request in view.requests] == [RequestState.DECLINED]
        assert await counted(here.desk.database, "parked_report") == 0
        rows = await read_timeline(desk=here.desk, principal=CITIZEN, code=code)
        assert [(row.type, row.recovered) for row in rows if row.version >= 3] == [
            ("processing_started", True),
            ("decided", False),
            ("request_answered", False),
        ]
        # The lost report turns up after all, and the road goes on.
        await here.feed(TOPIC, owner.message(lost), owner.message(owner.step("result_returned", state=State.RETURNED)))
        assert (await shown(here, code)).dossier.version == 5
        assert await refusals(here) == []
        assert await broken(here) == []


async def test_more_than_fifty_parked_reports_ask_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        owner.step("accepted", state=State.ACCEPTED)
        await here.feed(TOPIC, *[owner.message(owner.step("note")) for _ in range(51)])
        assert [one.WhichOneof("body") for one in await here.deliveries()] == ["handover", "send_snapshot"]


async def test_a_report_naming_a_file_that_is_not_here_waits_for_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        result = FileRef(digest_bytes(PDF), len(PDF), "application/pdf", "Kết quả.pdf")
        reports = [
            owner.step("accepted", state=State.ACCEPTED),
            owner.step("processing_started", state=State.PROCESSING),
            owner.step("decided", state=State.DECIDED),
            owner.step("result_attached", results=(result,)),
            owner.step("result_returned", state=State.RETURNED),
        ]
        await here.feed(TOPIC, *map(owner.message, reports))
        assert (await shown(here, code)).dossier.version == 4
        await here.desk.files.put(key_of(code, result.sha256), PDF)
        stored = said.FileStored(participant="H26", subject=code, sha256=result.sha256, size=len(PDF))
        await here.feed("exchange.events.v1", ("file_stored", code, stored.SerializeToString()))
        view = await shown(here, code)
        assert (view.dossier.version, view.dossier.status) == (6, 10)
        assert [row.role for row in view.files] == ["result"]
        assert await broken(here) == []


async def test_a_file_that_never_comes_is_told_to_the_officer_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        draft = FileRef("b" * 64, 3, "application/pdf", "nháp.pdf")
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED, draft_result=draft)))
        async with here.desk.database.begin() as tx:
            await tx.execute(update(PARKED).values(parked_at=real_now() - timedelta(minutes=16)))
        assert await ask_for_snapshots(desk=here.desk) == 1
        assert await ask_for_snapshots(desk=here.desk) == 0
        assert await refusals(here) == [("MISSING_FILE", 2)]


async def test_each_request_gets_one_answer_and_a_second_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("papers_asked", asks=owner.ask(AskKind.PAPERS))))
        view = await shown(here, code)
        assert (view.dossier.status, view.dossier.held_by) == (5, "citizen")
        number = await ask_citizen(here, code, RequestKind.SUPPLEMENT)
        assert (await shown(here, code)).dossier.held_by == "authority"
        with pytest.raises(Conflict, match="request_already_open"):
            await ask_citizen(here, code, RequestKind.SUPPLEMENT)
        answer = Answer(number, RequestState.ACCEPTED)
        accepted = owner.step("accepted", answer, state=State.ACCEPTED, asks=owner.close_asks(AskState.MET))
        await here.feed(TOPIC, owner.message(accepted), owner.message(owner.step("note", answer)))
        assert await refusals(here) == [("ILLEGAL", 4)]
        view = await shown(here, code)
        assert [request.state for request in view.requests] == [RequestState.ACCEPTED]
        assert await broken(here) == []


async def test_a_withdrawal_that_crosses_the_end_is_declined_after_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        steps = [
            owner.step("accepted", state=State.ACCEPTED),
            owner.step("processing_started", state=State.PROCESSING),
            owner.step("decided", state=State.DECIDED),
            owner.step("result_returned", state=State.RETURNED),
        ]
        number = await ask_citizen(here, code, RequestKind.WITHDRAWAL)
        await here.feed(TOPIC, *map(owner.message, steps))
        assert await broken(here) == [f"{code}: request 1 has no answer though the dossier has ended"]
        assert await broken(here, settled=False) == []
        late = owner.step("request_answered", Answer(number, RequestState.DECLINED, "already_done", "Đã xong."))
        await here.feed(TOPIC, owner.message(late))
        view = await shown(here, code)
        assert (view.dossier.version, view.dossier.status) == (6, 10)
        assert await broken(here) == []
        with pytest.raises(Conflict, match="dossier_ended"):
            await ask_citizen(here, code, RequestKind.WITHDRAWAL)


async def test_a_withdrawal_is_granted_only_when_asked(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("withdrawn", state=State.WITHDRAWN)))
        assert await refusals(here) == [("ILLEGAL", 2)]
        number = await ask_citizen(here, code, RequestKind.WITHDRAWAL)
        owner.version, owner.state = 1, State.SUBMITTED
        await here.feed(
            TOPIC,
            owner.message(owner.step("withdrawn", Answer(number, RequestState.ACCEPTED), state=State.WITHDRAWN)),
        )
        assert (await shown(here, code)).dossier.status == 7
        assert await broken(here) == []


async def test_the_appointment_is_kept_and_recomputed_and_a_difference_is_shown(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        view = await shown(here, code)
        assert view.dossier.expected is not None and view.dossier.due is None
        owner = Owner(code, here.desk.clock.now())
        wrong = Appointment(
            at=owner.at + timedelta(days=30), start=owner.at, amount=3, unit="working_days", calendar="theirs"
        )
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED, due=wrong)))
        dossier = (await shown(here, code)).dossier
        assert dossier.due is not None and dossier.national_at is not None
        assert dossier.due.at == wrong.at != dossier.national_at
        right = replace(wrong, at=dossier.national_at)
        await here.feed(TOPIC, owner.message(owner.step("calendar_changed", due=right)))
        assert (await here.sent())[-1].type == "due_changed"


async def test_the_owners_clock_is_clamped_and_lateness_flagged(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now() - timedelta(days=2))
        ahead = Owner(code, here.desk.clock.now() + timedelta(hours=1), version=2, state=State.ACCEPTED)
        await here.feed(
            TOPIC,
            owner.message(owner.step("accepted", state=State.ACCEPTED)),
            ahead.message(ahead.step("processing_started", state=State.PROCESSING)),
        )
        rows = await read_timeline(desk=here.desk, principal=CITIZEN, code=code)
        assert [row.occurred_at for row in rows] == sorted(row.occurred_at for row in rows)
        assert [(row.type, row.late, row.drift) for row in rows[2:]] == [
            ("accepted", True, False),
            ("processing_started", False, True),
        ]
        assert all(row.occurred_at <= row.received_at for row in rows)


async def test_a_full_snapshot_goes_on_the_lane_when_the_exchange_wants_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("papers_asked", asks=owner.ask(AskKind.PAPERS))))
        await ask_citizen(here, code, RequestKind.SUPPLEMENT)
        wanted = said.RedeliveryWanted(participant="H26", subject=code, reason="compare")
        await here.feed("exchange.events.v1", ("redelivery_wanted", code, wanted.SerializeToString()))
        delivery = (await here.deliveries())[-1]
        snapshot = delivery.snapshot
        assert (snapshot.state.version, snapshot.state.digest) == (2, (await shown(here, code)).dossier.state_digest)
        assert [row.version for row in snapshot.history] == [1, 2]
        assert [request.state for request in snapshot.requests] == ["open"]
        assert snapshot.handover.procedure == "1.004873"
        numbers = [row.version for row in await here.sent() if row.topic == "province.deliveries.v1"]
        assert numbers == [1, 2, 3]


async def test_delivered_is_told_once_and_links_are_kept(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        code = await here.file()
        now = stamp(here.desk.clock.now())
        acked = said.DeliveryAcked(participant="H26", subject=code, kind="handover", seq=1, at=now)
        up = said.LinkConnected(participant="H26", link_epoch=2, at=now)
        old = said.LinkLost(participant="H26", link_epoch=1, at=now)
        for _ in range(2):
            await here.feed(
                "exchange.events.v1",
                ("delivery_acked", code, acked.SerializeToString()),
                ("link_connected", "H26", up.SerializeToString()),
                ("link_lost", "H26", old.SerializeToString()),
                ("something_new", "H26", b""),
            )
        view = await shown(here, code)
        assert (view.dossier.event_no, view.link.connected) == (2, True)
        assert [row.type for row in await here.sent() if row.topic == "dossier.events.v1"] == [
            "dossier_submitted",
            "dossier_delivered",
        ]


async def test_republishing_says_every_change_again_as_it_was_said_first(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        codes = [await here.file() for _ in range(3)]
        owner = Owner(codes[0], here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED)))
        first = [row for row in await here.sent() if row.topic == "dossier.events.v1"]
        count = len(await here.sent())
        assert await republish(database=here.desk.database, step=2) == 5 + 2, "two are not surely with their owner"
        again = (await here.sent())[count:]
        events = [row for row in again if row.topic == "dossier.events.v1"]
        assert {(row.type, row.subject, row.version, row.body) for row in events} == {
            (row.type, row.subject, row.version, row.body) for row in first
        }
        assert sorted(row.subject for row in again if row.type == "snapshot") == sorted(codes[1:])
        assert await republish(database=here.desk.database, subject=codes[0]) == 3


async def test_the_checker_names_a_changed_row_and_a_cut_tail(tmp_path: Path) -> None:
    async with world(tmp_path, clock=Clock(tmp_path / "clock.json")) as here:
        code = await here.file()
        owner = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("accepted", state=State.ACCEPTED)))
        async with here.desk.database.begin() as tx:
            await tx.execute(update(HISTORY).where(HISTORY.c.n == 2).values(type="refused"))
        assert any("was changed after" in fault for fault in await broken(here))
        assert any(code in fault and "entry 2" in fault for fault in await broken(here))
        async with here.desk.database.begin() as tx:
            content = (await tx.all(select(HISTORY.c.content).where(HISTORY.c.n == 3)))[0][0]
            other = content.replace(b"officer", b"officex")
            await tx.execute(update(HISTORY).where(HISTORY.c.n == 3).values(content=other))
        assert f"{code}: entry 3: its content was changed" in await broken(here)
        async with here.desk.database.begin() as tx:
            await tx.execute(text("UPDATE history SET state = 'hacked' WHERE n = 3"))
        assert any(code in fault and "cannot be read" in fault for fault in await broken(here))
        async with here.desk.database.begin() as tx:
            await tx.execute(delete(HISTORY).where(HISTORY.c.n == 3))
        assert any(code in fault and "tail" in fault for fault in await broken(here))
        async with here.desk.database.begin() as tx:
            await tx.execute(update(DOSSIER).values(status=9))
        assert any("status 9" in fault for fault in await broken(here))
