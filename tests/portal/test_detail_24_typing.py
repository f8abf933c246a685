"""Detail 24: Vietnamese is typed unharmed, and the box only ever gets what was typed."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.portal.test_in_a_browser import visit

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

# What an input method shows while each word is composed, and what it commits.
COMPOSED = (
    ("N", "Ng", "Ngu", "Nguy", "Nguye", "Nguyê", "Nguyên", "Nguyễn"),
    ("T", "Th", "Thi", "Thị"),
    ("H", "Hu", "Huo", "Hươ", "Hươn", "Hương", "Hường"),
)
WATCH = """() => {
  const box = document.getElementById('q'), own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  window.written = 0; window.moved = 0;
  Object.defineProperty(box, 'value', {
    get() { return own.get.call(this); },
    set(text) { window.written += 1; own.set.call(this, text); },
  });
  box.addEventListener('blur', () => { window.moved += 1; });
}"""


async def composed(page: Page) -> None:
    """Type three words as an input method does: composition events, then each word is committed."""
    session = await page.context.new_cdp_session(page)
    for place, stages in enumerate(COMPOSED):
        for stage in stages:
            await session.send(
                "Input.imeSetComposition",
                {"text": stage, "selectionStart": len(stage), "selectionEnd": len(stage)},
            )
        await session.send("Input.insertText", {"text": stages[-1] + ("" if place == len(COMPOSED) - 1 else " ")})


async def test_detail_24_a_name_composed_by_an_input_method_arrives_as_typed(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(json={"results": [{"text": "Gợi ý một", "id": "1.001193"}]})

    async def do(page: Page, address: str) -> None:
        await page.route("**/api/search/v1/suggest*", answer)
        await page.goto(address)
        await page.evaluate(WATCH)
        await page.locator("#q").focus()
        await composed(page)
        await page.get_by_role("link", name="Gợi ý một").wait_for()
        assert await page.locator("#q").input_value() == "Nguyễn Thị Hường"
        assert await page.evaluate("[window.written, window.moved, document.activeElement.id]") == [0, 0, "q"]
        await page.get_by_role("status").filter(has_text="Có 1 gợi ý ở dưới").wait_for(state="attached")

    await visit(tmp_path, do)
    assert asked
    assert asked[-1].endswith("?q=Nguy%E1%BB%85n%20Th%E1%BB%8B%20H%C6%B0%E1%BB%9Dng")


async def test_detail_24_suggestions_are_reached_and_put_away_by_the_keyboard(tmp_path: Path) -> None:
    async def answer(route: Any) -> None:
        await route.fulfill(json={"results": [{"text": "Gợi ý một", "id": "1.001193"}]})

    async def do(page: Page, address: str) -> None:
        await page.route("**/api/search/v1/suggest*", answer)
        await page.goto(f"{address}/search?q=khai")
        await page.locator("#q").press_sequentially("x")
        link = page.get_by_role("list", name="Gợi ý").get_by_role("link")
        await link.wait_for()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        assert await link.evaluate("link => link === document.activeElement")
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.id") == "q"
        assert await link.count() == 0

    await visit(tmp_path, do)
