"""Section 3 as people and machines meet it, and the guide to one procedure."""

import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from typing import Any

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.contract_information import STOP

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def shown(page: str) -> str:
    """Return what a reader sees of a page, on one line."""
    bare = re.sub(r"<script.*?</script>", " ", page, flags=re.S)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare)))


def linked(page: str) -> dict[str, Any]:
    """Return the JSON-LD of a page by its type."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    return {one["@type"]: one for one in map(json.loads, found)}


async def test_the_day_of_birth_gives_the_last_day_with_its_article(browser: Browser) -> None:
    plain = shown((await browser.get("/life-events/child")).text)
    assert "Trong 60 ngày" in plain and "Chậm nhất" not in plain
    dated = shown((await browser.get("/life-events/child", params={"d": "25", "m": "9", "y": "2026"})).text)
    assert "Chậm nhất Thứ Tư, 25/11/2026" in dated
    assert "Hạn rơi vào ngày nghỉ 24/11/2026" in dated
    assert "Luật Hộ tịch 2014, Điều 15" in dated and "Làm sau: Giữ giấy chứng sinh" in dated


async def test_detail_05_a_whole_date_in_the_first_box_is_split_and_shown_day_first(browser: Browser) -> None:
    page = shown((await browser.get("/life-events/child", params={"d": "25.9.2026"})).text)
    assert "Thứ Sáu, 25/09/2026" in page and "Chậm nhất" in page


async def test_detail_04_a_day_that_never_was_is_refused_in_words(browser: Browser) -> None:
    page = await browser.get("/life-events/child", params={"d": "29", "m": "2", "y": "2025"})
    assert page.status_code == 422
    assert "Tháng 2 năm 2025 chỉ có 28 ngày" in shown(page.text)
    assert page.text.index('class="error-summary"') < page.text.index("<h1")
    assert 'value="29"' in page.text and 'href="#f-d"' in page.text
    far = await browser.get("/life-events/child", params={"d": "1", "m": "1", "y": "1990"})
    assert far.status_code == 422 and "2020 đến 2034" in shown(far.text)


async def test_the_day_is_kept_nowhere(browser: Browser) -> None:
    page = await browser.get("/life-events/child", params={"d": "25", "m": "9", "y": "2026"})
    assert "set-cookie" not in page.headers
    assert "Ngày này không được lưu lại" in page.text


async def test_switching_the_language_keeps_the_day(browser: Browser) -> None:
    page = (await browser.get("/life-events/child", params={"d": "25", "m": "9", "y": "2026"})).text
    switch = re.search(r'<a href="([^"]+)" lang="en"', page)
    assert switch
    english = shown((await browser.get(unescape(switch[1]))).text)
    assert "By Wednesday, 25 November 2026 at the latest" in english or "25/11/2026" in english


async def test_a_signed_in_person_sees_what_they_filed(signed_in: Browser) -> None:
    page = shown((await signed_in.get("/life-events/child")).text)
    assert "Bạn đã nộp" in page and "H26-261121-0001" in page


async def test_a_checklist_can_be_printed_with_a_code_that_leads_back(browser: Browser) -> None:
    page = (await browser.get("/life-events/child")).text
    assert 'class="print-only"' in page and 'class="qr"' in page
    assert "http://portal.test/life-events/child" in page


async def test_detail_22_the_code_on_a_printed_checklist_holds_no_day(browser: Browser) -> None:
    plain = (await browser.get("/life-events/child")).text
    dated = (await browser.get("/life-events/child", params={"d": "25", "m": "9", "y": "2026"})).text
    code = re.compile(r'<svg[^>]*class="qr".*?</svg>', re.S)
    first, second = code.search(plain), code.search(dated)
    assert first and second and first[0] == second[0]


@pytest.mark.parametrize("path", ["/life-events/none", "/guides/none", "/offices/H99", "/offices?province=99"])
async def test_what_is_not_there_is_a_page_of_its_own(browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status_code == 404 and 'rel="canonical"' not in page.text


async def test_a_question_without_an_answer_is_not_guessed(browser: Browser) -> None:
    page = shown((await browser.get("/questions", params={"q": "zzz"})).text)
    assert "Cổng không đoán" in page and "bộ phận một cửa" in page


async def test_every_answer_shows_what_it_rests_on(browser: Browser) -> None:
    page = (await browser.get("/questions")).text
    assert "Căn cứ: Luật Hộ tịch 2014, Điều 15" in page
    assert 'href="/procedures/1.001193"' in page


async def test_an_office_without_a_contact_says_so_and_is_counted(browser: Browser) -> None:
    page = (await browser.get("/offices/H26.00004")).text
    assert page.count('<span class="not-published">chưa công bố</span>') >= 4
    assert "tel:" not in page
    counted = shown((await browser.get("/offices/missing")).text)
    assert "2 bộ phận một cửa và 1 cơ quan ban hành" in counted


async def test_a_demonstration_contact_is_marked_before_it_is_shown(browser: Browser) -> None:
    page = (await browser.get("/offices/H26.00008")).text
    assert page.index("dữ liệu thử nghiệm, không phải số thật") < page.index("000 000 000")
    assert "Thứ Sáu, 20/11/2026" in page


async def test_the_essential_services_say_which_have_no_code(browser: Browser) -> None:
    page = shown((await browser.get("/dich-vu-thiet-yeu")).text)
    assert "Nộp phạt Chưa có mã" in page and "1.001193" in page


async def test_notices_stand_on_the_front_and_status_page_only_when_there_are_any(
    browser: Browser, contract: Services
) -> None:
    for path in ("/", "/status"):
        assert "Sắp tạm dừng" not in (await browser.get(path)).text
    contract.apps["catalog"].state.stops.append(STOP)
    for path in ("/", "/status"):
        page = shown((await browser.get(path)).text)
        assert "Sắp tạm dừng: cả cổng" in page and "22:00 Thứ Bảy, 05/12/2026" in page


async def test_the_front_page_has_the_six_sections_in_their_order(browser: Browser) -> None:
    page = (await browser.get("/")).text
    order = ["search", "services", "information", "feedback", "consultations", "transparency"]
    listed = page[page.index('id="six"') :]
    places = [listed.index(f'href="/{name}"') for name in order]
    assert places == sorted(places)


async def test_the_feeds_are_atom_and_a_reader_that_has_them_gets_nothing_again(
    browser: Browser, contract: Services
) -> None:
    contract.apps["catalog"].state.stops.append({**STOP, "text": {"vi": "a < b & c", "en": "x"}})
    for path, count in (("/feeds/procedures.atom", 3), ("/feeds/notices.atom", 1)):
        answer = await browser.get(path)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        feed = ET.fromstring(answer.text)
        entries = feed.findall(f"{ATOM}entry")
        assert len(entries) == count
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == count
        for entry in entries:
            assert entry.findtext(f"{ATOM}updated") and entry.findtext(f"{ATOM}title")
        again = await browser.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_the_map_of_the_site_names_every_procedure_and_only_pages_that_answer(browser: Browser) -> None:
    answer = await browser.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    places = [one.findtext(f"{MAP}loc") or "" for one in ET.fromstring(answer.text).findall(f"{MAP}url")]
    assert len(places) == len(set(places)) > 20
    assert "http://portal.test/procedures/1.001193" in places
    for place in places:
        assert (await browser.get(place)).status_code == 200, place


async def test_robots_are_told_where_the_map_is_and_what_is_peoples_own(browser: Browser) -> None:
    text = (await browser.get("/robots.txt")).text
    assert "Sitemap: http://portal.test/sitemap.xml" in text
    for path in ("/my", "/dossiers", "/file", "/lookup/"):
        assert f"Disallow: {path}\n" in text


async def test_a_page_names_its_one_address_and_its_other_languages(browser: Browser) -> None:
    page = (await browser.get("/thu-tuc/1.001193?lang=en&revision=1")).text
    assert '<link rel="canonical" href="http://portal.test/procedures/1.001193?lang=en">' in page
    assert '<link rel="alternate" hreflang="vi" href="http://portal.test/procedures/1.001193">' in page
    assert '<link rel="alternate" hreflang="en" href="http://portal.test/procedures/1.001193?lang=en">' in page
    assert 'hreflang="x-default"' in page


async def test_pages_of_ones_own_have_no_public_address(signed_in: Browser) -> None:
    for path in ("/my", "/dossiers/H26-261121-0001", "/file/1.001193", "/lookup/H26-261121-0001"):
        assert 'rel="canonical"' not in (await signed_in.get(path)).text, path


async def test_a_procedure_describes_itself_to_search_engines(browser: Browser) -> None:
    data = linked((await browser.get("/procedures/1.001193")).text)
    assert data["GovernmentService"]["identifier"] == "1.001193"
    assert data["GovernmentService"]["name"] == "Đăng ký khai sinh"
    assert [one["position"] for one in data["BreadcrumbList"]["itemListElement"]] == [1, 2, 3]
    bare = linked((await browser.get("/procedures/1.000014")).text)["GovernmentService"]
    assert "serviceOutput" not in bare and "availableChannel" not in bare


async def test_marked_up_answers_cannot_end_their_script(browser: Browser) -> None:
    page = (await browser.get("/questions")).text
    text = linked(page)["FAQPage"]["mainEntity"][0]["acceptedAnswer"]["text"]
    assert text == "Trong 60 ngày </script> & hơn."
    assert page.count("</script>") == page.count("<script")


async def test_a_procedure_shows_the_road_before_filing_who_and_how_long(browser: Browser) -> None:
    page = shown((await browser.get("/procedures/1.001193")).text)
    assert "Đường đi của hồ sơ" in page
    assert "Ai làm: Bạn" in page and "Trong bao lâu: chưa công bố" in page


async def test_a_procedure_says_what_must_be_done_in_person(browser: Browser) -> None:
    assert "Việc phải đến tận nơi Không có trên cổng này" in shown((await browser.get("/procedures/1.001193")).text)
    assert "Việc phải đến tận nơi chưa công bố" in shown((await browser.get("/procedures/1.000014")).text)


async def test_papers_that_the_state_has_are_struck_through_with_their_source(browser: Browser) -> None:
    page = (await browser.get("/procedures/1.001193")).text
    assert re.search(r'class="state-has">Nơi cư trú của cha mẹ.*CSDL dân cư', page)
    assert "(không phải nộp)" in page


async def test_detail_23_the_official_title_stands_under_the_everyday_one(browser: Browser) -> None:
    page = shown((await browser.get("/procedures/1.001193")).text)
    assert "Đăng ký khai sinh Tên chính thức: Thủ tục đăng ký khai sinh" in page


async def test_a_printed_procedure_is_a_guide_with_its_address(browser: Browser) -> None:
    page = (await browser.get("/procedures/1.001193")).text
    assert 'class="print-only"' in page and "http://portal.test/procedures/1.001193</p>" in page


async def test_old_addresses_lead_to_the_office_of_today(browser: Browser) -> None:
    page = (await browser.get("/addresses", params={"q": "trúc bạch"})).text
    assert "Phường Trúc Bạch" in page and 'href="/offices/H26.00004"' in page
