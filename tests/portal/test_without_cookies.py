"""A draft whose cookie is lost or blocked: the form carries the token, and every page says what happened."""

import re
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import ANSWERS, begin, fill

TOKEN = {"draft_token": "t0ken"}
CHECK = "/file/draft/d1/check"


@pytest.fixture
async def blocking(browser: Browser) -> AsyncIterator[Browser]:
    """A browser that keeps no cookie of anybody."""
    browser._cookies.jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    yield browser
    assert not browser.cookies


async def test_a_form_that_carries_the_token_gives_the_lost_cookie_back(browser: Browser) -> None:
    await begin(browser)
    browser.cookies.clear()
    page = await browser.post("/file/draft/d1/q/name", data={**TOKEN, **ANSWERS[0][1], "action": "continue"})
    assert page.status_code == 200 and "Con sinh ngày nào?" in page.text
    assert browser.cookies.get("draft_d1") == "t0ken"
    again = await browser.get("/file/draft/d1/q/name")
    assert again.status_code == 200 and "Linh Niê" in again.text


async def test_who_comes_without_the_cookie_learns_why_and_how_to_go_on(browser: Browser) -> None:
    await begin(browser)
    browser.cookies.clear()
    for path in ("", "/check", "/q/name", "/drop"):
        page = await browser.get(f"/file/draft/d1{path}")
        assert page.status_code == 404
        assert "cookie" in page.text and "Quay lại" in page.text and "Chọn việc cần nộp" in page.text
        assert f"/auth/login?next=/file/draft/d1{path}" in page.text


async def test_with_cookies_blocked_the_whole_form_is_filled_in_by_forms_alone(
    blocking: Browser, contract: Services
) -> None:
    place = await blocking.get("/file/1.001193", params={"place": "00004"})
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', place.text))
    page = await blocking.post("/file/1.001193", data=sent)
    assert page.status_code == 200 and "Tên của trẻ" in page.text and "không giữ cookie" in page.text
    for step, answers in ANSWERS:
        action = re.findall(r'id="question" action="([^"]+)"', page.text)[0]
        assert action == f"/file/draft/d1/q/{step}"
        assert not re.findall(r'<a[^>]+href="/file/draft/', page.text), "a link cannot carry the token"
        page = await blocking.post(action, data={**TOKEN, **answers, "action": "continue"})
        assert page.status_code == 200, page.text
    assert "Xem lại trước khi nộp" in page.text and contract.drafts["d1"]["answers"]["copies"] == 2
    to = re.findall(r'name="to" value="(/file/draft/d1/q/birth[^"]*)"', page.text)[0]
    birth = await blocking.post("/file/draft/d1/open", data={**TOKEN, "to": to})
    assert birth.status_code == 200 and 'action="/file/draft/d1/q/birth?from=check"' in birth.text


async def test_with_cookies_blocked_submitting_says_that_signing_in_needs_them_and_keeps_everything(
    blocking: Browser, contract: Services
) -> None:
    await blocking.post("/file/1.001193", data={"place": "00004", "key": "one", "probe": "1"})
    for step, answers in ANSWERS:
        await blocking.post(f"/file/draft/d1/q/{step}", data={**TOKEN, **answers, "action": "continue"})
    page = await blocking.post("/file/draft/d1/submit", data={**TOKEN, "wants_draft": "yes"}, follow_redirects=False)
    assert page.status_code == 200
    assert "trình duyệt phải giữ cookie" in page.text and 'value="yes" checked' in page.text
    assert contract.submits == 0


async def test_a_token_is_no_way_to_another_place(browser: Browser) -> None:
    await begin(browser)
    browser.cookies.clear()
    for to in ("https://evil.example/", "/my", "/file/draft/d2/check"):
        page = await browser.post("/file/draft/d1/open", data={**TOKEN, "to": to})
        assert page.status_code == 200 and 'action="/file/draft/d1/q/name"' in page.text
        browser.cookies.clear()
    assert (await browser.post("/file/draft/d1/open", data={"draft_token": "wrong"})).status_code == 404


async def test_an_unfinished_form_is_shown_wherever_a_person_comes_back_to(browser: Browser) -> None:
    assert "đang viết dở" not in (await browser.get("/")).text
    await begin(browser)
    for path in ("/", "/services", "/procedures/1.001193"):
        page = (await browser.get(path)).text
        assert "Bạn có một hồ sơ đang viết dở" in page and 'href="/file/draft/d1"' in page
    browser.headers["authorization"] = "Bearer sample"
    assert (await browser.get("/my")).text.count('href="/file/draft/d1"') == 1


async def test_an_unfinished_form_is_forgotten_once_it_is_filed_or_dropped_or_gone(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    await browser.post("/file/draft/d1/drop")
    assert "đang viết dở" not in (await browser.get("/")).text
    await fill(browser)
    contract.drafts.clear()
    assert (await browser.get("/file/draft/d1")).status_code == 404
    assert "đang viết dở" not in (await browser.get("/")).text
    await fill(browser)
    browser.headers["authorization"] = "Bearer sample"
    await browser.post("/file/draft/d1/submit")
    del browser.headers["authorization"]
    assert "đang viết dở" not in (await browser.get("/")).text


async def test_cancelling_the_sign_in_leads_back_to_the_summary_which_says_that_all_is_kept(browser: Browser) -> None:
    await fill(browser)
    await browser.post("/file/draft/d1/submit", follow_redirects=False)
    page = await browser.get("/file/draft/d1/finish?sign_in=cancelled")
    assert str(page.url.path) == CHECK and "Mọi câu trả lời vẫn được giữ" in page.text
    assert (await browser.get("/my?sign_in=cancelled")).url.path == "/"


async def test_back_from_signing_in_the_wish_may_change_and_submit_again(browser: Browser, contract: Services) -> None:
    await fill(browser)
    asked = contract.keys
    await browser.post("/file/draft/d1/submit", data={"wants_draft": "yes"}, follow_redirects=False)
    await browser.post("/file/draft/d1/submit", follow_redirects=False)
    await browser.post("/file/draft/d1/submit", data={"wants_draft": "yes"}, follow_redirects=False)
    first, changed, again = asked[-3:]
    assert first == again != changed, "a key stands for what is sent"
