"""Detail 17 whole: the pages, the real dossier service and the sample platform, from the ask to the receipt."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from dossier_service.model.states import RequestState
from kernel.web import AsgiUpstream
from portal.main import build
from portal.settings import PortalSettings
from tests.dossier_service.door import Door, token
from tests.dossier_service.paying import Till, till
from tests.portal.conftest import Browser
from tests.portal.contract import services

HERE, THERE = "http://127.0.0.1:8000", "http://pay.test"


def read(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


class Person(Browser):
    """A browser that is signed in here, and goes to the platform as a stranger."""

    def __init__(self, portal: httpx.ASGITransport, platform: httpx.ASGITransport) -> None:
        super().__init__(base_url=HERE, mounts={HERE: portal, THERE: platform}, follow_redirects=True)
        self.headers["accept-language"] = "vi"

    def address(self, page: httpx.Response, words: str) -> str:
        """Return where the link with these words leads."""
        found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>{words}', page.text)
        assert found, words
        return found[1]

    async def press_pay(self, code: str) -> httpx.Response:
        """Go from the dossier to the page that shows what is paid, and press its button."""
        dossier = await self.get(f"/dossiers/{code}")
        asked = await self.get(self.address(dossier, "Nộp 200.000"))
        assert "Hai trăm nghìn đồng" in read(asked) and "NĐ 118/2025/NĐ-CP" in read(asked)
        sent = dict(re.findall(r'name="(key|amount_vnd|ask_no)" value="([^"]*)"', asked.text))
        return await self.post(f"/dossiers/{code}/pay", data=sent)


@asynccontextmanager
async def counter(folder: Path) -> AsyncIterator[tuple[Till, Person]]:
    async with till(folder) as here:
        upstreams = services().upstreams() | {"dossiers": AsgiUpstream(Door(here.here).app)}
        settings = PortalSettings(data=folder, public_url=HERE, demo=True)
        running = await build(settings, upstreams=upstreams, clock=here.here.desk.clock)

        async def signed_in(scope: Any, receive: Any, send: Any) -> None:
            bearer = (b"authorization", f"Bearer {token('citizen-1')}".encode())
            await running.app({**scope, "headers": [*scope["headers"], bearer]}, receive, send)

        async with Person(httpx.ASGITransport(app=signed_in), httpx.ASGITransport(app=here.platform_app)) as person:
            yield here, person


async def test_detail_17_the_platform_dies_between_debit_and_answer_and_the_page_mends_itself(tmp_path: Path) -> None:
    async with counter(tmp_path) as (here, person):
        page = await person.press_pay(here.code)
        mine = page.url.path
        assert "Chưa có khoản tiền nào bị trừ" in read(page)
        at = await person.get(person.address(page, "Sang nền tảng thanh toán"))
        assert "Nền tảng thanh toán mẫu" in read(at) and "200.000" in read(at)
        cut = await person.post(at.url, data={"how": "cut"})
        assert cut.status_code == 503 and "Đừng nộp lại lần nữa" in read(cut)

        assert "không nộp lại lần nữa" in read(await person.get(f"/dossiers/{here.code}"))
        page = await person.get(mine)
        assert "Đang xác nhận. Bạn không nộp lại lần nữa." in read(page) and THERE not in page.text
        again = await person.get(f"/dossiers/{here.code}/pay")
        assert again.url.path == mine

        await here.here.desk.clock.advance(timedelta(seconds=61))
        (payment,) = await here.mend()
        page = await person.get(mine)
        assert "Bạn đã nộp 200.000 đ" in read(page) and payment.receipt_no in read(page)
        dossier = read(await person.get(f"/dossiers/{here.code}"))
        assert f"Biên lai số {payment.receipt_no}" in dossier and "Bạn đã nộp tiền" in dossier
        assert sum(slip.state == "paid" for slip in here.book.newest()) == 1


async def test_detail_17_paid_at_once_brings_back_to_the_receipt(tmp_path: Path) -> None:
    async with counter(tmp_path) as (here, person):
        page = await person.press_pay(here.code)
        back = await person.post(person.address(page, "Sang nền tảng thanh toán"), data={"how": "pay"})
        assert back.url.path == page.url.path and "Bạn đã nộp 200.000 đ" in read(back)
        await here.answer(1, RequestState.ACCEPTED)
        await here.mend()
        dossier = await person.get(f"/dossiers/{here.code}")
        assert "Xem biên lai" in read(dossier) and f'/dossiers/{here.code}/pay"' not in dossier.text


async def test_detail_17_declined_can_be_tried_again_and_is_another_payment(tmp_path: Path) -> None:
    async with counter(tmp_path) as (here, person):
        page = await person.press_pay(here.code)
        back = await person.post(person.address(page, "Sang nền tảng thanh toán"), data={"how": "declined"})
        assert "Ngân hàng từ chối khoản nộp này." in read(back)
        second = await person.press_pay(here.code)
        assert second.url.path != page.url.path and "Chưa có khoản tiền nào bị trừ" in read(second)


async def test_detail_17_money_for_a_stopped_dossier_goes_back_and_the_dossier_says_so(tmp_path: Path) -> None:
    async with counter(tmp_path) as (here, person):
        page = await person.press_pay(here.code)
        at = person.address(page, "Sang nền tảng thanh toán")
        await here.stop()
        assert "không còn chờ khoản này" in read(await person.get(page.url.path))
        back = await person.post(at, data={"how": "pay"})
        assert "Đang hoàn lại 200.000 đ" in read(back) and "hồ sơ đã kết thúc" in read(back)
        await here.answer(1, RequestState.CLOSED)
        (payment,) = await here.mend()
        done = read(await person.get(page.url.path))
        assert "Đã hoàn lại 200.000 đ" in done and payment.refund_no in done
        dossier = read(await person.get(f"/dossiers/{here.code}"))
        assert "Đã hoàn lại 200.000 đ" in dossier and "Đã hoàn tiền cho bạn" in dossier


async def test_detail_17_a_platform_that_is_away_takes_nothing_and_says_so(tmp_path: Path) -> None:
    async with counter(tmp_path) as (here, person):
        here.wire.lost = True
        page = await person.press_pay(here.code)
        assert "Chưa có khoản tiền nào bị trừ" in read(page) and "Thử lại" in read(page)
        here.wire.lost = False
        sent = dict(re.findall(r'name="(key|amount_vnd|ask_no)" value="([^"]*)"', page.text))
        again = await person.post(f"/dossiers/{here.code}/pay", data=sent)
        assert again.url.path == page.url.path and "Sang nền tảng thanh toán" in read(again)
