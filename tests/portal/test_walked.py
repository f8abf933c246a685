"""What people who walked through the pages stumbled over, one test each."""

import csv
import re
from pathlib import Path

from portal.forms import conditions
from portal.forms.questions import only_if, questions
from portal.i18n import Words
from tests.portal.conftest import Browser
from tests.portal.contract import Services

FIRST = "/dossiers/H26-261121-0001"
ASKED = "/dossiers/H26-261121-0002"
VI = Words("vi")


def shown(page: str) -> str:
    """Return what a reader sees of a page, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_the_sum_of_the_date_begins_at_the_receipt_and_counts_from_the_working_day_after(
    signed_in: Browser,
) -> None:
    page = shown((await signed_in.get(FIRST)).text)
    assert "Nhận lúc 15:20 Thứ Bảy, 21/11/2026 Bắt đầu tính từ Thứ Hai, 23/11/2026" in page


async def test_a_term_in_days_does_not_say_that_days_off_are_left_out(signed_in: Browser, contract: Services) -> None:
    due = contract.dossiers["H26-261121-0001"]["due"]
    contract.dossiers["H26-261121-0001"]["due"] = {**due, "unit": "days", "amount": 10}
    page = (await signed_in.get(FIRST)).text
    assert "tính cả ngày nghỉ" in page and "ngày lễ không tính" not in page


async def test_a_late_dossier_says_so_in_its_own_sentence_and_what_the_person_can_do(
    signed_in: Browser, contract: Services
) -> None:
    due = contract.dossiers["H26-261121-0001"]["due"]
    contract.dossiers["H26-261121-0001"]["due"] = {**due, "at": "2020-01-02T17:00:00+07:00"}
    page = (await signed_in.get(FIRST)).text
    assert re.search(r'<span class="late">Quá hạn \d+ ngày\.</span></strong></p>\s*<p>Ngày hẹn trả là 17:00', page)
    assert "late-one" in page and "khiếu nại đến người đứng đầu" in page


async def test_offices_are_named_never_coded(signed_in: Browser) -> None:
    for address in (f"{FIRST}/answers", "/my/accesses"):
        page = shown((await signed_in.get(address)).text)
        assert "Công chức, " in page and "H26.00004" not in page, address


async def test_a_step_of_the_province_itself_is_named_too(signed_in: Browser, contract: Services) -> None:
    contract.dossiers["H26-261121-0001"]["office"] = {"id": "H26.00001", "name": "Nơi khác"}
    page = shown((await signed_in.get(FIRST)).text)
    assert not re.search(r"\bH26(\.\d+)? ·", page)


async def test_an_english_page_gives_a_dossier_its_english_title(signed_in: Browser) -> None:
    for address in (FIRST, "/dossiers", "/my", f"{FIRST}/receipt", f"{ASKED}/supplement"):
        page = shown((await signed_in.get(address, params={"lang": "en"})).text)
        assert "Register a birth" in page, address


async def test_a_session_that_ends_before_a_supplement_is_sent_loses_no_word(
    browser: Browser, contract: Services
) -> None:
    typed = {"text": "Tôi gửi ảnh mới, H' Linh", "key": "k1"}
    page = await browser.post(f"{ASKED}/supplement", data=typed)
    assert page.status_code == 401 and "Phiên đăng nhập đã hết" in page.text
    assert "Tôi gửi ảnh mới, H&#39; Linh" in page.text and f'action="{ASKED}/supplement"' in page.text
    browser.headers["authorization"] = "Bearer sample"
    await browser.post(f"{ASKED}/supplement", data=typed)
    assert contract.requests[-1]["text"] == typed["text"]


async def test_a_supplement_is_not_sent_without_the_file_that_the_ended_session_lost(
    browser: Browser, contract: Services
) -> None:
    sent, photo = {"text": "Đây là ảnh"}, ("a.jpg", b"\xff\xd8\xff", "image/jpeg")
    page = await browser.post(f"{ASKED}/supplement", data=sent, files={"files": photo})
    assert page.status_code == 401 and "chọn lại" in page.text and 'name="files_lost"' in page.text
    browser.headers["authorization"] = "Bearer sample"
    again = await browser.post(f"{ASKED}/supplement", data={**sent, "files_lost": "yes"})
    assert again.status_code == 422 and "Đây là ảnh" in again.text and not contract.requests


async def test_an_answered_ask_no_longer_threatens_with_its_deadline(signed_in: Browser, contract: Services) -> None:
    sent = {"request_no": 1, "kind": "confirmation", "ask_no": 1, "state": "open", "text": None}
    draft = contract.dossiers["H26-261121-0003"]
    draft["requests"] = [{**sent, "filed_at": "2026-11-21T11:00:00+07:00"}]
    page = (await signed_in.get("/dossiers/H26-261121-0003")).text
    assert "Đã nhận của bạn" in page and "Không trả lời là đồng ý" not in page


async def test_my_space_promises_no_mending_where_there_is_none(signed_in: Browser) -> None:
    page = (await signed_in.get("/my")).text
    assert "bạn sửa ngay ở đây" not in page and "bạn sửa ngay lúc điền" in page


def form_of(condition: conditions.Form) -> conditions.Form:
    """Return a form of a yes-or-no question and two that hang on it, the second one optional."""
    two = {"vi": "Câu", "en": "Question"}
    plain = {"widget": "text", "label": two, "options": [], "errors": {}}
    yes = {**plain, "widget": "yesno", "label": {"vi": "Có cha không?", "en": "A father?"}}
    return {
        "schema": {"properties": {}, "required": ["yes"], "allOf": [{"if": {}, "then": {"required": ["must"]}}]},
        "fields": {"yes": yes, "must": {**plain, "when": condition}, "may": {**plain, "when": condition}},
    }


def test_without_scripts_a_hanging_question_says_when_to_answer_it() -> None:
    condition = {"any": [{"field": "yes", "equals": True}]}
    asked = questions(form_of(condition), {"yes": True, "must": condition, "may": condition}, {}, VI)
    assert [question.only_if for question in asked] == ["", "Chỉ trả lời nếu ở câu “Có cha không?” bạn chọn: “Có”.", ""]
    assert [question.optional for question in asked] == [False, False, True]
    assert only_if(form_of(condition), {"not": condition}, VI) == ""


def test_a_saved_phone_number_is_shown_as_one_dials_it() -> None:
    spec = {"widget": "phone", "label": {"vi": "Điện thoại"}, "options": [], "errors": {}}
    form = {"schema": {}, "fields": {"phone": spec}}
    assert questions(form, {"phone": True}, {"phone": "+84912345678"}, VI)[0].raw == "0912 345 678"


async def test_what_nobody_published_is_said_to_be_so_at_every_item(browser: Browser) -> None:
    page = (await browser.get("/procedures/1.000014")).text
    for label in ("Bạn cần có", "Nhà nước đã có", "Phí, lệ phí", "Kết quả"):
        assert re.search(rf'<dt>{label}</dt><dd><span class="not-published">chưa công bố</span></dd>', page), label
    assert not re.search(r"<dd>\s*</dd>", page)


def test_every_kind_of_applicant_in_the_catalogue_has_words() -> None:
    seed = Path(__file__).parents[2] / "services_catalog" / "seed" / "procedures.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        kinds = {one for row in csv.DictReader(file) for one in row["applicants"].split("|") if one}
    assert len(kinds) > 10
    for kind in kinds:
        assert VI.known(f"find.applicant_{kind}") and Words("en").known(f"find.applicant_{kind}"), kind


async def test_filters_show_words_never_codes(browser: Browser) -> None:
    for asked in ({}, {"applicant": "overseas-vietnamese"}):
        page = shown((await browser.get("/search", params={"q": "khai sinh", **asked})).text)
        assert "Người Việt Nam ở nước ngoài" in page and "overseas" not in page


def test_a_draft_that_nobody_answered_is_not_told_as_papers_that_nobody_brought() -> None:
    assert VI("following.step_ask_lapsed") == "Hết hạn xem bản nháp, coi như đồng ý"
