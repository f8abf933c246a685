"""The pages in Chromium: axe on every route, 320 px, large text, keyboard, scripts on and off, composed letters."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from granian.constants import Interfaces
from granian.server.embed import Server
from playwright.async_api import Browser, FilePayload, Page, async_playwright

from kernel.clock import Clock
from portal.app import routes
from portal.main import build
from portal.settings import PortalSettings
from tests.portal.contract import Services, services
from tests.portal.shown import DRAFT, NO_PAGE, SHOWN, pages, routes_not_looked_at
from tests.ports import free_ports

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

FLAGS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true; })"
PARTS = 5


@asynccontextmanager
async def serving(contract: Services, data: Path, *, signed_in: bool) -> AsyncIterator[str]:
    """Serve the portal on a free port as the gateway presents it."""
    port = free_ports(1)
    settings = PortalSettings(data=data, public_url=f"http://127.0.0.1:{port}", demo=True)
    running = await build(settings, upstreams=contract.upstreams(), clock=Clock())
    async with listening(running.app, port, token="sample" if signed_in else "") as address:
        yield address


@asynccontextmanager
async def listening(inner: Any, port: int, *, token: str) -> AsyncIterator[str]:
    """Listen for a browser that the gateway lets in with ``token``; yields the address."""
    extra = [(b"authorization", f"Bearer {token}".encode())] if token else []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], *extra]}
        await inner(scope, receive, send)

    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    task = asyncio.create_task(server.serve())
    try:
        for _ in range(200):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)


@asynccontextmanager
async def chrome() -> AsyncIterator[Browser]:
    """One Chromium."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def visit(
    data: Path, do: Callable[[Page, str], Awaitable[None]], *, signed_in: bool = False, **context: Any
) -> Services:
    """Open a page over fresh services, do something with it, and return the services."""
    contract = services()
    async with serving(contract, data, signed_in=signed_in) as address, chrome() as browser:
        opened = await browser.new_context(locale="vi-VN", **context)
        page = await opened.new_page()
        page.set_default_timeout(8000)
        await do(page, address)
    return contract


async def begin(page: Page, address: str) -> None:
    """Begin a draft as a person does."""
    await page.goto(f"{address}/file/1.001193?place=00004")
    await page.get_by_role("button", name="Bắt đầu").click()


def test_every_route_of_the_portal_is_looked_at() -> None:
    known = {getattr(route, "path", "") for route in routes()}
    assert routes_not_looked_at() == set()
    assert SHOWN.keys() - known == {"/nope"}
    assert known >= NO_PAGE


def part(number: int) -> list[str]:
    """Return one of the parts that all addresses are looked at in."""
    return pages()[number::PARTS]


@pytest.mark.parametrize("number", range(PARTS))
async def test_axe_finds_nothing_on_any_page(tmp_path: Path, number: int) -> None:
    found: list[str] = []

    async def look(page: Page, address: str) -> None:
        await begin(page, address)
        for path in part(number):
            answer = await page.goto(address + path)
            assert answer and answer.status < 500, path
            await page.evaluate(OPENED)
            result = await Axe().run(page, options=RULES)
            found.extend(f"{path}: {v['id']} {v['nodes'][0]['html'][:150]}" for v in result.response["violations"])

    await visit(tmp_path, look, signed_in=True, viewport={"width": 360, "height": 740})
    assert found == []


async def test_the_dark_colours_have_contrast_too(tmp_path: Path) -> None:
    found: list[str] = []

    async def look(page: Page, address: str) -> None:
        for path in ("/", "/components", "/dossiers/H26-261121-0002", "/dossiers/H26-261121-0005", "/privacy"):
            await page.goto(address + path)
            result = await Axe().run(page, options={"runOnly": ["color-contrast"]})
            found.extend(f"{path}: {v['nodes'][0]['html'][:150]}" for v in result.response["violations"])

    await visit(tmp_path, look, signed_in=True, color_scheme="dark")
    assert found == []


async def test_axe_finds_nothing_on_a_page_with_errors(tmp_path: Path) -> None:
    async def look(page: Page, address: str) -> None:
        await begin(page, address)
        await page.goto(f"{address}{DRAFT}/q/more")
        await page.fill("#f-phone", "abc")
        await page.get_by_role("button", name="Tiếp tục").last.click()
        result = await Axe().run(page, options=RULES)
        assert [v["id"] for v in result.response["violations"]] == []
        assert await page.evaluate("document.activeElement.id") == "errors"

    await visit(tmp_path, look)


@pytest.mark.parametrize("text", ["100%", "200%"])
async def test_no_page_scrolls_sideways_at_320_px_even_with_large_text(tmp_path: Path, text: str) -> None:
    wide: list[str] = []

    async def look(page: Page, address: str) -> None:
        await begin(page, address)
        for path in pages():
            await page.goto(address + path)
            if text == "200%":
                await page.evaluate("document.documentElement.style.fontSize = '32px'")
            width = await page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                wide.append(f"{path}: {width}")

    await visit(tmp_path, look, signed_in=True, viewport={"width": 320, "height": 640}, bypass_csp=True)
    assert wide == []


