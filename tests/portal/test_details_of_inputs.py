"""What people type, as they type it: names, dates, telephones, identity numbers, mail and money."""

from datetime import date
from typing import Any

import pytest

from portal.forms.doubts import doubt, titled
from portal.forms.values import read
from portal.i18n import Words
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.samples import FORM
from tests.portal.test_filing import begin
from tests.portal.test_items import AN, LIST, reach

TODAY = date(2026, 11, 21)
T = Words("vi")
MORE = "/file/draft/d1/q/more"


def told(widget: str, answers: dict[str, Any], name: str = "x") -> str:
    found = doubt(name, {"widget": widget}, answers, T, today=TODAY)
    return found.text if found else ""


def answers(contract: Services) -> dict[str, Any]:
    found: dict[str, Any] = contract.drafts["d1"]["answers"]
    return found


@pytest.mark.parametrize("name", ["H' Linh Niê", "Nguyễn Thị Ánh", "Ánh", "Nguyễn Thị Hoà", "Trần Hòa", "A" * 60])
async def test_detail_01_a_name_is_kept_exactly_in_composed_form(
    browser: Browser, contract: Services, name: str
) -> None:
    await begin(browser)
    await browser.post("/file/draft/d1/q/name", data={"child_name": name, "action": "continue"})
    assert answers(contract) == {"child_name": name}
    assert read("x", {"widget": "name"}, {}, {"x": ["Nguye\u0302\u0303n"]}, TODAY).value == "Nguyễn"


@pytest.mark.parametrize(
    ("typed", "better"),
    [("NGUYỄN THỊ ÁNH", "Nguyễn Thị Ánh"), ("H' LINH NIÊ", "H' Linh Niê"), ("Y-BIH ALÊÔ", "Y-Bih Alêô"), ("PỜ", "Pờ")],
)
def test_detail_02_capitals_are_offered_in_title_case(typed: str, better: str) -> None:
    found = doubt("x", {"widget": "name"}, {"x": typed}, T, today=TODAY)
    assert found is not None and found.better == titled(typed) == better
    assert doubt("x", {"widget": "name"}, {"x": better}, T, today=TODAY) is None


