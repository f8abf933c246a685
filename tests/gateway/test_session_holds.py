"""Detail 14: a page says until when the session holds; looking does not prolong it, one request does."""

import time
from datetime import timedelta

from sqlalchemy import update

from gateway.sessions import METADATA
from gateway.sessions import SESSION as TABLE
from gateway.settings import GatewaySettings
from kernel.clock import real_now
from kernel.db import Database
from tests.gateway.conftest import MakeEdge, sign_in

JSON = {"accept": "application/json"}
PAGE = {"accept": "text/html", "accept-language": "vi"}


async def test_detail_14_services_are_told_until_when_the_session_holds_and_nobody_else_may_say_so(
    make_edge: MakeEdge,
) -> None:
    edge = await make_edge()
    async with edge.browser() as browser:
        nobody = (await browser.get("/x", headers={"session-until": "99"})).json()["headers"]
        assert "session-until" not in nobody
        await sign_in(browser)
        told = (await browser.get("/x", headers={"session-until": "99"})).json()["headers"]
        assert abs(int(told["session-until"]) - time.time() - 1800) < 10
        left = (await browser.get("/auth/session", headers=JSON)).json()
        assert 1790 <= left["left"] <= 1800 and ":" in left["until"]


async def test_detail_14_looking_does_not_prolong_and_one_request_does(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_idle=timedelta(minutes=30))
    async with edge.browser() as browser:
        assert (await browser.get("/auth/session", headers=JSON)).json() == {"left": 0, "until": None}
        await sign_in(browser)
        database = await Database.open(GatewaySettings(data=edge.data).database_url("gateway"), METADATA)
        async with database.begin() as tx:
            await tx.execute(update(TABLE).values(seen_at=real_now() - timedelta(minutes=26)))
        await database.close()
        for _ in range(2):
            assert (await browser.get("/auth/session", headers=JSON)).json()["left"] <= 240
        assert (await browser.post("/auth/session", headers=JSON)).json()["left"] > 1700
        page = await browser.get("/auth/session", headers=PAGE)
        assert "Phiên đã được gia hạn đến" in page.text and "giờ Việt Nam" in page.text
        other_site = {**JSON, "sec-fetch-site": "cross-site"}
        assert (await browser.post("/auth/session", headers=other_site)).status_code == 403


async def test_detail_14_the_twelve_hours_are_not_prolonged(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_absolute=timedelta(minutes=4))
    async with edge.browser() as browser:
        await sign_in(browser)
        assert (await browser.post("/auth/session", headers=JSON)).json()["left"] <= 240