async def test_targets_are_large_enough_for_a_thumb(tmp_path: Path) -> None:
    small: list[str] = []

    async def look(page: Page, address: str) -> None:
        await begin(page, address)
        for path in ("/", f"{DRAFT}/q/birth", f"{DRAFT}/q/about", f"{DRAFT}/check", "/dossiers/H26-261121-0001"):
            await page.goto(address + path)
            small.extend(
                await page.evaluate(
                    """() => [...document.querySelectorAll('button, input:not([type=hidden]), select, .choice label')]
                    .filter(e => !e.matches('.visually-hidden, .choice input') && e.offsetParent && e.offsetHeight < 44)
                    .map(e => location.pathname + ' ' + e.outerHTML.slice(0, 120))"""
                )
            )

    await visit(tmp_path, look, signed_in=True, viewport={"width": 360, "height": 740})
    assert small == []


async def file_birth(page: Page, address: str, *, photographed: bool) -> None:
    """Go from the front page to the submit button as a mother does; a photo without the script, which has its tests."""
    await page.goto(address)
    await page.get_by_label("Bạn cần làm gì?").fill("lam giay khai sinh cho con")
    await page.get_by_role("button", name="Tìm").click()
    await page.get_by_role("link", name="Đăng ký khai sinh").first.click()
    await page.get_by_role("link", name="Nộp hồ sơ", exact=True).first.click()
    await page.get_by_label("Bạn ở xã, phường nào?").fill("Trúc Bạch")
    await page.get_by_role("button", name="Tìm").click()
    await page.get_by_text("Phường Ba Đình, Thành phố Hà Nội").click()
    await page.get_by_role("button", name="Tiếp tục").click()
    await page.get_by_role("button", name="Bắt đầu").click()
    more = page.get_by_role("button", name="Tiếp tục").last
    await page.get_by_label("Họ, chữ đệm, tên của trẻ").fill("H' Linh Niê")
    await more.click()
    await page.get_by_label("Ngày", exact=True).fill("1/2/26")
    await more.click()
    await page.get_by_text("Nữ").click()
    await page.get_by_text("Có", exact=True).click()
    await more.click()
    await page.locator("#f-ward-q").fill("Ngọc Hà")
    await more.click()
    await page.get_by_label("Tên người đi đăng ký").fill("Nguyễn Thị Ánh")
    await more.click()
    photo: FilePayload = {"name": "giay.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" + b"0" * 5000}
    if photographed:
        await page.set_input_files("#f-photo", files=[photo])
    await more.click()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [320, 1366])
async def test_a_birth_is_filed_from_search_to_receipt(tmp_path: Path, scripts: bool, width: int) -> None:
    async def do(page: Page, address: str) -> None:
        await file_birth(page, address, photographed=not scripts)
        await page.get_by_role("button", name="Nộp hồ sơ").click()
        assert await page.locator("h1").inner_text() == "Đã nộp hồ sơ"

    contract = await visit(
        tmp_path, do, signed_in=True, java_script_enabled=scripts, viewport={"width": width, "height": 740}
    )
    assert contract.submits == 1
    assert contract.drafts["d1"]["answers"]["child_name"] == "H' Linh Niê"


async def test_a_question_is_answered_with_the_keyboard_alone(tmp_path: Path) -> None:
    async def do(page: Page, address: str) -> None:
        await begin(page, address)
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip-link"
        await page.keyboard.press("Enter")
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "f-child_name":
                break
        await page.keyboard.type("Ánh")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/q/birth")

    await visit(tmp_path, do)


async def test_dependent_questions_hide_until_they_apply(tmp_path: Path) -> None:
    async def do(page: Page, address: str) -> None:
        await begin(page, address)
        await page.goto(f"{address}{DRAFT}/q/about")
        number = page.get_by_label("Số giấy chứng sinh")
        assert not await number.is_visible()
        await page.get_by_text("Có", exact=True).click()
        assert await number.is_visible()

    await visit(tmp_path, do)


async def test_composed_letters_are_never_rewritten_and_ask_nothing_until_done(tmp_path: Path) -> None:
    asked: list[str] = []

    async def do(page: Page, address: str) -> None:
        await page.route("**/api/search/v1/suggest*", lambda route: _suggest(route, asked))
        await page.goto(address)
        box = page.locator("#q")
        await box.focus()
        await page.evaluate(
            """() => { const q = document.getElementById('q');
            q.dispatchEvent(new CompositionEvent('compositionstart'));
            q.value = 'đăng ky'; q.dispatchEvent(new InputEvent('input', {isComposing: true})); }"""
        )
        await page.wait_for_timeout(500)
        assert asked == []
        await page.evaluate("() => document.getElementById('q').dispatchEvent(new CompositionEvent('compositionend'))")
        await page.get_by_role("link", name="Gợi ý một").wait_for()
        assert await box.input_value() == "đăng ky"
        assert await page.evaluate("document.activeElement.id") == "q"

    await visit(tmp_path, do)
    assert len(asked) == 1


async def _suggest(route: Any, asked: list[str]) -> None:
    asked.append(route.request.url)
    await route.fulfill(json={"results": [{"text": "Gợi ý một", "id": "1.001193"}]})