async def test_detail_02_the_offer_is_on_the_next_page_and_nothing_is_forced(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/name", data={"child_name": "NGUYỄN THỊ ÁNH", "action": "continue"})
    assert str(page.url.path) == "/file/draft/d1/q/birth"
    assert "Dùng “Nguyễn Thị Ánh”" in page.text and "ÁNH" not in str(page.url)
    assert answers(contract)["child_name"] == "NGUYỄN THỊ ÁNH"
    taken = await browser.post("/file/draft/d1/better", data={"path": "child_name", "back": "/file/draft/d1/q/birth"})
    assert str(taken.url.path) == "/file/draft/d1/q/birth"
    assert answers(contract)["child_name"] == "Nguyễn Thị Ánh"


async def test_detail_02_the_offer_reaches_into_a_group(browser: Browser, contract: Services) -> None:
    await reach(browser)
    page = await browser.post(f"{LIST}/1", data={**AN, "member_name": "LÒ VĂN AN"})
    assert "Dùng “Lò Văn An”" in page.text and f'href="{LIST}/1">Sửa' in page.text
    await browser.post("/file/draft/d1/better", data={"path": "members.0.member_name", "back": LIST})
    assert answers(contract)["members"][0]["member_name"] == "Lò Văn An"


@pytest.mark.parametrize("path", ["", "x", "members.0.member_name", "members.x.y", "child_name.0.x", "a.b.c.d"])
async def test_an_offer_for_nothing_changes_nothing(browser: Browser, contract: Services, path: str) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/better", data={"path": path, "back": "//elsewhere.example/x"})
    assert str(page.url).startswith("http://portal.test/file/draft/d1/") and answers(contract) == {}
    assert (await browser.get(f"{MORE}?noted={path},,child_name")).status_code == 200


async def test_detail_04_a_day_that_is_not_says_how_long_the_month_is_and_a_year_alone_is_taken(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    sent = {"birth_date-d": "29", "birth_date-m": "2", "birth_date-y": "2001", "action": "continue"}
    page = await browser.post("/file/draft/d1/q/birth", data=sent)
    assert "Tháng 2 năm 2001 chỉ có 28 ngày" in page.text
    await browser.post(MORE, data={"requester": "An", "mother_birth-y": "1950", "action": "continue"})
    assert answers(contract)["mother_birth"] == "1950"


@pytest.mark.parametrize("pasted", ["1/2/26", "01-02-2026", "1.2.2026"])
async def test_detail_05_a_pasted_date_is_split_and_written_out_with_its_day(
    browser: Browser, contract: Services, pasted: str
) -> None:
    await begin(browser)
    await browser.post("/file/draft/d1/q/birth", data={"birth_date-d": pasted, "action": "continue"})
    assert answers(contract)["birth_date"] == "2026-02-01"
    assert "Chủ Nhật, 01/02/2026" in (await browser.get("/file/draft/d1/check")).text


@pytest.mark.parametrize("typed", ["0912 345 678", "+84912345678", "84-912-345-678"])
async def test_detail_10_one_number_in_many_hands_is_one(browser: Browser, contract: Services, typed: str) -> None:
    await begin(browser)
    page = await browser.post(MORE, data={"requester": "An", "phone": typed, "action": "continue"})
    assert answers(contract)["phone"] == "+84912345678" and "2018" not in page.text


async def test_detail_10_an_old_number_is_converted_with_a_notice_and_none_is_needed(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    page = await browser.post(MORE, data={"requester": "An", "phone": "0169 123 4567", "action": "continue"})
    assert answers(contract)["phone"] == "+84391234567"
    assert 'href="/file/draft/d1/q/more">Sửa' in page.text
    assert "đã đổi từ năm 2018" in page.text and "0391 234 567" in page.text and "391234567" not in str(page.url)
    page = await browser.post(MORE, data={"requester": "An", "phone": "", "action": "continue"})
    assert page.status_code == 200 and "phone" not in answers(contract)


@pytest.mark.parametrize(
    ("number", "beside", "word"),
    [
        ("036199000012", {}, ""),
        ("003199000012", {}, "mã tỉnh"),
        ("036399000012", {}, "2099"),
        ("036196000012", {"birth_date": "1996-03-27", "gender": "female"}, ""),
        ("036196000012", {"birth_date": "1999"}, "1999"),
        ("036196000012", {"gender": "male"}, "giới tính"),
        ("123456789", {}, ""),
    ],
)
def test_detail_11_parts_of_an_identity_number_are_checked_as_a_warning(
    number: str, beside: dict[str, Any], word: str
) -> None:
    found = told("id_number", {**beside, "id_number": number}, "id_number")
    assert word in found and bool(found) == bool(word)


async def test_detail_11_a_doubtful_identity_number_stops_nobody(browser: Browser, contract: Services) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/photo", data={"id_number": "999199000012", "action": "continue"})
    assert page.status_code == 200 and answers(contract)["id_number"] == "999199000012"


async def test_detail_12_a_slip_in_mail_is_a_suggestion_and_mail_is_optional(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    page = await browser.post(MORE, data={"requester": "An", "email": "an@gmai.com", "action": "continue"})
    assert page.status_code == 200 and "Dùng “an@gmail.com”" in page.text
    await browser.post("/file/draft/d1/better", data={"path": "email", "back": "/file/draft/d1/check"})
    assert answers(contract)["email"] == "an@gmail.com"
    assert "email" not in FORM["schema"]["required"]


async def test_detail_13_errors_say_what_to_do_and_never_only_that_it_is_invalid(browser: Browser) -> None:
    await begin(browser)
    for page, sent in (("name", {}), ("birth", {"birth_date-d": "x"}), ("more", {"phone": "abc", "income": "?"})):
        told = (await browser.post(f"/file/draft/d1/q/{page}", data={**sent, "action": "continue"})).text
        assert 'class="error-summary"' in told and "không hợp lệ" not in told


@pytest.mark.parametrize("typed", ["1234567", "1.234.567", "1,234,567"])
async def test_detail_18_money_is_taken_in_any_hand_and_shown_in_ours(
    browser: Browser, contract: Services, typed: str
) -> None:
    await begin(browser)
    await browser.post(MORE, data={"requester": "An", "income": typed, "action": "continue"})
    assert answers(contract)["income"] == 1_234_567
    assert "1.234.567\u00a0đ" in (await browser.get("/file/draft/d1/check")).text


async def test_detail_13_a_wrong_date_links_to_the_box_to_mend_and_says_what_is_wrong_with_it(browser: Browser) -> None:
    await begin(browser)
    for (day, month, year), box, said in (
        (("1", "13", "2026"), "m", "Tháng là số từ 1 đến 12"),
        (("1", "2", "1800"), "y", "Cổng nhận năm từ 1850"),
        (("30", "2", "2026"), "d", "chỉ có 28 ngày"),
    ):
        sent = {"birth_date-d": day, "birth_date-m": month, "birth_date-y": year, "action": "continue"}
        page = (await browser.post("/file/draft/d1/q/birth", data=sent)).text
        assert f'href="#f-birth_date-{box}"' in page and said in page
