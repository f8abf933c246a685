"""Detail 14 and journey (c) 7: pages say until when the session holds; a warning, one press, nothing lost."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from gateway.main import build as build_gateway
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.web import AsgiUpstream
from motcua import identity
from portal.main import build
from portal.settings import PortalSettings
from tests.portal.conftest import Browser
from tests.portal.contract import services
from tests.portal.test_in_a_browser import RULES, chrome, listening
from tests.ports import free_ports


async def test_detail_14_a_signed_in_page_says_until_when_in_viet_nams_time_without_script(signed_in: Browser) -> None:
    until = int(time.time()) + 1740
    page = (await signed_in.get("/my/preferences", headers={"session-until": str(until)})).text
    assert "Bạn còn đăng nhập đến" in page and "(giờ Việt Nam)" in page
    assert 'href="/auth/session" target="_blank"' in page, "one link prolongs it, in a window of its own"
    for wrong in ("", "x", "9" * 20):
        assert "data-session" not in (await signed_in.get("/my/preferences", headers={"session-until": wrong})).text


async def test_detail_14_who_is_not_signed_in_is_told_of_no_session(browser: Browser) -> None:
    page = (await browser.get("/help")).text
    assert "data-session" not in page and "session." not in page


@pytest.fixture
async def page(tmp_path: Path, chromium: None) -> AsyncIterator[Page]:
    """A signed-in page whose session holds 303 seconds: the warning comes after three."""
    port = free_ports(1)
    public = f"http://127.0.0.1:{port}"
    provider = identity.build(data=tmp_path, public_url=public)
    contract = services()
    settings = PortalSettings(data=tmp_path, public_url=public, demo=True)
    pages = await build(settings, upstreams=contract.upstreams(), clock=Clock())
    gateway = await build_gateway(
        GatewaySettings(
            data=tmp_path, public_url=public, gateway_access_log=False, gateway_idle=timedelta(seconds=303)
        ),
        upstreams={
            **dict.fromkeys(
                ("search", "catalog", "dossiers", "citizen", "exchange", "offices", "dev"), AsgiUpstream(pages.app)
            ),
            "portal": AsgiUpstream(pages.app),
            "identity": AsgiUpstream(provider.app),
        },
        verifier=Verifier(issuer=f"{public}/id", keys=provider.jwks),
    )
    async with listening(gateway.app, port, token="") as address, chrome() as browser:
        opened = await browser.new_page(viewport={"width": 320, "height": 640}, locale="vi-VN")
        await opened.goto(f"{address}/auth/login?next=/my/preferences")
        await opened.locator("button[value='citizen-1'], input[value='citizen-1']").first.click()
        await opened.wait_for_url("**/my/preferences")
        yield opened
    await gateway.close()


@pytest.mark.browser
async def test_detail_14_the_warning_is_said_once_and_one_press_goes_on(page: Page) -> None:
    await page.fill("#phone", "0912 345 678")
    box = page.locator(".session")
    await expect(box.get_by_role("status")).to_contain_text("Phiên đăng nhập hết lúc", timeout=15_000)
    go_on = page.get_by_role("button", name="Tiếp tục")
    await expect(go_on).to_be_visible()
    assert await page.evaluate("document.activeElement.id") == "phone", "it takes no focus away"
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    found = await Axe().run(page, options=RULES)
    assert found.response["violations"] == []
    await go_on.click()
    await expect(box.get_by_role("status")).to_contain_text("Đã kéo dài đến")
    await expect(go_on).to_be_hidden()
    assert await page.input_value("#phone") == "0912 345 678", "nothing is lost"
    await expect(box.get_by_role("status")).to_contain_text("Phiên đăng nhập hết lúc", timeout=15_000)
    await page.context.clear_cookies()
    await go_on.click()
    await expect(box.get_by_role("status")).to_contain_text("Bạn cứ điền và bấm gửi")
