"""Officers' pages in Chromium: axe on every page and tab, 320 px, large text, with cases in every place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.async_playwright import Axe
from starlette.applications import Starlette
from starlette.routing import Mount

from kernel.web import AsgiUpstream
from portal.app.assets import Assets
from province_backend.api.pages import TABS
from tests.portal.test_in_a_browser import OPENED, RULES, chrome, listening
from tests.ports import free_ports
from tests.province_backend.conftest import handover
from tests.province_backend.test_pages import HOME, Officer

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

STATIC = Path(__file__).parents[2] / "portal" / "static"
CASES = [f"H26-261120-{number:04}" for number in range(1, 5)]
ROADS: tuple[list[tuple[str, dict[str, str]]], ...] = (
    [],
    [("ask_for_papers", {"items": "Giấy chứng sinh", "reason": "Ảnh mờ", "rule": "Điều 16"})],
    [("accept", {}), ("start", {})],
    [("refuse", {"reason": "Sai nơi nộp", "rule": "Luật Hộ tịch, Điều 13"})],
)
SHOWN = [*(f"{HOME}?tab={tab}" for tab in TABS), *(f"{HOME}/cases/{code}" for code in CASES), f"{HOME}/cases/none"]
FIELDS = {"content-type": "application/x-www-form-urlencoded"}


async def work(app: Any, token: str) -> None:
    """Take each case as far as its road goes."""
    officer = AsgiUpstream(app)
    for code, road in zip(CASES, ROADS, strict=True):
        for step, typed in road:
            seen = await seen_in(Officer(app, token), code)
            sent = urlencode({"seen": seen, **typed}).encode()
            headers = {**FIELDS, "authorization": f"Bearer {token}"}
            reply = await officer.request("POST", f"{HOME}/cases/{code}/{step}", headers, sent)
            assert reply.status == 303, reply.body.decode()


async def seen_in(officer: Officer, code: str) -> str:
    """Return the number that a case's forms carry."""
    return (await officer.get(f"{HOME}/cases/{code}")).body.decode().split('name="seen" value="')[1].split('"')[0]


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_axe_finds_nothing_on_officers_pages_and_none_scrolls_sideways(
    open_offices: Callable[..., Any], token: Callable[..., str], lang: str
) -> None:
    found: list[str] = []
    async with open_offices(run=False) as offices, chrome() as browser:
        for code in CASES:
            await offices.by_id["H26"].deliver(handover(code))
        await work(offices.running.app, token())
        site = Starlette(routes=[Mount("/static", Assets(STATIC)), Mount("/", offices.running.app)])
        async with listening(site, free_ports(1), token=token()) as address:
            opened = await browser.new_context(locale=lang, viewport={"width": 320, "height": 640}, bypass_csp=True)
            page = await opened.new_page()
            for path in SHOWN:
                await page.goto(address + path)
                await page.evaluate(OPENED)
                result = await Axe().run(page, options=RULES)
                found.extend(f"{path}: {v['id']} {v['nodes'][0]['html'][:150]}" for v in result.response["violations"])
                for size in ("16px", "32px"):
                    await page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
                    if (width := await page.evaluate("document.documentElement.scrollWidth")) > 320:
                        found.append(f"{path} at {size}: {width} px wide")
    assert found == []
