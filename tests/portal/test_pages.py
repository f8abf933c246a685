"""The pages as documents: what they say, what they weigh, what they never do."""

import gzip
import re

import pytest

from portal.public_api import ENDPOINTS
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.samples import DOSSIERS

PUBLIC = [
    *("/", "/search", "/search?q=khai", "/search?q=zzz", "/procedures/1.001193", "/procedures/1.000014"),
    *("/procedures/2.000986", "/file/1.001193", "/file/1.001193?q=ba", "/file/1.001193?place=00004", "/services"),
    *("/information", "/feedback", "/consultations", "/transparency", "/help", "/privacy"),
    *("/life-events/child", "/life-events/child?d=25&m=9&y=2026", "/guides", "/guides/follow", "/questions"),
    *("/questions?q=khai", "/essential-services", "/addresses?q=ba", "/offices", "/offices?view=63"),
    *("/offices?province=01", "/offices/missing", "/offices/H26.00004"),
    *("/accessibility", "/status", "/components", "/lookup", "/lookup/H26-261121-0001"),
]
OWN = [
    *("/my", "/inbox", "/my/accesses", "/dossiers", *(f"/dossiers/{code}" for code in DOSSIERS)),
    *("/dossiers/H26-261121-0001/receipt", "/dossiers/H26-261121-0001/receipt?paper=80"),
    *("/dossiers/H26-261121-0001/answers", "/dossiers/H26-261121-0001/withdraw"),
    *("/dossiers/H26-261121-0002/supplement", "/dossiers/H26-261121-0003/confirm"),
]
ALIASES = [
    *("/tim-kiem", "/tra-cuu", "/nop-ho-so", "/thong-tin", "/phan-anh", "/gop-y", "/minh-bach", "/tro-giup"),
    *("/viec-doi/child", "/huong-dan", "/hoi-dap", "/dich-vu-thiet-yeu", "/dia-chi", "/co-quan"),
    *("/quyen-rieng-tu", "/tiep-can", "/tinh-trang", "/thu-tuc/1.001193", "/tra-cuu/H26-261121-0001", "/nop/1.001193"),
]
FOREIGN = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//(?!portal\.test)""")


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
async def test_a_page_is_whole_light_and_of_this_site_only(signed_in: Browser, path: str, lang: str) -> None:
    page = await signed_in.get(path, headers={"accept-language": lang})
    assert page.status_code == 200, page.text[:300]
    text = page.text
    assert f'<html lang="{lang}">' in text
    assert text.count("<h1") == 1
    assert "None" not in re.sub(r"<[^>]*>", "", text)
    assert not FOREIGN.search(text)
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", text)
    assert len(gzip.compress(page.content, 6)) <= 15_000
    later = re.search(r"<title>(.+?) - Một Cửa</title>", text)
    assert later and later[1].strip()


async def test_a_first_visit_with_everything_weighs_at_most_40_kb(browser: Browser) -> None:
    page = await browser.get("/")
    total = len(gzip.compress(page.content, 6))
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        static = await browser.get(address)
        assert static.headers["cache-control"] == "public, max-age=31536000, immutable"
        total += len(gzip.compress(static.content, 9))
    assert total <= 40_000


@pytest.mark.parametrize("path", ALIASES)
async def test_vietnamese_addresses_work_too(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status_code == 200


async def test_no_link_of_the_site_is_dead(signed_in: Browser) -> None:
    await signed_in.post("/file/1.001193", data={"place": "00004"})
    seen: set[str] = set()
    wanted = ["/", "/my", "/dossiers/H26-261121-0001"]
    while wanted:
        path = wanted.pop()
        page = await signed_in.get(path)
        assert page.status_code in (200, 409), path
        for link in re.findall(r'href="(/[^"#]*)', page.text):
            if (
                not link.startswith(("/api/", "/auth/", "/docs", "/static/"))
                and link not in seen
                and "lang=" not in link
            ):
                seen.add(link)
                wanted.append(link.replace("&amp;", "&"))
    assert len(seen) > 25


async def test_each_call_the_portal_makes_is_on_its_list(signed_in: Browser, contract: Services) -> None:
    for path in [*PUBLIC, *OWN]:
        await signed_in.get(path)
    patterns = [
        re.compile(f"{one.method} " + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one.path))) for one in ENDPOINTS.values()
    ]
    strange = [call for call in set(contract.calls) if not any(pattern.fullmatch(call) for pattern in patterns)]
    assert strange == []


