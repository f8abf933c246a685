"""My space: every page whole and light, what it says when it is empty, and pages that go on."""

import gzip
import re

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_assisted import shown

PAGES = [
    *("/my", "/inbox", "/my/drafts", "/my/wallet", "/my/wallet?kind=result", "/my/preferences", "/my/helpers"),
    *("/my/accesses", "/assist", "/assist/h1", "/assist/h2", "/assist/h2?begun=1&seen=1", "/assist/new"),
    *("/assist/new?q=khai", "/assist/new?procedure=1.001193&q=ba", "/assist/new?procedure=1.001193&place=00004"),
    "/claim",
]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_ones_own_is_whole_light_and_kept_nowhere(signed_in: Browser, path: str, lang: str) -> None:
    page = await signed_in.get(path, headers={"accept-language": lang})
    assert page.status_code == 200, shown(page.text)
    assert page.text.count("<h1") == 1 and page.headers["cache-control"] == "no-store"
    assert "None" not in shown(page.text)
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page.text)
    assert len(gzip.compress(page.content, 6)) <= 15_000


async def test_a_claimed_page_and_a_receipt_are_whole_too(signed_in: Browser) -> None:
    codes = {"dossier": "H26-261121-0004", "claim_code": "K7QF-3MZR-P9TD"}
    for path, data in (("/claim", codes), ("/assist/h1/receipt", {})):
        page = await signed_in.post(path, data=data)
        assert page.status_code == 200 and page.text.count("<h1") == 1, shown(page.text)
        assert "None" not in shown(page.text)
    switched = await signed_in.post("/claim?lang=en", data=codes)
    assert '<html lang="en"' in switched.text and 'value="K7QF-3MZR-P9TD"' in switched.text


async def test_the_space_leads_to_all_that_is_ones_own(signed_in: Browser) -> None:
    page = (await signed_in.get("/my")).text
    for address in (
        "/inbox",
        "/dossiers",
        "/my/drafts",
        "/my/wallet",
        "/my/helpers",
        "/my/accesses",
        "/my/preferences",
    ):
        assert f'href="{address}"' in page
    assert "/assist" in page and "/claim" in page


async def test_an_empty_list_says_what_to_do(signed_in: Browser, contract: Services) -> None:
    drafts = shown((await signed_in.get("/my/drafts")).text)
    assert "Chọn một thủ tục để bắt đầu, câu trả lời được lưu sau mỗi bước." in drafts


async def test_a_draft_is_gone_on_with_or_dropped(signed_in: Browser) -> None:
    await signed_in.post("/file/1.001193", data={"place": "00004", "key": "one"})
    page = (await signed_in.get("/my/drafts")).text
    assert 'href="/file/draft/d1"' in page and 'href="/file/draft/d1/drop"' in page
    assert "Đăng ký khai sinh" in page and "Giữ đến ngày 21/12/2026." in page
    await signed_in.post("/file/draft/d1/drop", data={})
    assert 'href="/file/draft/d1"' not in (await signed_in.get("/my/drafts")).text


async def test_a_long_wallet_goes_on(signed_in: Browser) -> None:
    page = (await signed_in.get("/my/wallet?kind=paper")).text
    assert re.search(r'href="/my/wallet\?kind=paper&amp;cursor=more" rel="next"', page)
    assert 'rel="next"' not in (await signed_in.get("/my/wallet?kind=paper&cursor=more")).text


async def test_a_space_stays_usable_while_its_parts_are_away(signed_in: Browser, contract: Services) -> None:
    contract.away = {"citizen"}
    page = shown((await signed_in.get("/my")).text)
    assert "Thông báo (đang tạm vắng)" in page and "Hồ sơ của tôi" in page


async def test_need_a_person_names_the_office_and_says_when_its_telephone_is_not_published(signed_in: Browser) -> None:
    page = shown((await signed_in.get("/help")).text)
    assert "chưa công bố" in page
