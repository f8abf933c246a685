"""Following: the plain sentence, the timeline, the sum of the date, and what a person can still do."""

import re

import pytest

from portal import codes
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.samples import DOSSIERS

FIRST = "/dossiers/H26-261121-0001"


async def test_the_plain_sentence_stands_on_top_with_the_time_left(signed_in: Browser) -> None:
    page = (await signed_in.get(FIRST)).text
    assert "Hồ sơ đang được xử lý ở Ủy ban nhân dân Phường Ba Đình" in page
    assert "Hẹn trả: 17:00 Thứ Hai, 30/11/2026." in page


async def test_the_sentence_says_whose_turn_it_is(signed_in: Browser, contract: Services) -> None:
    assert "Bản nháp kết quả đang chờ bạn xem." in (await signed_in.get("/dossiers/H26-261121-0003")).text
    asked = contract.dossiers["H26-261121-0002"]
    assert "Hồ sơ đang chờ bạn bổ sung." in (await signed_in.get("/dossiers/H26-261121-0002")).text
    sent = {"request_no": 1, "kind": "supplement", "ask_no": 1, "state": "open", "text": None}
    asked["requests"] = [{**sent, "filed_at": "2026-11-21T11:00:00+07:00"}]
    page = (await signed_in.get("/dossiers/H26-261121-0002")).text
    assert "đang kiểm tra phần bạn vừa gửi" in page and "/supplement" not in page


async def test_the_date_opens_to_its_sum(signed_in: Browser) -> None:
    page = (await signed_in.get(FIRST)).text
    assert "Vì sao là ngày này?" in page
    for part in ("15:20 Thứ Bảy, 21/11/2026", "5 ngày làm việc", "Thứ Ba, 24/11/2026", "2026-11-21"):
        assert part in page


async def test_the_timeline_is_an_ordered_list_with_office_handler_and_what_comes_next(signed_in: Browser) -> None:
    page = (await signed_in.get(FIRST)).text
    timeline = page.split('<ol class="timeline">')[1].split("</ol>")[0]
    assert timeline.count('<li class="done"') == 2
    assert timeline.count('<li class="now" aria-current="step"') == 1
    assert "Lê Demo" in timeline and "Trả kết quả" in timeline


@pytest.mark.parametrize("code", DOSSIERS)
async def test_every_state_has_one_word_and_its_official_name(signed_in: Browser, code: str) -> None:
    page = (await signed_in.get(f"/dossiers/{code}")).text
    assert len(re.findall(r'class="tag tag--', page)) == 1
    assert "Tên chính thức:" in page


async def test_a_dossier_not_yet_received_says_so_and_its_date_is_expected(signed_in: Browser) -> None:
    page = (await signed_in.get("/dossiers/H26-261121-0006")).text
    assert "nơi này chưa nhận" in page and "Dự kiến:" in page


async def test_a_refusal_shows_reason_rule_what_to_mend_and_how_to_complain(signed_in: Browser) -> None:
    page = (await signed_in.get("/dossiers/H26-261121-0005")).text
    for part in ("Sai nơi nộp.", "Luật Hộ tịch, Điều 13", "nộp lại", "Cách khiếu nại"):
        assert part in page


async def test_a_result_can_be_downloaded(signed_in: Browser) -> None:
    page = (await signed_in.get("/dossiers/H26-261121-0004")).text
    assert f'href="/api/dossiers/v1/dossiers/H26-261121-0004/files/{"cd" * 32}"' in page
    assert "motcua-stream" not in page


async def test_only_what_was_asked_for_is_open_and_it_is_sent_with_its_file(
    signed_in: Browser, contract: Services
) -> None:
    address = "/dossiers/H26-261121-0002/supplement"
    page = (await signed_in.get(address)).text
    assert "Chụp lại giấy chứng sinh." in page and "child_name" not in page
    empty = await signed_in.post(address, data={"text": ""})
    assert empty.status_code == 422 and 'href="#f-text"' in empty.text
    photo = {"files": ("a.jpg", b"\xff\xd8123", "image/jpeg")}
    done = await signed_in.post(address, data={"text": "Gửi lại", "key": "k"}, files=photo)
    assert "Đã gửi phần bổ sung" in done.text
    assert contract.requests == [
        {"kind": "supplement", "ask_no": 1, "answers": {}, "files": [f"{5:064x}"], "text": "Gửi lại"}
    ]


async def test_more_than_the_office_has_looked_at_is_neither_dropped_nor_called_sent(
    signed_in: Browser, contract: Services
) -> None:
    address = "/dossiers/H26-261121-0002/supplement"
    contract.request_waits = True
    photo = {"files": ("a.jpg", b"\xff\xd8123", "image/jpeg")}
    kept = await signed_in.post(address, data={"text": "Tờ còn thiếu", "key": "k"}, files=photo)
    assert kept.status_code == 422
    assert "phần này chưa được gửi" in kept.text
    assert "Tờ còn thiếu" in kept.text and f'value="{5:064x}"' in kept.text


