"""What was typed is not lost, what is held is shown, and refusals say what to do and how long to wait."""

import base64
import json
import re
from pathlib import Path

import pytest

from gateway.request import LOGIN, SESSION
from kernel.errors import Text, TooMany, Unauthenticated
from portal.capacity import COOKIE, NAME_COOKIE
from portal.pages import claiming, mirroring, second_screen
from portal.pages.draft import PROBE, cookie_name
from portal.pages.visit import UNFINISHED
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_assisted import shown

STYLES = Path(__file__).parents[2] / "portal" / "static" / "app.css"
CHOICE = {"language": "vi", "channels": "mail", "phone": "", "quiet_from": "22:00", "quiet_until": "06:00"}


def bearer(*roles: str) -> str:
    """Return a token that only says its roles, as pages read it."""
    claims = base64.urlsafe_b64encode(json.dumps({"roles": roles}).encode()).decode().rstrip("=")
    return f"Bearer e30.{claims}.x"


async def test_what_was_typed_in_the_editor_comes_back_when_the_session_ended(
    browser: Browser, contract: Services
) -> None:
    contract.refused = Unauthenticated("sign_in", Text("Bạn cần đăng nhập.", "Sign in."))
    at = "/desk/catalogue/1.001193/edit/names"
    page = await browser.post(at, data={"plain.vi": "Tên rất dài tôi vừa gõ", "version": "3", "action": "leave"})
    assert page.status_code == 401 and "Tên rất dài tôi vừa gõ" in page.text and f'action="{at}"' in page.text
    asked = await browser.post("/desk/catalogue/1.001193/publish", data={"reason": "ngắn", "version": "3"})
    assert asked.status_code == 401 and "ngắn" in asked.text


async def test_preferences_come_back_when_the_session_ended(browser: Browser) -> None:
    page = await browser.post("/my/preferences", data={**CHOICE, "phone": "0912 345 678"})
    assert page.status_code == 401 and 'value="0912 345 678"' in page.text and 'action="/my/preferences"' in page.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"language": "fr"}, "Chọn tiếng Việt hoặc tiếng Anh."),
        ({"channels": "pigeon"}, "Chọn một cách nhận tin trong danh sách."),
        ({"quiet_from": "25:00"}, "Chọn giờ trong danh sách."),
    ],
)
async def test_an_unknown_preference_is_refused_in_words_and_nothing_is_saved(
    signed_in: Browser, wrong: dict[str, str], said: str
) -> None:
    before = (await signed_in.get("/my/preferences")).text
    page = await signed_in.post("/my/preferences", data=CHOICE | wrong)
    assert page.status_code == 422 and said in shown(page.text)
    assert (await signed_in.get("/my/preferences")).text == before


async def test_my_space_shows_what_is_held_with_its_source_and_no_whole_number(signed_in: Browser) -> None:
    page = shown((await signed_in.get("/my")).text)
    assert "Nguyễn Thị Ánh" in page and "0912 345 678" in page and "+84" not in page
    assert "CSDL quốc gia về dân cư" in page and "099194000017" not in page and "•0017" in page


@pytest.mark.parametrize("role", ["catalogue_editor", "publisher", "officer", "auditor", "operator"])
async def test_the_desk_tells_everyone_who_works_here_what_their_role_can_do(browser: Browser, role: str) -> None:
    browser.headers["authorization"] = bearer("citizen", role)
    page = (await browser.get("/desk")).text
    assert "Vai trò của bạn" in page and "chưa có vai trò nào ở đây" not in page
    assert ('href="/office"' in page) == (role == "officer")
    assert "/desk/catalogue" in page or role not in ("catalogue_editor", "publisher")


async def test_too_many_asks_says_how_long_to_wait_and_leads_back(signed_in: Browser, contract: Services) -> None:
    contract.refused = TooMany("rate_limited", Text("Bạn hỏi quá nhanh.", "Too fast."), retry_after=60)
    page = await signed_in.get("/desk/catalogue?code=1.001193")
    assert page.status_code == 429 and page.headers["retry-after"] == "60"
    assert "Bạn đợi 60 giây rồi thử lại." in page.text and 'href="/desk/catalogue?code=1.001193"' in page.text
    contract.refused = TooMany("rate_limited", Text("Bạn hỏi quá nhanh.", "Too fast."), retry_after=600)
    assert "Bạn đợi 10 phút rồi thử lại." in (await signed_in.get("/desk/catalogue")).text


async def test_every_cookie_is_named_with_how_long_it_lasts(browser: Browser) -> None:
    page = shown((await browser.get("/privacy")).text)
    own = {SESSION, LOGIN, COOKIE, NAME_COOKIE, UNFINISHED, PROBE, "lang", "big", cookie_name(""), "submit_"}
    for name in (*own, claiming.COOKIE, mirroring.COOKIE, second_screen.COOKIE):
        assert name in page, name


def test_a_word_without_end_breaks_instead_of_widening_the_page() -> None:
    body = re.search(r"^body \{[^}]*\}", STYLES.read_text(), re.M)
    assert body and "overflow-wrap: anywhere" in body[0]


async def test_the_confirmation_of_a_withdrawal_says_what_happens_and_asks_why(signed_in: Browser) -> None:
    page = await signed_in.get("/desk/catalogue/1.001193/withdraw")
    assert "Bản nháp đang mở vẫn điền và nộp được" in page.text and "Hồ sơ đã nộp vẫn được giải quyết" in page.text
    empty = await signed_in.post("/desk/catalogue/1.001193/withdraw", data={})
    assert empty.status_code == 422 and "Có 2 chỗ cần sửa" in empty.text
