"""The search page in Chromium: axe and 320 px in the states that only search has."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.portal.test_in_a_browser import RULES, visit

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

STATES = (
    "/search?q=shinh",
    "/search?q=shinh&where=nowhere+at+all",
    "/search?q=shinh&level=commune&place=00004",
    "/search?q=zzz&level=commune",
    "/search?q=khai&type=question",
    "/search?q=khai&noted=1&lang=en",
    "/search/missed",
)


async def test_no_state_of_the_search_page_shuts_anyone_out(tmp_path: Path) -> None:
    found: list[str] = []

    async def look(page: Page, address: str) -> None:
        for path in STATES:
            await page.goto(address + path)
            await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            seen = await Axe().run(page, options={"runOnly": RULES["runOnly"]})
            found.extend(f"{path}: {one['id']}" for one in seen.response["violations"])
            width = await page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                found.append(f"{path}: {width} px")

    await visit(tmp_path, look, viewport={"width": 320, "height": 640})
    assert found == []
