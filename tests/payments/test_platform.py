"""The sample platform: marked as one, debits once, remembers over a restart, and misbehaves when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import httpx
import pytest

from dossier_service.clients.payments import NoAnswer, PaymentPlatform, read_answer
from dossier_service.model.payments import Payment, Word
from kernel.clock import Clock
from kernel.web import HttpUpstream
from motcua.cluster.engines import listens
from motcua.payments import build
from motcua.serving import Doors
from tests.ports import free_ports
from tests.running import until

ID = "0123456789abcdef0123456789abcdef"
ADDRESS = f"/pay/api/payments/{ID}"
KNOWN = {"authorization": "Bearer sample"}
ASKED = {"amount_vnd": 200_000, "about": "H26-261121-0012", "return_url": "http://portal.test/back"}
PAYMENT = Payment(ID, "H26-261121-0012", 1, "citizen-1", None, 200_000, datetime(2026, 11, 21, tzinfo=UTC))


def browser(folder: Path) -> httpx.AsyncClient:
    app = build(data=folder, public_url="http://pay.test", secret="sample", clock=Clock(folder / "clock.json"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pay.test")


async def test_every_page_says_that_it_is_a_sample(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        await client.put(ADDRESS, json=ASKED, headers=KNOWN)
        for path in ("/pay", f"/pay/{ID}", "/pay/nothing"):
            page = (await client.get(path)).text
            assert "Nền tảng thanh toán mẫu" in page and "Đây không phải ngân hàng" in page
        english = (await client.get(f"/pay/{ID}", headers={"accept-language": "en"})).text
        assert "Sample payment platform" in english and "200,000" in english


async def test_services_without_the_secret_learn_nothing(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "Basic c2FtcGxl"}):
            for method in ("GET", "PUT"):
                assert (await client.request(method, ADDRESS, json=ASKED, headers=headers)).status_code == 401


async def test_a_payment_is_taken_in_once_debited_once_and_given_back_once(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        first = (await client.put(ADDRESS, json=ASKED, headers=KNOWN)).json()
        assert (first["state"], first["pay_url"]) == ("waiting", f"http://pay.test/pay/{ID}")
        assert (await client.put(ADDRESS, json=ASKED, headers=KNOWN)).json() == first
        other = await client.put(ADDRESS, json={**ASKED, "amount_vnd": 1}, headers=KNOWN)
        assert other.status_code == 409
        for _ in range(2):
            done = await client.post(f"/pay/{ID}", data={"how": "pay"})
            assert (done.status_code, done.headers["location"]) == (303, ASKED["return_url"])
        told = (await client.get(ADDRESS, headers=KNOWN)).json()
        assert (told["state"], told["charged_vnd"]) == ("paid", 200_000)
    async with browser(tmp_path) as client:
        assert (await client.get(ADDRESS, headers=KNOWN)).json() == told
        back = [(await client.put(f"{ADDRESS}/refund", json={"reason": "ended"}, headers=KNOWN)).json() for _ in "ab"]
        assert back[0] == back[1] and back[0]["state"] == "refunded" and back[0]["refund_no"]


@pytest.mark.parametrize(
    ("how", "state"), [("declined", "declined"), ("cancelled", "cancelled"), ("late", "processing")]
)
async def test_it_declines_cancels_and_answers_late_when_told(tmp_path: Path, how: str, state: str) -> None:
    async with browser(tmp_path) as client:
        await client.put(ADDRESS, json=ASKED, headers=KNOWN)
        assert (await client.post(f"/pay/{ID}", data={"how": how})).status_code == 303
        assert (await client.get(ADDRESS, headers=KNOWN)).json()["state"] == state


async def test_it_debits_and_falls_silent_before_it_answers(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        await client.put(ADDRESS, json=ASKED, headers=KNOWN)
        cut = await client.post(f"/pay/{ID}", data={"how": "cut"})
        assert cut.status_code == 503 and "Đừng nộp lại" in cut.text
        assert (await client.get(ADDRESS, headers=KNOWN)).status_code == 503
        await client.post("/pay", data={"away": "0"})
        assert (await client.get(ADDRESS, headers=KNOWN)).json()["state"] == "paid"


async def test_it_can_be_sent_away_for_a_while(tmp_path: Path) -> None:
    async with browser(tmp_path) as client:
        await client.post("/pay", data={"away": "600"})
        assert (await client.put(ADDRESS, json=ASKED, headers=KNOWN)).status_code == 503
        assert "không trả lời" in (await client.get("/pay")).text


@asynccontextmanager
async def platform_at(url: str, *, secret: str = "sample") -> AsyncIterator[PaymentPlatform]:
    async with aiohttp.ClientSession() as session:
        yield PaymentPlatform(HttpUpstream(url, session), base="/pay", secret=secret, seconds=3.0)


async def test_over_http_a_payment_is_begun_asked_about_and_refunded(tmp_path: Path) -> None:
    port = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    doors = Doors()
    doors.open(build(data=tmp_path, public_url=url, secret="sample", clock=Clock()), host="127.0.0.1", port=port)
    try:
        await asyncio.to_thread(until, lambda: listens(port))
        async with platform_at(url) as platform:
            said = await platform.begin(PAYMENT, about="x", back_to="http://portal.test/back")
            assert (said.word, said.address) == (Word.WAITING, f"{url}/pay/{ID}")
            async with aiohttp.ClientSession() as person:
                await person.post(said.address, data={"how": "pay"}, allow_redirects=False)
            said = await platform.ask(PAYMENT)
            assert (said.word, said.amount_vnd) == (Word.PAID, 200_000) and said.receipt_no
            assert (await platform.refund(PAYMENT)).word is Word.REFUNDED
        async with platform_at(url, secret="wrong") as stranger:
            with pytest.raises(NoAnswer, match="401"):
                await stranger.ask(PAYMENT)
    finally:
        await doors.close()
    async with platform_at(url) as platform:
        with pytest.raises(NoAnswer):
            await platform.ask(PAYMENT)


async def test_a_platform_that_never_answers_is_waited_for_no_longer_than_allowed() -> None:
    over, closed = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()
        closed.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession() as session:
        platform = PaymentPlatform(HttpUpstream(url, session), base="/pay", secret="sample", seconds=0.2)
        with pytest.raises(NoAnswer):
            await platform.ask(PAYMENT)
    server.close()
    over.set()
    await closed.wait()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"state":"rich"}',
        b'{"state":"paid"}',
        b'{"state":"paid","charged_vnd":-1}',
        b'{"state":"paid","charged_vnd":1.5}',
        b'{"state":"paid","charged_vnd":true}',
        b'{"state":"paid","charged_vnd":1,"paid_at":"yesterday"}',
        b'{"state":"paid","charged_vnd":1,"paid_at":"2026-11-21T10:00:00"}',
        b'{"state":"paid","charged_vnd":1,"receipt_no":"a\\u0000b"}',
        b'{"state":"waiting","pay_url":"javascript:alert(1)"}',
    ],
)
def test_an_answer_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read_answer(body)
