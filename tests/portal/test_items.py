"""A page that is answered once for each person: without scripts, one person a page, a list with change and remove."""

import re
from typing import Any

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import ANSWERS, begin

LIST = "/file/draft/d1/q/household"
AN = {"member_name": "An", "is_head": "yes", "head_paper": "7", "action": "continue"}
BE = {"member_name": "Bé", "member_birth-y": "2020", "is_head": "no", "action": "continue"}


def members(contract: Services) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = contract.drafts["d1"]["answers"].get("members", [])
    return found


async def reach(browser: Browser) -> str:
    await begin(browser)
    address = ""
    for page, answers in ANSWERS:
        sent = {**answers, **({"ethnicity": "02"} if page == "photo" else {}), "action": "continue"}
        address = str((await browser.post(f"/file/draft/d1/q/{page}", data=sent)).url.path)
    return address


async def test_with_nobody_entered_the_first_person_is_asked_at_once(browser: Browser) -> None:
    assert await reach(browser) == f"{LIST}/1"
    page = await browser.get(f"{LIST}/1")
    assert "<h1>Người 1</h1>" in page.text and "bước 7 trong 8" in page.text


async def test_people_are_entered_one_a_page_and_listed(browser: Browser, contract: Services) -> None:
    await reach(browser)
    listed = await browser.post(f"{LIST}/1", data=AN)
    assert str(listed.url.path) == LIST
    assert "Người 1" in listed.text and f'href="{LIST}/2"' in listed.text and "Thêm người nữa" in listed.text
    await browser.post(f"{LIST}/2", data=BE)
    assert members(contract) == [
        {"member_name": "An", "is_head": True, "head_paper": "7"},
        {"member_name": "Bé", "member_birth": "2020", "is_head": False},
    ]
    on = await browser.post(LIST, data={"action": "continue"})
    assert str(on.url.path) == "/file/draft/d1/check"


async def test_pressing_twice_enters_one_person_and_removes_one(browser: Browser, contract: Services) -> None:
    await reach(browser)
    for person in (AN, AN):
        await browser.post(f"{LIST}/1", data=person)
    await browser.post(f"{LIST}/2", data=BE)
    assert [each["member_name"] for each in members(contract)] == ["An", "Bé"]
    action = re.findall(r'value="(remove:1:[^"]+)"', (await browser.get(LIST)).text)[0]
    for _ in range(2):
        await browser.post(LIST, data={"action": action})
    assert [each["member_name"] for each in members(contract)] == ["Bé"]


async def test_every_error_of_a_person_comes_at_once_and_nothing_typed_is_lost(
    browser: Browser, contract: Services
) -> None:
    await reach(browser)
    sent = {"member_birth-d": "29", "member_birth-m": "2", "member_birth-y": "2001", "is_head": "yes", "head_paper": ""}
    page = await browser.post(f"{LIST}/1", data={**sent, "action": "continue"})
    assert page.status_code == 422
    anchors = set(re.findall(r'<li><a href="#([^"]+)">', page.text))
    assert {"f-member_name", "f-member_birth-d", "f-head_paper"} <= anchors
    assert 'value="29"' in page.text and members(contract) == []
    refused = await browser.post(f"{LIST}/1", data={**AN, "member_name": "123"})
    assert refused.status_code == 422
    assert "Tên không có chữ số" in refused.text and 'value="123"' in refused.text


async def test_a_person_is_changed_and_what_no_longer_applies_is_dropped(browser: Browser, contract: Services) -> None:
    await reach(browser)
    await browser.post(f"{LIST}/1", data=AN)
    assert 'value="An"' in (await browser.get(f"{LIST}/1")).text
    await browser.post(f"{LIST}/1", data={**AN, "is_head": "no"})
    assert members(contract) == [{"member_name": "An", "is_head": False}]


async def test_there_are_neither_too_few_nor_too_many(browser: Browser) -> None:
    await reach(browser)
    few = await browser.post(LIST, data={"action": "continue"})
    assert few.status_code == 422 and "Thêm ít nhất 1 người." in few.text and 'id="add"' in few.text
    for n in (1, 2, 3):
        await browser.post(f"{LIST}/{n}", data=BE)
    assert "không thêm được nữa" in (await browser.get(LIST)).text
    for nothing in ("4", "0", "x", "٣", "9999"):
        assert str((await browser.get(f"{LIST}/{nothing}")).url.path) == LIST


async def test_the_summary_shows_each_person_with_the_way_back(browser: Browser) -> None:
    await reach(browser)
    early = (await browser.get("/file/draft/d1/check")).text
    assert "Thêm ít nhất 1 người." in early and f'href="{LIST}?from=check"' in early
    ward = {"member_ward": "00004", "member_ward-q": "Phường Ba Đình", "member_ward-was": "Phường Ba Đình"}
    await browser.post(f"{LIST}/1?from=check", data={**AN, **ward})
    await browser.post(f"{LIST}/2?from=check", data=BE)
    page = (await browser.get("/file/draft/d1/check")).text
    assert "<h2>Người 1</h2>" in page and "<h2>Người 2</h2>" in page
    assert f'href="{LIST}/2?from=check"' in page and "Phường Ba Đình, Thành phố Hà Nội" in page
    assert 'id="row-members-0-head_paper"' in page and 'id="row-members-1-head_paper"' not in page


async def test_what_was_filed_shows_each_person_with_numbers_masked(signed_in: Browser, contract: Services) -> None:
    code = "H26-261121-0001"
    person = {"member_name": "An", "is_head": True, "member_id": "036199000012"}
    contract.dossiers[code] = {**contract.dossiers[code], "answers": {"members": [person]}}
    page = (await signed_in.get(f"/dossiers/{code}/answers")).text
    assert "An; Là chủ hộ?: Có; Số căn cước: 0361••••••12" in page and "036199000012" not in page
