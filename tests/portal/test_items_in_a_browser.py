"""The list of people, one person's page, and doubts, as they look: axe, 320 px, and the keyboard alone."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.portal.contract import Services, services
from tests.portal.shown import DRAFT
from tests.portal.test_in_a_browser import RULES, begin, chrome, serving

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]
PEOPLE = [{"member_name": "LÒ VĂN AN", "is_head": True, "head_paper": "7"}, {"member_name": "Bé", "is_head": False}]
SHOWN = [
    f"{DRAFT}/q/household?noted=members.0.member_name",
    f"{DRAFT}/q/household/1",
    f"{DRAFT}/q/household/3",
    f"{DRAFT}/q/birth?noted=child_name,email",
    f"{DRAFT}/check",
]


def with_people(contract: Services) -> None:
    """Give the draft two people and two slips."""
    slips = {"child_name": "NGUYỄN THỊ ÁNH", "email": "an@gmai.com"}
    contract.drafts["d1"]["answers"] |= {"ethnicity": "02", "members": PEOPLE, **slips}


async def test_axe_finds_nothing_and_nothing_scrolls_sideways(tmp_path: Path) -> None:
    contract, found = services(), []
    async with serving(contract, tmp_path, signed_in=True) as address, chrome() as browser:
        page = await browser.new_page(viewport={"width": 320, "height": 700}, locale="vi-VN")
        await begin(page, address)
        with_people(contract)
        for path in SHOWN:
            await page.goto(address + path)
            result = await Axe().run(page, options=RULES)
            found += [f"{path}: {v['id']} {v['nodes'][0]['html'][:150]}" for v in result.response["violations"]]
            if await page.evaluate("document.documentElement.scrollWidth > 320"):
                found.append(f"{path}: sideways")
    assert found == []


async def test_a_person_is_added_with_the_keyboard_alone(tmp_path: Path) -> None:
    contract = services()
    async with serving(contract, tmp_path, signed_in=True) as address, chrome() as browser:
        page = await browser.new_page(locale="vi-VN")
        page.set_default_timeout(8000)
        await begin(page, address)
        with_people(contract)
        await page.goto(f"{address}{DRAFT}/q/household")
        await press_until(page, "add")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/household/3")
        await press_until(page, "f-member_name")
        await page.keyboard.type("Lò Thị Bình")
        await press_until(page, "f-is_head-0")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/household")
    members = contract.drafts["d1"]["answers"]["members"]
    assert members[2] == {"member_name": "Lò Thị Bình", "is_head": False}


async def press_until(page: Page, id: str) -> None:
    """Press Tab until the element with this id has the focus."""
    for _ in range(60):
        if await page.evaluate("document.activeElement.id") == id:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{id} is never reached")