async def test_what_is_not_published_says_so_and_never_free(browser: Browser) -> None:
    text = (await browser.get("/procedures/1.000014")).text
    assert text.count("chưa công bố") >= 5
    assert "Miễn phí" not in text
    assert 'href="/file/' not in text


async def test_a_withdrawn_procedure_leads_to_its_successor(browser: Browser) -> None:
    assert 'href="/procedures/1.001193"' in (await browser.get("/procedures/2.000986")).text


async def test_the_official_title_stands_beside_the_everyday_one(browser: Browser) -> None:
    found = (await browser.get("/search?q=khai")).text
    assert "Đăng ký khai sinh" in found and "Thủ tục đăng ký khai sinh" in found
    assert "THỦ TỤC ĐĂNG KÝ KHAI SINH" in (await browser.get("/procedures/1.001193")).text


@pytest.mark.parametrize("path", ["/nope", "/procedures/9.999999", "/file/draft/none", "/static/none.css"])
async def test_an_unknown_address_gives_a_page_with_a_trace_code_and_what_to_do(browser: Browser, path: str) -> None:
    page = await browser.get(path)
    assert page.status_code == 404
    assert page.headers["x-trace-id"][:12] in page.text
    assert 'href="/search"' in page.text


async def test_a_post_from_another_site_is_refused_with_a_page(browser: Browser) -> None:
    page = await browser.post("/file/1.001193", data={"place": "00004"}, headers={"sec-fetch-site": "cross-site"})
    assert page.status_code == 403
    assert "<h1>" in page.text


async def test_a_body_over_the_limit_is_refused_with_a_page(browser: Browser) -> None:
    page = await browser.post("/file/1.001193", content=b"x", headers={"content-length": "999999999"})
    assert page.status_code == 413
    assert "<h1>" in page.text


async def test_switching_the_language_keeps_page_and_question(browser: Browser) -> None:
    page = await browser.get("/search?q=khai&field=H%E1%BB%99+t%E1%BB%8Bch")
    switch = re.search(r'<a href="([^"]+)" lang="en"', page.text)
    assert switch
    english = await browser.get(switch[1].replace("&amp;", "&"))
    assert 'value="khai"' in english.text and '<html lang="en">' in english.text
    assert '<html lang="en">' in (await browser.get("/help")).text


async def test_pages_of_ones_own_ask_to_sign_in_and_come_back(browser: Browser) -> None:
    asked = await browser.get("/dossiers/H26-261121-0001/answers", follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"] == "/auth/login?next=/dossiers/H26-261121-0001/answers"


async def test_the_link_of_a_message_shows_the_stage_without_a_password_and_the_rest_after_signing_in(
    browser: Browser,
) -> None:
    page = await browser.get("/dossiers/H26-261121-0001")
    assert page.url.path == "/lookup/H26-261121-0001" and "<progress" in page.text
    assert 'href="/auth/login?next=/dossiers/H26-261121-0001"' in page.text


async def test_answers_carry_the_policy_and_own_pages_are_never_stored(signed_in: Browser) -> None:
    page = await signed_in.get("/dossiers/H26-261121-0001")
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_an_address_with_a_last_slash_leads_on_within_this_site(signed_in: Browser) -> None:
    for path in ("/dossiers/", "/search/?q=khai"):
        answer = await signed_in.get(path, follow_redirects=False)
        assert answer.status_code == 307
        assert answer.headers["location"] == path.replace("/?", "?").rstrip("/")