async def test_a_draft_result_is_agreed_or_corrected(signed_in: Browser, contract: Services) -> None:
    address = "/dossiers/H26-261121-0003/confirm"
    assert (await signed_in.post(address, data={})).status_code == 422
    assert (await signed_in.post(address, data={"verdict": "wrong"})).status_code == 422
    await signed_in.post(address, data={"verdict": "wrong", "text": "Đệm là Thị"})
    both = await signed_in.post(address, data={"verdict": "right", "text": "Có chỗ sai ở tên"})
    assert both.status_code == 422 and "Có chỗ sai ở tên" in both.text and 'href="#f-verdict-0"' in both.text
    await signed_in.post(address, data={"verdict": "right", "text": ""})
    assert [request["text"] for request in contract.requests] == ["Đệm là Thị", ""]


async def test_withdrawing_is_explained_then_asked_for(signed_in: Browser, contract: Services) -> None:
    assert "sẽ dừng lại" in (await signed_in.get(f"{FIRST}/withdraw")).text
    done = await signed_in.post(f"{FIRST}/withdraw", data={"text": ""})
    assert "Đã gửi yêu cầu rút hồ sơ" in done.text
    assert contract.requests[0]["kind"] == "withdrawal"


async def test_nothing_asked_means_nothing_to_open(signed_in: Browser) -> None:
    assert (await signed_in.get(f"{FIRST}/supplement")).status_code == 404
    assert (await signed_in.get(f"{FIRST}/confirm")).status_code == 404


async def test_the_receipt_has_code_office_date_check_and_qr(signed_in: Browser) -> None:
    page = (await signed_in.get(f"{FIRST}/receipt")).text
    assert page.count("<svg") == 1
    assert f"http://portal.test/lookup/H26-261121-0001?k={codes.check('H26-261121-0001')}" in page
    for part in ("H26-261121-0001", "Ủy ban nhân dân Phường Ba Đình", "17:00 Thứ Hai, 30/11/2026", "Việc tiếp theo"):
        assert part in page
    assert 'class="paper-80"' in (await signed_in.get(f"{FIRST}/receipt?paper=80")).text


async def test_identity_numbers_are_masked_in_what_was_filed(signed_in: Browser) -> None:
    page = (await signed_in.get(f"{FIRST}/answers")).text
    assert "0361••••••12" in page and "036119000012" not in page
    assert "Công chức" in page


async def test_lookup_shows_code_and_progress_and_mends_slips_of_the_hand(browser: Browser) -> None:
    page = await browser.get("/lookup", params={"code": "h26 - 261121 - OOO1"})
    assert "Đã xong 50 %" in page.text and "H' Linh" not in page.text
    wrong = await browser.get("/lookup/H26-261121-0001?k=00")
    assert wrong.status_code == 422 and "không khớp" in wrong.text
    assert (await browser.get("/lookup?code=H26-261121-9999")).status_code == 404


async def test_a_part_that_is_away_leaves_the_others_standing(signed_in: Browser, contract: Services) -> None:
    contract.away.update({"catalog", "citizen"})
    assert (await signed_in.get("/")).status_code == 200
    assert "tạm vắng" in (await signed_in.get("/my")).text
    status = (await signed_in.get("/status")).text
    assert "Có phần đang tạm vắng" in status
    gone = await signed_in.get("/procedures/1.001193")
    assert gone.status_code == 503 and "retry-after" in gone.headers and 'href="/status"' in gone.text


async def test_reading_a_notice_opens_its_dossier(signed_in: Browser) -> None:
    assert "Hồ sơ có thay đổi" in (await signed_in.get("/inbox")).text
    read = await signed_in.post("/inbox/n1/read", data={"code": "H26-261121-0001"})
    assert str(read.url.path) == FIRST


async def test_what_an_office_says_in_vietnamese_is_marked_and_named_as_vietnamese_on_an_english_page(
    signed_in: Browser,
) -> None:
    for path in ("", "/supplement"):
        page = (await signed_in.get(f"/dossiers/H26-261121-0002{path}?lang=en")).text
        assert '<span lang="vi">[vi] Chụp lại giấy chứng sinh.</span>' in page
        assert '<span lang="vi">[vi] Ảnh bị mờ.</span>' in page and '<span lang="vi">[vi] Điều 16</span>' in page
    page = (await signed_in.get("/dossiers/H26-261121-0003/confirm?lang=en")).text
    assert '<span lang="vi">[vi] ' in page
    assert "[vi]" not in (await signed_in.get("/dossiers/H26-261121-0002?lang=vi")).text
