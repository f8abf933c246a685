"""The portal over the contract services, asked as a browser asks."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kernel.clock import Clock
from portal.main import build
from portal.settings import PortalSettings
from tests.portal.contract import Services, services

Browser = httpx.AsyncClient


@pytest.fixture
def contract() -> Services:
    """A fresh set of services."""
    return services()


@pytest.fixture
async def browser(contract: Services, tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser that follows redirects, has cookies and asks for Vietnamese."""
    settings = PortalSettings(data=tmp_path, public_url="http://portal.test", demo=True)
    running = await build(settings, upstreams=contract.upstreams(), clock=Clock())
    transport = httpx.ASGITransport(app=running.app)
    async with Browser(transport=transport, base_url="http://portal.test", follow_redirects=True) as client:
        client.headers["accept-language"] = "vi"
        yield client


@pytest.fixture
def signed_in(browser: Browser) -> Browser:
    """The same browser as the gateway presents it after signing in."""
    browser.headers["authorization"] = "Bearer sample"
    return browser
