"""The receipt on paper: the same content as the screen, on A4 and on an 80 mm slip, with a QR that holds no person."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page

from portal import codes
from tests.portal.conftest import Browser
from tests.portal.test_in_a_browser import visit

RECEIPT = "/dossiers/H26-261121-0001/receipt"


@pytest.mark.parametrize("paper", ["", "?paper=80"])
async def test_detail_21_the_receipt_has_code_date_sum_and_what_comes_next_in_the_open(
    signed_in: Browser, paper: str
) -> None:
    page = (await signed_in.get(RECEIPT + paper)).text
    body = page.split("<main", 1)[1]
    assert "<details" not in body and 'class="qr"' in body
    for told in (
        "H26-261121-0001",
        "17:00 Thứ Hai, 30/11/2026",
        "5 ngày làm việc",
        "Thứ Ba, 24/11/2026",
        "chưa công bố",
    ):
        assert told in body, told


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
async def test_detail_21_no_line_is_squeezed_on_either_paper(tmp_path: Path) -> None:
    async def do(page: Page, address: str) -> None:
        await page.emulate_media(media="print")
        for query, width in (("", 673), ("?paper=80", 272)):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.goto(f"{address}{RECEIPT}{query}")
            least = "Math.min(...[...document.querySelectorAll('.receipt dd')].map(e => e.clientWidth))"
            assert await page.evaluate(least) > 200, query
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert not await page.locator(".site-nav, .actions, .need-person").locator("visible=true").count()

    await visit(tmp_path, do, signed_in=True)


async def test_detail_22_the_qr_is_an_address_with_code_and_check_and_nothing_about_the_person(
    signed_in: Browser,
) -> None:
    page = (await signed_in.get(RECEIPT)).text
    address = codes.lookup_address("http://portal.test", "H26-261121-0001")
    assert address in page
    assert re.fullmatch(r"http://portal\.test/lookup/H26-261121-0001\?k=\d\d", address)
    assert codes.normal("h26 261121 OOO1") == codes.normal("H26-261121-0001") == "H26-261121-0001"
