"""Deliveries in, change rows out: idempotent, dense, answered exactly once."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from kernel.errors import Conflict, Invalid
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.events.check import check_invariants
from province_backend.model.steps import Actor
from province_backend.usecases import deciding
from tests.province_backend.conftest import CODE, handover, reports, request, until_state

OFFICER = Actor("officer", "H26.00004", "Nguyễn Thị Hoa (demo)")
Open = Callable[..., Any]


async def kept(office: Any) -> None:
    assert await check_invariants("H26", office.books.database) == []


async def test_the_same_handover_twice_is_nothing_new(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        before = await office.states()
        await office.deliver(handover())
        assert await office.states() == before
        assert [(code, epoch, version) for code, epoch, version, _ in before] == [(CODE, 1, 1)]
        assert await office.changes(0, 10) == []


async def test_the_first_report_is_version_2_and_carries_the_whole_state(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await deciding.accept_case(books=office.books, code=CODE, seen=1, actor=OFFICER)
        ((number, upward),) = await office.changes(0, 10)
        report = upward.report
        assert (number, report.version, report.epoch, report.state) == (1, 2, 1, pb.ACCEPTED)
        assert report.step.type == "accepted"
        assert report.due.amount == 1
        assert list(report.due.skipped) == ["2026-11-24"]
        assert report.digest == (await office.states())[0][3]
        await kept(office)


async def test_a_robot_office_walks_a_dossier_to_its_signed_result(open_offices: Open) -> None:
    async with open_offices(pace=0) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        made = await until_state(office, pb.RETURNED)
        steps = [report.step.type for report in made]
        assert steps == ["accepted", "processing_started", "decided", "result_attached", "result_returned"]
        assert [report.version for report in made] == [2, 3, 4, 5, 6]
        (result,) = made[-1].results
        data = b"".join([chunk async for chunk in office.file(CODE, result.sha256)])
        assert hashlib.sha256(data).hexdigest() == result.sha256
        assert len(data) == result.size
        await kept(office)


async def test_a_robot_office_asks_for_the_papers_that_the_example_wants(open_offices: Open) -> None:
    asks = json.dumps([{"field": "proof", "text": "Giấy chứng sinh", "reason": "Ảnh mờ", "rule": "Điều 16"}])
    async with open_offices(pace=0) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover(demo_asks_json=asks))
        made = await until_state(office, pb.SUBMITTED)
        assert made[-1].asks[0].items[0].text == "Giấy chứng sinh"
        await office.deliver(request(1, pb.SUPPLEMENT, ask_no=1, answers_json='{"note": "ảnh rõ hơn"}'))
        made = await until_state(office, pb.RETURNED)
        accepted = made[1]
        assert accepted.state == pb.ACCEPTED
        assert accepted.asks[0].state == pb.MET
        assert accepted.answers[0].request_no == 1
        await kept(office)


async def test_an_example_marked_true_is_asked_for_one_paper(open_offices: Open) -> None:
    async with open_offices(pace=0) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover(demo_asks_json="true"))
        made = await until_state(office, pb.SUBMITTED)
        ((item,),) = [ask.items for ask in made[-1].asks]
        assert (item.field, item.rule) == ("proof_photo", "Luật Hộ tịch 2014, Điều 16 khoản 1")


async def test_a_robot_office_sends_a_draft_and_waits_for_the_citizen(open_offices: Open) -> None:
    async with open_offices(pace=0) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover(wants_draft=True))
        made = await until_state(office, pb.PROCESSING)
        while made[-1].step.type != "draft_sent":
            await office.wait_change(5)
            made = await reports(office)
        assert made[-1].draft_result.sha256
        await office.deliver(request(1, pb.CONFIRMATION, ask_no=1))
        made = await until_state(office, pb.RETURNED)
        assert [a.request_no for report in made for a in report.answers] == [1]
        await kept(office)


async def test_a_withdrawal_before_the_decision_ends_the_case(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await office.deliver(request(1, pb.SUPPLEMENT))
        await office.deliver(request(2, pb.WITHDRAWAL))
        await deciding.answer_request(books=office.books, code=CODE, seen=1, actor=OFFICER, request_no=2, accept=True)
        (report,) = await reports(office)
        assert report.state == pb.WITHDRAWN
        assert {a.request_no: a.verdict for a in report.answers} == {1: pb.VERDICT_CLOSED, 2: pb.VERDICT_ACCEPTED}
        await kept(office)


async def test_requests_after_the_decision_and_after_the_end_are_answered_at_once(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        books = office.books
        await office.deliver(handover())
        await deciding.accept_case(books=books, code=CODE, seen=1, actor=OFFICER)
        await deciding.start_processing(books=books, code=CODE, seen=2, actor=OFFICER)
        await deciding.decide_case(books=books, code=CODE, seen=3, actor=OFFICER)
        await office.deliver(request(1, pb.WITHDRAWAL))
        await deciding.attach_result(books=books, code=CODE, seen=5, actor=OFFICER)
        await deciding.return_result(books=books, code=CODE, seen=6, actor=OFFICER)
        await office.deliver(request(2, pb.SUPPLEMENT))
        paid = request(3, pb.PAYMENT)
        await office.deliver(paid)
        await office.deliver(paid)
        given = {a.request_no: (a.verdict, a.code) for report in await reports(office) for a in report.answers}
        assert given == {
            1: (pb.VERDICT_DECLINED, "already_done"),
            2: (pb.VERDICT_DECLINED, "ended"),
            3: (pb.VERDICT_CLOSED, "ended"),
        }
        await kept(office)


async def test_a_number_that_a_restored_nation_gives_again_is_a_request_of_its_own(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        books = office.books
        await office.deliver(handover())
        lost = request(1, pb.WITHDRAWAL)
        await office.deliver(lost)
        await deciding.answer_request(
            books=books, code=CODE, seen=1, actor=OFFICER, request_no=1, accept=False, text="Chưa rõ."
        )
        again = request(1, pb.WITHDRAWAL)
        await office.deliver(again)
        await office.deliver(again)
        await deciding.answer_request(books=books, code=CODE, seen=2, actor=OFFICER, request_no=1, accept=True)
        made = await reports(office)
        assert [report.answers[0].verdict for report in made] == [pb.VERDICT_DECLINED, pb.VERDICT_ACCEPTED]
        assert made[-1].state == pb.WITHDRAWN
        await kept(office)


async def test_a_request_that_comes_before_its_dossier_waits_for_it(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(request(1, pb.WITHDRAWAL))
        await office.deliver(handover())
        case = await deciding.look_at(books=office.books, code=CODE)
        assert [r.request_no for r in case.waiting] == [1]


async def test_papers_that_do_not_come_in_time_stop_the_dossier(open_offices: Open) -> None:
    asks = json.dumps([{"text": "Giấy chứng sinh"}])
    async with open_offices(pace=0) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover(demo_asks_json=asks))
        await until_state(office, pb.SUBMITTED)
        await office.books.clock.advance(timedelta(days=40))
        made = await until_state(office, pb.STOPPED)
        assert made[-1].asks[0].state == pb.LAPSED
        await office.deliver(request(1, pb.SUPPLEMENT, ask_no=1))
        made = await reports(office)
        assert (made[-1].answers[0].verdict, made[-1].answers[0].code) == (pb.VERDICT_DECLINED, "ended")
        await kept(office)


async def test_a_refused_report_is_kept_for_the_officer_once(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        refused = pb.ReportRefused(version=2, code="STALE_OWNER", text="Chủ sở hữu đã đổi")
        delivery = pb.Delivery(subject=CODE, subject_kind="dossier", lane="H26", epoch=1, report_refused=refused)
        await office.deliver(delivery)
        await office.deliver(delivery)
        case = await deciding.look_at(books=office.books, code=CODE)
        assert [(r.version, r.code) for r in case.refusals] == [(2, "STALE_OWNER")]
        assert case.stale


def national_snapshot(*, version: int, state: pb.State, epoch: int = 1) -> pb.Delivery:
    taken = handover().handover
    snapshot = pb.Snapshot(
        state=pb.Report(epoch=epoch, version=version, state=state, step=pb.HistoryStep(type="processing_started")),
        handover=taken,
    )
    return pb.Delivery(subject=CODE, subject_kind="dossier", lane="H26", epoch=epoch, snapshot=snapshot)


async def test_a_new_owner_goes_on_from_the_nations_version(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(national_snapshot(version=7, state=pb.PROCESSING, epoch=2))
        assert [row[:3] for row in await office.states()] == [(CODE, 2, 7)]
        await deciding.decide_case(books=office.books, code=CODE, seen=7, actor=OFFICER)
        assert [(r.epoch, r.version) for r in await reports(office)] == [(2, 8)]
        await kept(office)


async def test_books_beyond_the_nation_give_a_snapshot_and_keep_their_state(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        books = office.books
        await deciding.accept_case(books=books, code=CODE, seen=1, actor=OFFICER)
        await deciding.start_processing(books=books, code=CODE, seen=2, actor=OFFICER)
        await office.deliver(national_snapshot(version=1, state=pb.SUBMITTED))
        changes = await office.changes(0, 10)
        assert [up.WhichOneof("body") for _, up in changes] == ["report", "report", "snapshot"]
        snapshot = changes[-1][1].snapshot
        assert snapshot.state.version == 3
        assert [row.version for row in snapshot.history] == [1, 2, 3]


async def test_numbers_that_a_reader_saw_in_lost_books_are_not_given_again(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        assert await office.changes(250, 10) == []
        await deciding.accept_case(books=office.books, code=CODE, seen=1, actor=OFFICER)
        assert [number for number, _ in await office.changes(250, 10)] == [251]
        await kept(office)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_file_that_differs_from_its_digest_is_not_kept(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        good = hashlib.sha256(b"one two").hexdigest()
        ref = pb.FileRef(sha256=good, size=7, type="application/pdf", name="a.pdf")
        with pytest.raises(Invalid):
            await office.put_file(CODE, ref, chunks(b"one", b" TWO"))
        await office.put_file(CODE, ref, chunks(b"one", b" two"))
        await office.put_file(CODE, ref, chunks(b"one", b" two"))
        assert b"".join([chunk async for chunk in office.file(CODE, good)]) == b"one two"


async def test_a_robot_takes_over_books_that_were_kept_by_hand(open_offices: Open) -> None:
    async with open_offices(pace=None) as offices:
        await offices.by_id["H26"].deliver(handover())
    async with open_offices(pace=0) as offices:
        await until_state(offices.by_id["H26"], pb.RETURNED)


async def test_by_hand_nothing_moves_and_nothing_spins(open_offices: Open) -> None:
    async with open_offices(pace=30) as offices:
        await offices.by_id["H26"].deliver(handover())
    async with open_offices(pace=None) as offices:
        await offices.by_id["H26"].wait_change(0.2)
        began = time.process_time()
        await offices.by_id["H26"].wait_change(0.5)
        assert time.process_time() - began < 0.3
        assert await reports(offices.by_id["H26"]) == []


async def test_books_restored_from_a_copy_give_way_and_still_keep_every_promise(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office, books = offices.by_id["H26"], offices.by_id["H26"].books
        await office.deliver(handover())
        await deciding.accept_case(books=books, code=CODE, seen=1, actor=OFFICER)
        await office.deliver(national_snapshot(version=5, state=pb.PROCESSING))
        await deciding.decide_case(books=books, code=CODE, seen=5, actor=OFFICER)
        assert [report.version for report in await reports(office)] == [2, 6]
        await kept(office)


def moved_on(epoch: int, version: int = 0) -> pb.Delivery:
    refused = pb.ReportRefused(version=version, code="STALE_OWNER", text="Hồ sơ này đã chuyển cho TP.HCM.")
    return pb.Delivery(subject=CODE, subject_kind="dossier", lane="H26", epoch=epoch, report_refused=refused)


async def test_a_dossier_that_was_handed_on_is_read_only_and_no_longer_the_offices_own(open_offices: Open) -> None:
    async with open_offices(pace=None) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await office.deliver(moved_on(1))
        assert await office.states() == []
        with pytest.raises(Conflict) as refused:
            await deciding.accept_case(books=office.books, code=CODE, seen=1, actor=OFFICER)
        assert refused.value.code == "handed_on"
        await office.deliver(request(1, pb.WITHDRAWAL))
        assert await reports(office) == []
        cases, counts = await deciding.list_work(books=office.books, place="done", skip=0, limit=9)
        assert ([case.code for case in cases], counts) == ([CODE], {"done": 1})
        await kept(office)


async def test_a_dossier_that_came_back_is_worked_on_whatever_is_still_said_of_the_past(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await deciding.accept_case(books=office.books, code=CODE, seen=1, actor=OFFICER)
        await office.deliver(moved_on(1))
        await office.deliver(national_snapshot(version=7, state=pb.PROCESSING, epoch=3))
        await office.deliver(moved_on(1, version=2))
        await deciding.decide_case(books=office.books, code=CODE, seen=7, actor=OFFICER)
        assert [(report.epoch, report.version) for report in await reports(office)] == [(1, 2), (3, 8)]
        assert [row[:3] for row in await office.states()] == [(CODE, 3, 8)]
        await kept(office)


async def test_a_restored_nation_that_knows_of_no_change_gives_the_dossier_back(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await office.deliver(moved_on(1))
        await office.deliver(national_snapshot(version=1, state=pb.SUBMITTED))
        assert [row[:3] for row in await office.states()] == [(CODE, 1, 1)]
        await deciding.accept_case(books=office.books, code=CODE, seen=1, actor=OFFICER)
        await kept(office)


async def test_a_new_owner_has_what_accepted_supplements_brought(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        whole = national_snapshot(version=4, state=pb.ACCEPTED, epoch=2)
        for number, state, text in ((1, "accepted", "mới"), (2, "declined", "sai")):
            whole.snapshot.requests.add(
                request_no=number, kind=pb.SUPPLEMENT, state=state, answers_json=json.dumps({"note": text})
            )
        await office.deliver(whole)
        case = await deciding.look_at(books=office.books, code=CODE)
        assert case.filing.answers["note"] == "mới"
