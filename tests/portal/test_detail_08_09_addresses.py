"""Addresses: old names find new wards, a divided ward asks one question, papers' old names stay beside the new ones."""

from typing import Any

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.samples import PLACES
from tests.portal.test_filing import ANSWERS, begin

PLACE = "/file/draft/d1/q/place"


def answers(contract: Services) -> dict[str, Any]:
    found: dict[str, Any] = contract.drafts["d1"]["answers"]
    return found


async def test_detail_08_an_old_name_finds_the_new_ward_and_there_is_no_box_for_a_district(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    page = (await browser.get(PLACE)).text
    assert "Quận/Huyện" not in page and page.count("<input id=") == 1
    await browser.post(PLACE, data={"ward-q": "Trúc Bạch", "action": "continue"})
    assert answers(contract)["ward"] == "00004"


async def test_detail_08_a_divided_ward_asks_one_question(browser: Browser, contract: Services) -> None:
    await begin(browser)
    old = {"matched": "Phường Liễu Giai, Quận Ba Đình", "whole": False}
    before = dict(PLACES)
    try:
        for ward in before:
            PLACES[ward] = {**before[ward], **old}
        page = await browser.post(PLACE, data={"ward-q": "liễu giai", "action": "continue"})
    finally:
        PLACES.update(before)
    assert page.status_code == 422
    assert "“Phường Liễu Giai, Quận Ba Đình” cũ nay thuộc 2 nơi. Chọn nơi của bạn." in page.text
    assert page.text.count('name="ward" id="f-ward-') == 2


async def test_detail_09_the_old_name_on_papers_is_kept_and_shown_beside_the_new(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    for page, sent in ANSWERS:
        await browser.post(f"/file/draft/d1/q/{page}", data={**sent, "action": "continue"})
    await browser.post(PLACE, data={"ward-q": "phường trúc bạch", "action": "continue"})
    assert answers(contract)["ward_before"] == "Phường Trúc Bạch, Quận Ba Đình"
    summary = (await browser.get("/file/draft/d1/check")).text
    assert "Phường Ba Đình, Thành phố Hà Nội (trước 1/7/2025: Phường Trúc Bạch, Quận Ba Đình)" in summary
    shown = {"ward": "00004", "ward-q": "Phường Ba Đình, Thành phố Hà Nội"}
    await browser.post(PLACE, data={**shown, "ward-was": shown["ward-q"], "action": "continue"})
    assert answers(contract)["ward_before"] == "Phường Trúc Bạch, Quận Ba Đình"


async def test_detail_09_another_ward_drops_the_old_name(browser: Browser, contract: Services) -> None:
    await begin(browser)
    await browser.post(PLACE, data={"ward-q": "trúc bạch", "action": "continue"})
    await browser.post(PLACE, data={"ward-q": "ngọc hà", "action": "continue"})
    assert answers(contract) == {"ward": "00008"}
