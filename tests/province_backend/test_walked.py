"""What an officer who worked through the pages stumbled over, one test each."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from proto.exchange.v1 import exchange_pb2 as pb
from tests.province_backend.conftest import handover, request
from tests.province_backend.test_pages import CASE, Officer, text

Open = Callable[..., Any]
Token = Callable[..., str]


async def until_draft(officer: Officer) -> None:
    """Take the case as far as a draft that the citizen is to check."""
    for step in ("accept", "start", "send_draft"):
        reply = await officer.post(f"{CASE}/{step}", seen=await officer.seen())
        assert reply.status == 303, text(reply)


async def test_a_citizen_who_finds_a_mistake_in_the_draft_is_not_shown_as_agreeing(
    open_offices: Open, token: Token
) -> None:
    async with open_offices(run=False) as offices:
        office, officer = offices.by_id["H26"], Officer(offices.running.app, token())
        await office.deliver(handover())
        await until_draft(officer)
        await office.deliver(request(1, pb.CONFIRMATION, ask_no=1, text="Tên mẹ sai dấu"))
        asked = text(await officer.get(CASE))
        assert (
            "Báo bản nháp có chỗ sai" in asked and "Đồng ý sửa" in asked and "xác nhận bản nháp đúng</h2>" not in asked
        )
        fields = {"seen": await officer.seen(), "request_no": "1", "verdict": "accept", "text": ""}
        assert (await officer.post(f"{CASE}/answer", **fields)).status == 303
        after = text(await officer.get(CASE))
        assert "Gửi bản nháp đã sửa để người dân xem lại" in after and after.count("Tên mẹ sai dấu") == 2
        assert "Người dân xác nhận bản nháp" not in after
        assert (await officer.post(f"{CASE}/send_draft", seen=await officer.seen())).status == 303
        again = text(await officer.get(CASE))
        assert "Gửi bản nháp đã sửa" not in again and "Tên mẹ sai dấu" in again


async def test_a_citizen_who_agrees_with_the_draft_is_shown_as_agreeing(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        office, officer = offices.by_id["H26"], Officer(offices.running.app, token())
        await office.deliver(handover())
        await until_draft(officer)
        await office.deliver(request(1, pb.CONFIRMATION, ask_no=1))
        asked = text(await officer.get(CASE))
        assert "Người dân xác nhận bản nháp đúng</h2>" in asked and "có chỗ sai" not in asked


async def test_the_date_names_its_receipt_and_the_working_day_it_counts_from(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        page = text(await Officer(offices.running.app, token()).get(CASE))
        assert "Nhận lúc 15:40 Thứ Sáu, 20/11/2026. Tính từ 07:30 Thứ Hai, 23/11/2026, cộng 1 ngày làm việc" in page
        assert "1.001193, bản 1" in page and "1.001193@1" not in page


async def test_a_refused_dossier_has_no_date_to_return_a_result(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        officer = Officer(offices.running.app, token())
        fields = {"seen": await officer.seen(), "reason": "Trùng hồ sơ", "rule": "Điều 16"}
        assert (await officer.post(f"{CASE}/refuse", **fields)).status == 303
        page = text(await officer.get(CASE))
        assert "Không tiếp nhận" in page and not re.search("Dự kiến trả|Hẹn trả", page)


async def test_lateness_is_told_in_a_word(open_offices: Open, token: Token) -> None:
    async with open_offices(run=False) as offices:
        await offices.by_id["H26"].deliver(handover())
        officer = Officer(offices.running.app, token())
        await offices.by_id["H26"].books.clock.advance(timedelta(days=3650))
        assert '<strong class="late">Quá hạn.</strong>' in text(await officer.get(CASE))
