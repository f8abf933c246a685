"""Places and groups found by what is typed: pressing "find" is no mistake, and a word says what to do next."""

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import begin

PLACE, PHOTO = "/file/draft/d1/q/place", "/file/draft/d1/q/photo"
START = "/file/1.001193"


async def test_pressing_find_is_no_mistake_and_shows_what_was_found(browser: Browser) -> None:
    await begin(browser)
    several = await browser.post(PLACE, data={"ward-q": "phường", "action": "find"})
    assert several.status_code == 200 and "Lỗi:" not in several.text and 'role="alert"' not in several.text
    assert "Chọn một nơi trong danh sách bên dưới." in several.text and several.text.count('id="f-ward-') == 3
    single = await browser.post(PLACE, data={"ward-q": "ngọc hà", "action": "find"})
    assert single.status_code == 200 and 'value="00008" checked' in single.text


async def test_a_place_that_is_not_found_names_no_list(browser: Browser) -> None:
    await begin(browser)
    for action, status in (("find", 200), ("continue", 422)):
        page = await browser.post(PLACE, data={"ward-q": "abcxyz", "action": action})
        assert page.status_code == status
        assert "Không tìm thấy “abcxyz”" in page.text and "danh sách bên dưới" not in page.text


async def test_the_page_of_places_says_what_is_missing(browser: Browser) -> None:
    for address, said, box in (
        ("?q=", "Gõ tên xã, phường của bạn", "q"),
        ("?q=phường&choosing=1", "Chọn một nơi trong danh sách", "f-place-0"),
        ("?place=99999", "Chưa nhận ra nơi này", "q"),
    ):
        page = (await browser.get(f"{START}{address}")).text
        assert said in page and f'href="#{box}"' in page and f'id="{box}"' in page
    assert "Lỗi:" not in (await browser.get(START)).text


async def test_detail_03_a_group_is_found_by_another_name_which_is_never_shown(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    assert "Pa Dí" not in (await browser.get(PHOTO)).text
    found = await browser.post(PHOTO, data={"ethnicity-q": "pa di", "action": "find"})
    assert found.status_code == 200 and "Đã chọn: Tày." in found.text and 'value="02" selected' in found.text
    several = await browser.post(PHOTO, data={"ethnicity-q": "Thổ", "action": "find"})
    assert "Có nhiều tên giống vậy: Tày, Thổ." in several.text
    none = await browser.post(PHOTO, data={"ethnicity-q": "xyz", "action": "continue"})
    assert none.status_code == 422 and "Không tìm thấy “xyz”" in none.text
    chosen = await browser.post(PHOTO, data={"ethnicity-q": "xyz", "ethnicity": "01", "action": "continue"})
    assert chosen.status_code == 200 and contract.drafts["d1"]["answers"]["ethnicity"] == "01"


async def test_who_is_signed_in_is_not_told_that_no_sign_in_is_needed(signed_in: Browser) -> None:
    page = (await signed_in.get(f"{START}?place=00004")).text
    assert "Chưa cần đăng nhập" not in page and "Cổng lưu lại sau mỗi câu" in page


async def test_an_abolished_procedure_says_so_and_leads_to_what_replaces_it(browser: Browser) -> None:
    page = (await browser.get("/file/2.000986")).text
    assert "Thủ tục này đã bãi bỏ" in page and 'href="/procedures/1.001193"' in page
    assert "mẫu điện tử" not in page
