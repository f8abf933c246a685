"""The search page: one result a title, the rule of one's own place, filters as links, a way on when nothing fits."""

import re

import pytest

from portal.pages.search import _row
from tests.portal.conftest import Browser
from tests.portal.contract import Services

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


async def test_a_result_says_how_long_how_much_where_and_why(browser: Browser) -> None:
    page = (await browser.get("/search?q=khai")).text
    first = page[page.index("/procedures/1.001193") : page.index("/procedures/1.000014")]
    for said in ("Cha hoặc mẹ đăng ký cho con.", "Thời gian: ", "Lệ phí: ", "Nộp trực tuyến được.", "Cấp xã"):
        assert said in first
    assert "làm giấy khai sinh" in first
    second = page[page.index("/procedures/1.000014") : page.index("/procedures/2.000986")]
    assert "Thời gian và lệ phí: chưa công bố." in second and "Chưa nộp trực tuyến ở đây được." in second
    assert "Miễn phí" not in second and "0 đ" not in second


async def test_questions_stand_after_the_first_procedures_with_their_answers(browser: Browser) -> None:
    page = (await browser.get("/search?q=khai")).text
    assert page.index("/procedures/1.001193") < page.index("/life-events/child") < page.index("#birth-when")
    assert "Trong 60 ngày kể từ ngày sinh." in page and ">Thủ tục 1.001193</a>" in page
    assert 'href="/search?q=khai&amp;type=question" rel="nofollow">Hỏi đáp (1)' in page
    alone = (await browser.get("/search?q=khai&type=question")).text
    assert "#birth-when" in alone and '<h3><a href="/procedures/' not in alone


async def test_not_this_is_one_press_and_leads_on(browser: Browser, contract: Services) -> None:
    page = (await browser.get("/search?q=khai")).text
    assert 'action="/search/missed"' in page and 'name="q" value="khai"' in page
    after = await browser.post("/search/missed", data={"q": "khai"})
    assert after.url.path == "/search" and after.url.params["q"] == "khai"
    assert "Đã ghi. Cảm ơn bạn." in after.text and 'action="/search/missed"' not in after.text
    assert 'href="/offices"' in after.text and 'href="/search/missed"' in after.text
    assert "PUT /api/search/v1/missed" in contract.calls
    assert (await browser.post("/search/missed", data={"q": " "})).url.path == "/search"


async def test_the_list_of_a_week_shows_what_is_found_since_and_what_is_not(browser: Browser) -> None:
    page = (await browser.get("/search/missed")).text
    assert "Tuần 47, năm 2026" in page and "xe ôm công nghệ" in page and "7 nơi cùng hỏi." in page
    assert "Nay tìm được, nhờ tên gọi “đẻ con”:" in page and 'href="/procedures/1.001193"' in page
    assert 'href="/search/missed?week=2026-W46"' in page
    assert "Chưa có câu nào" in (await browser.get("/search/missed?week=2026-W46")).text


async def test_results_in_english_say_openly_what_is_vietnamese(browser: Browser) -> None:
    page = (await browser.get("/search?q=khai&lang=en")).text
    assert "[vi] Cấp giấy phép hoạt động" in page and "Civil status" in page
    assert 'Official title: <span lang="vi">Thủ tục đăng ký khai sinh</span>' in page
    assert "How soon must a birth be registered?" in page
