"""Tasks: the office telephones whom no message reaches, closes it with a note, and no silence counts before."""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import Reject
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.events.check import check_invariants
from province_backend.model.case import AskState
from province_backend.model.steps import Actor
from province_backend.usecases import deciding
from province_backend.usecases.working import next_wake
from tests.province_backend.conftest import CODE, handover, reports, stamp
from tests.province_backend.test_pages import CASE, HOME, Officer, text

Open = Callable[..., Any]
Token = Callable[..., str]
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\ntrailer\nstartxref\n9\n%%EOF\n"
ACTOR = Actor("officer", "H26.00004", "Lê Thị Thu")


def task(about: int = 5, kind: str = "unreached", *, code: str = CODE, **more: Any) -> pb.Delivery:
    opened = pb.TaskOpened(dossier=code, about=about, kind=kind, opened_at=stamp(), **more)
    return pb.Delivery(subject=f"{code}.{about}", subject_kind="task", lane="H26", epoch=1, task_opened=opened)


async def closed(office: Any) -> list[pb.TaskClosed]:
    return [up.task_closed for _, up in await office.changes(0, 1000) if up.WhichOneof("body") == "task_closed"]


async def test_the_queue_shows_who_is_to_be_called_and_a_note_closes_it(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        for _ in range(2):
            await office.deliver(task(3, what="accepted"))
        await office.deliver(task(5, what="papers_asked", contact="+84987654321"))
        officer = Officer(offices.running.app, token())
        queue = text(await officer.get(f"{HOME}?tab=calls"))
        assert "Cần gọi điện (1)" in queue and CODE in queue
        case = text(await officer.get(CASE))
        assert "Tin nhắn không tới được người nộp." in case and "+84987654321" in case
        assert "Cần bổ sung giấy tờ" in case and "Hồ sơ đã được tiếp nhận" in case
        empty = await officer.post(f"{CASE}/told", note=" ")
        assert empty.status == 422 and "told-note-error" in text(empty)
        note = "Đã gọi 9 giờ, bà Bích đã rõ."
        assert (await officer.post(f"{CASE}/told", note=note)).status == 303
        assert [(one.dossier, one.about, one.note) for one in await closed(office)] == [
            (CODE, 3, note),
            (CODE, 5, note),
        ]
        again = await officer.post(f"{CASE}/told", note=note)
        assert again.status == 409 and len(await closed(office)) == 2
        assert "Không có ai cần gọi." in text(await officer.get(f"{HOME}?tab=calls"))
        assert await reports(office) == [], "no ask waited, so the dossier's state stays as it is"
        assert await check_invariants("H26", office.books.database) == []


async def test_silence_does_not_count_before_the_person_was_told(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        books = office.books
        await office.deliver(handover())
        await deciding.accept_case(books=books, code=CODE, seen=None, actor=ACTOR)
        await deciding.start_processing(books=books, code=CODE, seen=None, actor=ACTOR)
        case = await deciding.send_draft_result(books=books, code=CODE, seen=None, actor=ACTOR, upload=("a.pdf", PDF))
        first = case.asks[0].due
        await office.deliver(task(9, what="draft_sent", ask_no=1))
        await books.clock.advance(timedelta(days=30))
        assert (await deciding.look_at(books=books, code=CODE)).asks[0].state is AskState.OPEN
        assert await next_wake(books=books) is None
        officer = Officer(offices.running.app, token())
        assert "thời hạn của người nộp chưa tính" in text(await officer.get(CASE))
        assert (await officer.post(f"{CASE}/told", note="Đã gọi.")).status == 303
        case = await deciding.look_at(books=books, code=CODE)
        assert first < books.clock.now() < case.asks[0].due <= books.working_days(2)
        assert (await reports(office))[-1].step.type == "time_restarted"
        await books.clock.advance(timedelta(days=10))
        case = await deciding.look_at(books=books, code=CODE)
        assert case.asks[0].state is AskState.LAPSED, "once they know, silence counts"
        assert await check_invariants("H26", books.database) == []


async def test_a_wish_to_be_called_waits_also_after_the_end(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await deciding.refuse_case(books=office.books, code=CODE, seen=None, actor=ACTOR, reason="Trùng", rule="Điều 1")
        await office.deliver(task(0, "call_back"))
        officer = Officer(offices.running.app, token())
        assert "Người nộp muốn được gọi lại." in text(await officer.get(CASE))
        assert (await officer.post(f"{CASE}/told", note="Đã gọi lại.")).status == 303
        assert len(await closed(office)) == 1


async def test_a_task_of_a_kind_that_nobody_knows_is_refused(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        with pytest.raises(Reject):
            await offices.by_id["H26"].deliver(task(1, "dance"))


async def test_books_that_are_older_than_tasks_get_their_table(open_offices: Open, tmp_path: Path) -> None:
    async with open_offices(run=False):
        pass
    path = tmp_path / "provinces" / "H26" / "office.db"
    with sqlite3.connect(path) as books:
        books.execute("DROP TABLE task")
    books.close()
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(task())


async def test_an_apology_comes_a_day_ahead_once_with_reason_new_day_and_the_heads_name(
    open_offices: Open, token: Token
) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        books = office.books
        delivery = handover()
        delivery.handover.submitted_at.CopyFrom(stamp())
        delivery.handover.term_amount = 10
        await office.deliver(delivery)
        case = await deciding.accept_case(books=books, code=CODE, seen=None, actor=ACTOR)
        assert case.due
        first = case.due.at
        officer = Officer(offices.running.app, token())
        seen = await officer.seen()
        wish = {"seen": seen, "more": "5", "reason": "Chờ xác minh ở nơi khác.", "head": "Trần Văn Hùng"}
        empty = await officer.post(f"{CASE}/apologise", **(wish | {"reason": "", "head": "", "more": "2"}))
        assert empty.status == 422 and "apologise-reason" in text(empty) and "apologise-head" in text(empty)
        assert (await officer.post(f"{CASE}/apologise", **wish)).status == 303
        case = await deciding.look_at(books=books, code=CODE)
        assert case.due
        assert (case.due.amount, case.due.at > first) == (15, True)
        (report,) = [one for one in await reports(office) if one.step.type == "apologised"]
        assert "Chờ xác minh" in report.step.note and "Trần Văn Hùng" in report.step.note
        assert "Xin lỗi và hẹn lại</button>" not in text(await officer.get(CASE)), "a third day is never given"
        again = await officer.post(f"{CASE}/apologise", **(wish | {"seen": await officer.seen()}))
        assert again.status == 409
        assert await check_invariants("H26", books.database) == []


async def test_an_apology_after_the_day_before_is_too_late(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        await deciding.accept_case(books=office.books, code=CODE, seen=None, actor=ACTOR)
        officer = Officer(offices.running.app, token())
        await office.books.clock.advance(timedelta(days=4))
        wish = {"seen": await officer.seen(), "more": "1", "reason": "Chậm.", "head": "Hùng"}
        late = await officer.post(f"{CASE}/apologise", **wish)
        assert late.status == 409 and "ít nhất 1 ngày" in text(late)
