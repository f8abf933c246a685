"""Detail 17 as far as it exists: the portal takes no money yet, but a payment that was told has its three ends."""

import re

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services

CODE = "H26-261121-0010"
PAGE = f"/dossiers/{CODE}"
PAID = {"request_no": 1, "kind": "payment", "ask_no": 1, "text": None, "filed_at": "2026-11-21T11:00:00+07:00"}


def read(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_detail_17_money_not_paid_says_how_much_and_how(signed_in: Browser) -> None:
    page = read((await signed_in.get(PAGE)).text)
    assert "200.000 đ" in page and "giữ biên lai" in page
    assert "đang được xác nhận" not in page


async def test_detail_17_a_payment_not_known_forbids_paying_again(signed_in: Browser, contract: Services) -> None:
    contract.dossiers[CODE]["requests"] = [{**PAID, "state": "open"}]
    page = read((await signed_in.get(PAGE)).text)
    assert "đang được xác nhận. Bạn không nộp lại lần nữa." in page
    assert "Bạn nộp tại" not in page


@pytest.mark.parametrize("state", ["declined", "closed"])
async def test_detail_17_a_payment_refused_says_so_and_asks_again(
    signed_in: Browser, contract: Services, state: str
) -> None:
    contract.dossiers[CODE]["requests"] = [{**PAID, "state": state, "code": None}]
    page = read((await signed_in.get(PAGE)).text)
    assert "Khoản nộp không được nhận" in page and "giữ biên lai" in page


async def test_detail_17_money_paid_is_asked_no_more(signed_in: Browser, contract: Services) -> None:
    ask = {**contract.dossiers[CODE]["asks"][0], "state": "met"}
    contract.dossiers[CODE] |= {"asks": [ask], "requests": [{**PAID, "state": "accepted"}], "status": 4}
    page = read((await signed_in.get(PAGE)).text)
    assert "200.000 đ" not in page and "giữ biên lai" not in page and "không nộp lại" not in page
