"""Slips that nobody is refused for: old fonts, ages that cannot be, one number for two people, nationality."""

from datetime import date
from typing import Any

import pytest

from portal.forms.doubts import Doubt, doubt
from portal.forms.values import read
from portal.i18n import Words
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import begin
from tests.portal.test_items import reach

TODAY = date(2026, 11, 21)
T = Words("vi")
ETH = "\u00d0"
D = "\u0110"


def found(name: str, widget: str, answers: dict[str, Any]) -> Doubt | None:
    return doubt(name, {"widget": widget}, answers, T, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (f"Nguyễn {ETH}ức Anh", f"Nguyễn {D}ức Anh"),
        (f"{ETH}ẶNG THỊ {ETH}ÀO", f"{D}ẶNG THỊ {D}ÀO"),
        ("Guðrún Jónsdóttir", "Guðrún Jónsdóttir"),
        (f"{D}ỗ Thị Hoà", f"{D}ỗ Thị Hoà"),
    ],
)
def test_the_letter_of_old_fonts_that_begins_a_vietnamese_word_is_kept_as_the_letter_it_stands_for(
    typed: str, kept: str
) -> None:
    assert read("x", {"widget": "name"}, {}, {"x": [typed]}, TODAY).value == kept


async def test_who_typed_the_letter_of_old_fonts_is_told_on_the_next_page_what_was_written(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/name", data={"child_name": f"Nguyễn {ETH}ức", "action": "continue"})
    assert contract.drafts["d1"]["answers"]["child_name"] == f"Nguyễn {D}ức"
    assert f"Cổng ghi thành “Nguyễn {D}ức”" in page.text and 'href="/file/draft/d1/q/name"' in page.text
    assert "Cổng ghi thành" not in (await browser.get("/file/draft/d1/check")).text, "said once"


async def test_an_item_of_a_list_is_told_of_the_same(browser: Browser, contract: Services) -> None:
    await reach(browser)
    item = {"member_name": f"{ETH}ào Thị An", "is_head": "no", "action": "continue"}
    page = await browser.post("/file/draft/d1/q/household/1", data=item)
    assert contract.drafts["d1"]["answers"]["members"][0]["member_name"] == f"{D}ào Thị An"
    assert f"Cổng ghi thành “{D}ào Thị An”" in page.text


@pytest.mark.parametrize(
    ("name", "born", "child", "said"),
    [
        ("mother_birth_date", "2020-01-01", "2026-10-01", "người ấy 6 tuổi"),
        ("mother_birth_date", "1900-01-01", "2026-10-01", "người ấy 126 tuổi"),
        ("father_birth_date", "2026-11-01", "2026-10-01", "sinh sau trẻ"),
        ("mother_birth_date", "1960", "2026-10-01", "người ấy 66 tuổi"),
        ("birth_date", "1899-05", "", "người ấy 127 tuổi"),
        ("mother_birth_date", "1996-03-27", "2026-11-02", ""),
        ("father_birth_date", "1950", "2026-11-02", ""),
        ("mother_birth_date", "2020-01-01", "", ""),
        ("child_birth_date", "2026-10-01", "2026-10-01", ""),
        ("partner_birth_date", "2015-05-01", "", "Luật Hôn nhân và gia đình 2014, Điều 8"),
        ("partner_birth_date", "2000-05-01", "", ""),
    ],
)
def test_an_age_that_cannot_be_is_asked_about_once_and_stops_nobody(
    name: str, born: str, child: str, said: str
) -> None:
    doubted = found(name, "date", {"child_birth_date": child, name: born})
    assert (said in doubted.text) if said and doubted else not doubted and not said


def test_one_number_for_two_people_is_asked_about() -> None:
    both = {"mother_id_number": "001196000011", "father_id_number": "001196000011"}
    for name in both:
        doubted = found(name, "id_number", both)
        assert doubted is not None and "một người khác" in doubted.text
    owner_and_head = {"owner_id_number": "001096000011", "head_id_number": "001096000011"}
    assert found("owner_id_number", "id_number", owner_and_head) is None, "one person may be both"


def test_a_foreign_nationality_at_a_birth_leads_to_the_procedure_for_it_and_is_no_dead_end() -> None:
    for name in ("child_nationality", "mother_nationality", "father_nationality"):
        doubted = found(name, "select", {name: "OTHER"})
        assert doubted is not None and doubted.see == "2.000528" and "vẫn nộp ở đây" in doubted.text
        assert found(name, "select", {name: "VN"}) is None
    assert found("nationality", "select", {"nationality": "LA"}) is None
