"""Detail 17: a payment has three ends; the one that is not known forbids a second one and mends itself."""

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


TILL = "/dossiers/H26-261121-0012"


async def test_detail_17_the_amount_its_ground_and_who_receives_it_are_shown_before(signed_in: Browser) -> None:
    assert 'href="/dossiers/H26-261121-0012/pay"' in (await signed_in.get(TILL)).text
    page = read((await signed_in.get(f"{TILL}/pay")).text)
    for part in ("200.000 đ", "Bằng chữ: Hai trăm nghìn đồng.", "Lệ phí", "Nghị quyết số 06/2020", "Phường Ba Đình"):
        assert part in page
    english = read((await signed_in.get(f"{TILL}/pay?lang=en")).text)
    assert "200,000 VND" in english and "In words: Two hundred thousand dong." in english


async def test_detail_17_pressing_pay_twice_back_and_reload_make_one_payment(
    signed_in: Browser, contract: Services
) -> None:
    sent = {"amount_vnd": "200000", "ask_no": "1", "key": "k"}
    first = await signed_in.post(f"{TILL}/pay", data=sent)
    again = await signed_in.post(f"{TILL}/pay", data=sent)
    back = await signed_in.get(f"{TILL}/pay")
    assert {answer.url.path for answer in (first, again, back)} == {f"{TILL}/payments/new1"}
    assert 'href="http://pay.test/pay/new1"' in first.text
    assert "Chưa có khoản tiền nào bị trừ" in first.text and "Đừng nộp lại lần nữa" in first.text
    page = read((await signed_in.get(TILL)).text)
    assert "không nộp lại lần nữa" in page and "Nộp 200.000 đ" not in page
    assert len(contract.dossiers["H26-261121-0012"]["payments"]) == 1


async def test_detail_17_the_amount_shown_is_the_amount_asked_or_nothing_begins(
    signed_in: Browser, contract: Services
) -> None:
    refused = await signed_in.post(f"{TILL}/pay", data={"amount_vnd": "100000", "ask_no": "1", "key": "k"})
    assert refused.status_code == 409
    assert "Số tiền vừa thay đổi" in refused.text and "200.000" in read(refused.text)
    assert contract.dossiers["H26-261121-0012"]["payments"] == []


async def test_detail_17_paid_shows_the_receipt_and_can_be_printed(signed_in: Browser) -> None:
    page = (await signed_in.get(f"{TILL}/payments/paid")).text
    for part in ("Bạn đã nộp 200.000 đ", "MAU-261121-0001-A1B2", "11:02", "Hai trăm nghìn đồng"):
        assert part in read(page)
    assert "data-print" in page and "chưa phải làm gì" in read(page)


@pytest.mark.parametrize("id", ["unknown", "away"])
async def test_detail_17_not_known_forbids_a_second_payment_and_says_what_happens(signed_in: Browser, id: str) -> None:
    page = (await signed_in.get(f"{TILL}/payments/{id}")).text
    if id == "away":
        assert "Chưa có khoản tiền nào bị trừ" in page
        return
    assert "Đang xác nhận. Bạn không nộp lại lần nữa." in page and "tự hỏi lại" in page
    assert "pay.test" not in page and f"{TILL}/pay" not in page.replace(f"{TILL}/payments", "")


async def test_detail_17_not_known_mends_itself_when_the_platform_answers(
    signed_in: Browser, contract: Services
) -> None:
    contract.payments["unknown"] |= {**contract.payments["paid"], "id": "unknown"}
    assert "Bạn đã nộp 200.000 đ" in read((await signed_in.get(f"{TILL}/payments/unknown")).text)


async def test_detail_17_not_paid_says_why_and_lets_try_again(signed_in: Browser) -> None:
    page = (await signed_in.get(f"{TILL}/payments/declined")).text
    assert "Ngân hàng từ chối" in page and f'href="{TILL}/pay"' in page


async def test_detail_17_receipt_and_refund_are_on_the_dossier(signed_in: Browser) -> None:
    page = read((await signed_in.get("/dossiers/H26-261121-0014")).text)
    for part in ("Đã nộp 200.000 đ", "Đang hoàn lại 200.000 đ", "Đã hoàn lại 200.000 đ", "Biên lai số MAU-"):
        assert part in page
    due = read((await signed_in.get(f"{TILL}/payments/due")).text)
    assert "hồ sơ đã kết thúc" in due and "Bạn không phải làm gì" in due
    done = read((await signed_in.get(f"{TILL}/payments/done")).text)
    assert "HOAN-MAU-261121-0001" in done and "chưa công bố" in done


async def test_detail_17_a_session_that_ended_starts_the_same_payment_after_sign_in(browser: Browser) -> None:
    sent = {"amount_vnd": "200000", "ask_no": "1", "key": "k"}
    page = await browser.post(f"{TILL}/pay", data=sent)
    assert page.status_code == 401 and 'value="200000"' in page.text
