"""Journey (b) 2, 5, 7: the card fills the boxes, and the person reads along on a second device."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from dossier_service.model.screens import IDLE
from dossier_service.store.tables import SCREEN
from dossier_service.usecases.screens import look_at_screen
from kernel.clock import real_now
from kernel.errors import NotFound
from portal.forms.answers import masked
from tests.portal.conftest import Browser
from tests.portal.test_assisted import ANSWERS, HELPER, PHOTO, SON, WHOM, Town, begin, codes_on_paper, shown, town
from tests.portal.test_card import GOOD

__all__ = ["town"]

NUMBER = "099148000017"


async def open_screen(town: Town, address: str) -> str:
    """Open a second screen; return its code as the helper reads it."""
    page = (await town.browser.post(f"{address}/screen", headers=HELPER)).text
    code = re.search(r'class="code">([0-9A-Z]{5}-[0-9A-Z]{5})<', page)
    assert code and "<svg" in page
    return code[1]


def another_device(town: Town) -> Browser:
    """Return a browser that shares nothing with the helper's."""
    return Browser(
        transport=town.browser._transport,
        base_url="http://portal.test",
        follow_redirects=True,
        headers={"accept-language": "vi"},
    )


async def test_the_person_reads_along_from_the_first_question_to_the_claim_code(town: Town) -> None:
    address, draft = await begin(town)
    code = await open_screen(town, address)
    async with another_device(town) as device:
        opened = await device.post("/screen", data={"code": code.lower().replace("-", " ")})
        assert opened.url.path == "/screen" and "Đang làm giúp Bùi Thị Sáu" in opened.text
        assert "chưa mở câu hỏi nào" in opened.text and 'class="big"' in opened.text
        for page, answers in ANSWERS:
            await town.browser.get(f"{draft}/q/{page}", headers=HELPER)
            await town.browser.post(f"{draft}/q/{page}", data={**answers, "action": "continue"}, headers=HELPER)
        await town.browser.get(f"{draft}/q/name", headers=HELPER)
        now = (await device.get("/screen")).text
        assert "Bước 1 trên" in now and "Bùi Văn Tí" in now and "Phạm Quốc Bảo" in now
        assert "Ai xem được, và vì sao" in now and "giải quyết hồ sơ" in now
        await town.browser.post(f"{draft}/q/photo", data={"action": "continue"}, files=PHOTO, headers=HELPER)
        await town.browser.get(f"{draft}/check", headers=HELPER)
        assert "Xem lại trước khi nộp" in (await device.get("/screen")).text
        await town.browser.post(f"{draft}/submit", data={}, headers=HELPER)
        assert "Chờ người làm hộ in giấy hẹn" in (await device.get("/screen")).text
        dossier, claim, _ = await codes_on_paper(town, address)
        done = (await device.get("/screen")).text
        assert dossier in done and claim in done
        await town.browser.post(f"{address}/end", headers=HELPER)
        over = await device.get("/screen")
        assert over.status_code == 404 and "đã kết thúc" in over.text and claim not in over.text


async def test_the_screen_shows_this_case_alone_and_ends_when_told_or_when_nothing_happens(town: Town) -> None:
    address, _ = await begin(town)
    first = await open_screen(town, address)
    code = await open_screen(town, address)
    desk = town.here.desk
    for wrong in (first, "AAAA-AAAA", "", "x" * 40):
        with pytest.raises(NotFound):
            await look_at_screen(desk=desk, code=wrong, at=real_now())
    found = await look_at_screen(desk=desk, code=code, at=real_now() + IDLE - timedelta(minutes=1))
    assert found.helping.for_name == WHOM["for_name"] and found.claim_code is None
    with pytest.raises(NotFound):
        await look_at_screen(desk=desk, code=code, at=real_now() + IDLE + timedelta(seconds=1))
    async with another_device(town) as device:
        assert (await device.get("/screen", params={"c": code})).url.query == b""
        assert NUMBER not in (await device.get("/screen")).text
        for path in ("/my", "/dossiers", address):
            assert (await device.get(path, follow_redirects=False)).status_code in (303, 401)
        await town.browser.post(f"{address}/screen/end", headers=HELPER)
        assert (await device.get("/screen")).status_code == 404


async def test_a_code_is_kept_as_a_digest_and_only_the_helper_opens_a_screen(town: Town) -> None:
    address, _ = await begin(town)
    code = await open_screen(town, address)
    async with town.here.desk.database.read() as tx:
        row = await tx.first(select(SCREEN))
    assert row is not None and code.encode() not in row.digest and code.replace("-", "").encode() not in row.digest
    assert (await town.browser.post(f"{address}/screen", headers=SON)).status_code == 404
    assert (await town.browser.post(f"{address}/screen", follow_redirects=False)).status_code == 303


async def test_a_wrong_code_is_told_and_typed_again(browser: Browser) -> None:
    for code, said in (("", "Nhập mã"), ("ZZZZ-ZZZZ", "Không có màn hình nào với mã này")):
        page = await browser.post("/screen", data={"code": code})
        assert page.status_code in (404, 422) and said in page.text and 'href="#code"' in page.text


async def test_reloading_by_itself_can_be_stopped_and_works_without_scripts(browser: Browser) -> None:
    page = (await browser.get("/screen?c=NOW")).text
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page and "/static/screen." in page
    stopped = (await browser.get("/screen?stop=1")).text
    assert "http-equiv" not in stopped and "/static/screen." not in stopped and 'href="/screen"' in stopped
    left = await browser.post("/screen", data={"act": "leave"})
    assert "Nhập mã" in left.text


async def test_a_scanned_card_fills_name_number_and_what_the_form_asks(town: Town) -> None:
    empty = WHOM | {"for_name": "", "for_id_number": "", "card": GOOD}
    page = await town.browser.post("/assist/new", data=empty, headers=HELPER)
    assert page.status_code == 200 and 'value="Bùi Thị Sáu"' in page.text and f'value="{NUMBER}"' in page.text
    assert "Đã đọc thẻ" in page.text and "2/9/1948" in shown(page.text).replace("02/09", "2/9")
    assert "012345678" not in page.text and "25112021" not in page.text, "only the fields are kept"
    assert 'value="Trưởng thôn báo lại"' in page.text, "what was typed stays"


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("xin chào", "không phải mã QR"),
        (GOOD.replace(NUMBER, "12"), "12 chữ số"),
        (GOOD.replace("0209", "3102"), "Ngày sinh"),
    ],
)
async def test_a_text_that_is_no_card_is_named_and_forgotten(town: Town, card: str, said: str) -> None:
    page: httpx.Response = await town.browser.post("/assist/new", data=WHOM | {"card": card}, headers=HELPER)
    assert page.status_code == 422 and said in page.text and 'href="#card"' in page.text and card not in page.text
    assert masked(NUMBER) not in page.text and 'value="Bùi Thị Sáu"' in page.text
