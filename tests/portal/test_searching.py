"""The search page: one result a title, the rule of one's own place, filters as links, a way on when nothing fits."""

import re

import pytest

from portal.pages.search import _row
from tests.portal.conftest import Browser

HA_NOI = {"ward": "00004", "name": "Phường Ba Đình", "province_name": "Thành phố Hà Nội"}
LAI_CHAU = {"ward": "03388", "name": "Phường Tân Phong", "province_name": "Tỉnh Lai Châu"}


def copies(*issuers: str) -> dict[str, object]:
    (first, *rest) = [{"id": f"1.00000{number}", "issuer": issuer} for number, issuer in enumerate(issuers)]
    return {**first, "title": "Tách thửa", "also": rest, "also_count": len(rest)}


@pytest.mark.parametrize(
    ("place", "issuers", "code", "rule"),
    [
        (None, ("UBND tỉnh Lai Châu", "Bộ Tư pháp"), "1.000001", "all"),
        (HA_NOI, ("Bộ Tư pháp", "UBND Thành phố Hà Nội"), "1.000001", "here"),
        (HA_NOI, ("Bộ Tư pháp", "UBND tỉnh Lai Châu"), "1.000000", "all"),
        (LAI_CHAU, ("UBND Thành phố Hà Nội", "UBND tỉnh Lai Châu"), "1.000001", "here"),
        (HA_NOI, ("UBND tỉnh Lai Châu",), "1.000000", "elsewhere"),
    ],
)
def test_of_documents_of_one_title_the_rule_of_the_person_s_place_is_shown(
    place: dict[str, str] | None, issuers: tuple[str, ...], code: str, rule: str
) -> None:
    row = _row(copies(*issuers), place)
    assert (row.item["id"], row.rule, row.others) == (code, rule, len(issuers) - 1)
    assert code not in [other for other, _ in row.versions]


async def test_filters_are_links_that_keep_the_question_and_can_be_dropped(browser: Browser) -> None:
    page = (await browser.get("/search?q=khai&level=commune&place=00004")).text
    assert re.search(r'href="/search\?q=khai&amp;place=00004" rel="nofollow">Bỏ lọc: Cấp thực hiện: Cấp xã', page)
    assert 'name="place" value="00004"' in page
    assert "<select" not in page


async def test_nothing_found_leads_on(browser: Browser) -> None:
    page = (await browser.get("/search?q=zzz&level=commune")).text
    for address in ("/search?q=zzz", "/offices", "/feedback", "/help"):
        assert f'href="{address}"' in page
    assert "Mười" in page or page.count('href="/procedures/') > 2


async def test_the_place_is_asked_in_words_and_an_unknown_one_asked_again(browser: Browser) -> None:
    page = (await browser.get("/search?q=khai&where=nowhere+at+all")).text
    assert page.count("<h1") == 1
    assert 'name="place"' not in page


async def test_what_was_read_differently_is_a_question_and_the_place_is_asked_once(browser: Browser) -> None:
    page = (await browser.get("/search?q=shinh")).text
    assert "phải không?" in page and 'href="/search?q=%22shinh%22"' in page
    assert 'id="where"' in page and "Quy định chung cho cả nước" in page
    assert 'id="where"' not in (await browser.get("/search?q=shinh&place=00004")).text
