"""Officers' pages over ASGI: who may see what, one form per step, nobody decides twice."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from kernel.web import AsgiUpstream, Reply
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.api.words import TEXTS
from province_backend.events.check import check_invariants
from tests.province_backend.conftest import CODE, handover, reports, request

Open = Callable[..., Any]
Token = Callable[..., str]
HOME = "/office/H26"
CASE = f"{HOME}/cases/{CODE}"


class Officer:
    """A browser without scripts, signed in at the gateway as one person."""

    def __init__(self, app: Any, token: str | None) -> None:
        self._upstream = AsgiUpstream(app)
        self._headers = {"accept-language": "vi"} | ({"authorization": f"Bearer {token}"} if token else {})

    async def get(self, path: str, **headers: str) -> Reply:
        return await self._upstream.request("GET", path, {**self._headers, **headers})

    async def post(self, path: str, **fields: str) -> Reply:
        headers = {**self._headers, "content-type": "application/x-www-form-urlencoded"}
        return await self._upstream.request("POST", path, headers, urlencode(fields).encode())

    async def send_file(self, path: str, data: bytes, **fields: str) -> Reply:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="kq.pdf"\r\n'
        parts.append(head + b"Content-Type: application/pdf\r\n\r\n" + data + b"\r\n--x--\r\n")
        headers = {**self._headers, "content-type": "multipart/form-data; boundary=x"}
        return await self._upstream.request("POST", path, headers, b"".join(parts))

    async def seen(self) -> str:
        found = re.search(r'name="seen" value="(\d+)"', text(await self.get(CASE)))
        assert found
        return found[1]


def text(reply: Reply) -> str:
    return reply.body.decode()


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(open_offices: Open) -> None:
    async with open_offices(run=False) as offices:
        reply = await Officer(offices.running.app, None).get(HOME)
        assert reply.status == 303
        assert reply.headers["location"] == f"/auth/login?next={HOME}"


async def test_citizens_and_other_offices_see_nothing(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        app = offices.running.app
        assert (await Officer(app, token("c", roles=("citizen",))).get(CASE)).status == 403
        assert (await Officer(app, token("o", participant="H01")).get(CASE)).status == 404
        assert (await Officer(app, token("o", participant="H99")).get("/office/H99")).status == 404
        assert (await Officer(app, token()).get(f"{HOME}/cases/H26-261120-9999")).status == 404
        assert (await Officer(app, token()).get(f"{HOME}?tab=nothing")).status == 404
        assert (await Officer(app, token()).get(f"{HOME}?skip=minus")).status == 422


async def test_an_officer_finishes_a_dossier_by_hand(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        work = text(await officer.get(HOME))
        assert CODE in work
        assert "Đăng ký khai sinh" in work
        case = text(await officer.get(CASE))
        for wanted in ("Nguyễn Ngọc Ánh", "Trần Thị Bích", "Dự kiến trả", "25/11/2026", "Tiếp nhận hồ sơ"):
            assert wanted in case
        for step in ("accept", "start", "decide"):
            reply = await officer.post(f"{CASE}/{step}", seen=await officer.seen())
            assert reply.status == 303, text(reply)
        reply = await officer.send_file(f"{CASE}/attach", b"not a pdf", seen=await officer.seen())
        assert reply.status == 422
        reply = await officer.send_file(f"{CASE}/attach", b"", seen=await officer.seen())
        assert reply.status in (303, 422)
        if reply.status == 422:
            reply = await officer.post(f"{CASE}/attach", seen=await officer.seen())
        assert reply.status == 303
        reply = await officer.post(f"{CASE}/return", seen=await officer.seen())
        assert reply.status == 303
        end = text(await officer.get(CASE))
        assert "Đã trả kết quả" in end
        made = await reports(office)
        assert made[-1].state == pb.RETURNED
        result = await officer.get(f"{CASE}/files/{made[-1].results[0].sha256}")
        assert result.status == 200
        assert result.headers["content-type"] == "application/pdf"
        assert result.body.startswith(b"%PDF-")
        assert await check_invariants("H26", office.books.database) == []


async def test_two_officers_see_each_other_and_cannot_decide_twice(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        first = Officer(offices.running.app, token("officer-1"))
        second = Officer(offices.running.app, token("officer-2"))
        seen = await first.seen()
        assert "Đang có người khác mở hồ sơ này" in text(await second.get(CASE))
        assert (await first.post(f"{CASE}/accept", seen=seen)).status == 303
        late = await second.post(f"{CASE}/refuse", seen=seen, reason="Thiếu", rule="Điều 16")
        assert late.status == 409
        assert "Hồ sơ vừa được người khác xử lý" in text(late)
        assert len(await reports(offices.by_id["H26"])) == 1


async def test_what_was_typed_stays_when_something_is_missing(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        officer = Officer(offices.running.app, token())
        seen = await officer.seen()
        reply = await officer.post(f"{CASE}/refuse", seen=seen, reason="Hồ sơ <trùng>", rule="")
        assert reply.status == 422
        assert "Hồ sơ &lt;trùng&gt;" in text(reply)
        assert "Ghi căn cứ pháp lý" in text(reply)
        assert await reports(offices.by_id["H26"]) == []


async def test_asking_for_papers_and_answering_the_supplement(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        fields = {"items": "Giấy chứng sinh\nẢnh", "reason": "Ảnh mờ", "rule": "Điều 16"}
        reply = await officer.post(f"{CASE}/ask_for_papers", seen=await officer.seen(), **fields)
        assert reply.status == 303
        assert CODE in text(await officer.get(f"{HOME}?tab=citizen"))
        await office.deliver(request(1, pb.SUPPLEMENT, ask_no=1, text="Gửi lại ảnh"))
        assert CODE in text(await officer.get(HOME))
        assert "Gửi lại ảnh" in text(await officer.get(CASE))
        declined = await officer.post(
            f"{CASE}/answer", seen=await officer.seen(), request_no="1", verdict="decline", text=""
        )
        assert declined.status == 422
        reply = await officer.post(f"{CASE}/answer", seen=await officer.seen(), request_no="1", verdict="accept")
        assert reply.status == 303
        made = await reports(office)
        assert (made[-1].state, made[-1].asks[0].state) == (pb.ACCEPTED, pb.MET)
        assert made[-1].answers[0].request_no == 1
        asks_again = await officer.post(f"{CASE}/ask_for_papers", seen=await officer.seen(), **fields)
        assert asks_again.status == 422
        assert "Lý do hỏi lần hai, của người đứng đầu" in text(asks_again)
        reply = await officer.post(
            f"{CASE}/ask_for_papers", seen=await officer.seen(), **fields, again="Luật mới từ 1/12 đòi thêm giấy này"
        )
        assert reply.status == 303
        assert (await reports(office))[-1].step.note == "Luật mới từ 1/12 đòi thêm giấy này"


async def test_more_lines_than_one_request_holds_are_refused_and_none_is_dropped(
    open_offices: Open, token: Token
) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        lines = "\n".join(f"Giấy số {number}" for number in range(1, 22))
        fields = {"items": lines, "reason": "Ảnh mờ", "rule": "Điều 16"}
        reply = await officer.post(f"{CASE}/ask_for_papers", seen=await officer.seen(), **fields)
        assert reply.status == 422
        assert "Bạn ghi 21 dòng" in text(reply)
        assert "Giấy số 21" in text(reply)
        assert await reports(office) == []


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("150000", 150_000), ("150.000", 150_000), ("1,150,000", 1_150_000), ("12.5", None), ("1.50", None), ("-5", None)],
)
async def test_detail_18_an_amount_is_read_as_it_was_meant_or_not_at_all(
    open_offices: Open, token: Token, typed: str, amount: int | None
) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        await officer.post(f"{CASE}/accept", seen=await officer.seen())
        reply = await officer.post(
            f"{CASE}/ask_for_money", seen=await officer.seen(), amount_vnd=typed, rule="Nghị quyết số 5"
        )
        assert reply.status == (422 if amount is None else 303)
        asked = [ask.amount_vnd for ask in (await reports(office))[-1].asks]
        assert asked == ([] if amount is None else [amount])


async def test_what_an_officer_typed_outlives_the_session(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        seen = await Officer(offices.running.app, token()).seen()
        over = await Officer(offices.running.app, None).post(
            f"{CASE}/refuse", seen=seen, reason="Hồ sơ <trùng>", rule="Điều 16"
        )
        assert over.status == 401
        for wanted in (f'action="{CASE}/refuse"', 'value="Hồ sơ &lt;trùng&gt;"', f'name="seen" value="{seen}"'):
            assert wanted in text(over)
        assert await reports(office) == []


async def test_a_shortcut_goes_to_the_button_and_does_not_press_it(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        page = text(await Officer(offices.running.app, token()).get(CASE))
        assert re.search(r'<a [^>]*href="#do-accept" accesskey="1"', page)
        assert not re.search(r"<button[^>]*accesskey", page)


async def test_the_citizen_reads_the_name_that_the_list_of_staff_has(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False, staff={"officer-1": "Vũ Thị Mai"}) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        listed = Officer(offices.running.app, token("officer-1"))
        await listed.post(f"{CASE}/accept", seen=await listed.seen())
        other = Officer(offices.running.app, token("officer-2"))
        await other.post(f"{CASE}/start", seen=await other.seen())
        names = [report.step.handler for report in await reports(office)]
        assert names[0] == "Vũ Thị Mai"
        assert names[1].startswith("Công chức #")


async def test_opening_a_case_is_noted_for_the_citizen_once_an_hour(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        await officer.get(CASE)
        await officer.get(CASE)
        changes = await office.changes(0, 10)
        assert [up.WhichOneof("body") for _, up in changes] == ["access_noted"]
        assert changes[0][1].access_noted.role == "officer"


async def test_the_robot_leaves_a_case_to_the_officer_who_opened_it(open_offices: Open, token: Token) -> None:
    async with open_offices(pace=30, run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        officer = Officer(offices.running.app, token())
        seen = await officer.seen()
        await office.books.clock.advance(timedelta(minutes=2))
        assert await reports(office) == []
        assert (await officer.post(f"{CASE}/accept", seen=seen)).status == 303
        await office.books.clock.advance(timedelta(minutes=2))
        assert [report.step.actor_role for report in await reports(office)] == ["officer"]
        await office.books.clock.advance(timedelta(minutes=15))
        assert [report.step.actor_role for report in await reports(office)] == ["officer", "system"]


async def test_a_refusal_of_the_nation_is_shown_with_its_reason(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office = offices.by_id["H26"]
        await office.deliver(handover())
        refused = pb.ReportRefused(version=2, code="ILLEGAL", text="từ submitted sang decided")
        await office.deliver(pb.Delivery(subject=CODE, epoch=1, report_refused=refused))
        officer = Officer(offices.running.app, token())
        page = text(await officer.get(CASE))
        assert "Trung ương chưa nhận báo cáo số 2" in page
        assert "từ submitted sang decided" in page
        assert "Trung ương chưa nhận báo cáo" in text(await officer.get(HOME))


@pytest.mark.parametrize("path", [HOME, CASE, f"{HOME}?tab=done", f"{HOME}/cases/none"])
async def test_pages_are_whole_documents_in_both_languages(open_offices: Open, token: Token, path: str) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        officer = Officer(offices.running.app, token())
        for language in ("vi", "en"):
            mark = "&" if "?" in path else "?"
            page = text(await officer.get(f"{path}{mark}lang={language}"))
            assert f'<html lang="{language}">' in page
            assert page.count("<h1") == 1
            assert "<script" not in page
            assert 'href="#main"' in page


def test_every_text_has_both_languages() -> None:
    assert all(set(entry) == {"vi", "en"} and all(entry.values()) for entry in TEXTS.values())
    used: set[str] = set()
    for template in (Path(__file__).parents[2] / "province_backend" / "templates").rglob("*.html"):
        used |= set(re.findall(r'(?<!\w)t\("([a-z_.]+)"[,)]', template.read_text("utf-8")))
    assert used <= set(TEXTS), used - set(TEXTS)
