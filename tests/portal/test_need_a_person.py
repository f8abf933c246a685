"""The office of the place is named with its telephone on every page of a form, without a call of its own each time."""

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import begin, fill

BA_DINH = "Cần người giúp? Gọi Bộ phận một cửa Phường Ba Đình:"


def asked(contract: Services) -> list[str]:
    return [call for call in contract.calls if "/offices/" in call or call.endswith("/resolve")]


async def test_a_question_and_the_check_page_name_the_office_of_the_place(browser: Browser, contract: Services) -> None:
    await begin(browser)
    assert asked(contract)
    contract.calls.clear()
    for page in ("child", "photo", "child"):
        shown = (await browser.get(f"/file/draft/d1/q/{page}")).text
        assert BA_DINH in shown and "số điện thoại chưa công bố" in shown
    assert asked(contract) == [], "asked once, then kept for some minutes"
    checked = await browser.get(await fill(browser))
    assert checked.url.path.endswith("/check") and BA_DINH in checked.text


async def test_a_published_telephone_is_a_link_to_call(browser: Browser, contract: Services) -> None:
    await begin(browser)
    contract.drafts["d1"]["place"] = "00008"
    page = (await browser.get("/file/draft/d1/q/photo")).text
    assert '<a href="tel:000000000">000 000 000</a>' in page


@pytest.mark.parametrize("page", ["0001/receipt", "0001/withdraw", "0002/supplement", "0003/confirm"])
async def test_the_receipt_and_what_is_done_after_filing_name_the_office(signed_in: Browser, page: str) -> None:
    assert "Cần người giúp? Gọi " in (await signed_in.get(f"/dossiers/H26-261121-{page}")).text


@pytest.mark.parametrize("away", ["catalog"])
async def test_an_office_that_cannot_be_asked_leaves_the_way_to_help(
    signed_in: Browser, contract: Services, away: str
) -> None:
    contract.away.add(away)
    page = await signed_in.get("/dossiers/H26-261121-0001/receipt")
    assert page.status_code == 200 and 'href="/help"' in page.text
    contract.away.clear()
    assert "Gọi " in (await signed_in.get("/dossiers/H26-261121-0001/receipt")).text, "a refusal is not kept"
