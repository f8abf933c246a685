"""Up to three questions before a form: a polite exit to the right place, and nobody is stopped or remembered."""

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.contract_exemptions import CODE

PAGE = f"/file/{CODE}/eligibility"


async def test_the_guide_leads_to_the_questions_and_a_procedure_without_any_leads_to_its_form(browser: Browser) -> None:
    assert f'href="{PAGE}"' in (await browser.get(f"/procedures/{CODE}")).text
    assert 'href="/file/1.001193"' in (await browser.get("/procedures/1.001193")).text
    assert str((await browser.get("/file/1.001193/eligibility")).url.path) == "/file/1.001193"


async def test_each_question_has_not_sure_and_all_of_them_can_be_skipped(browser: Browser) -> None:
    page = (await browser.get(PAGE)).text
    assert page.count('value="unsure"') == 1 and "Không chắc thì để trống" in page
    assert f'<a href="/file/{CODE}">Bỏ qua' in page
    assert "checked" not in page and "Câu trả lời không được lưu lại" in page


@pytest.mark.parametrize(
    "said", [{}, {"short": "unsure"}, {"short": "no", "age": "18"}, {"age": ""}, {"short": "anything"}]
)
async def test_who_passes_or_is_not_sure_goes_on(browser: Browser, said: dict[str, str]) -> None:
    page = await browser.post(PAGE, data=said)
    assert str(page.url) == f"http://portal.test/file/{CODE}"


async def test_who_does_not_pass_is_told_why_by_which_law_and_where_to_go(browser: Browser) -> None:
    page = (await browser.post(PAGE, data={"short": "yes", "age": "17"})).text
    assert "Vậy thì đăng ký tạm trú." in page and 'href="/procedures/1.001193">Đăng ký khai sinh' in page
    assert "Từ đủ 18 tuổi." in page and "Công an xã" in page
    assert "Luật Cư trú 2020, Điều 27. Ngày kiểm tra: 21/11/2026" in page
    assert f'href="/file/{CODE}">Vẫn nộp' in page


async def test_an_age_that_is_no_number_is_asked_again_and_stays(browser: Browser) -> None:
    page = await browser.post(PAGE, data={"age": "mười tám", "short": "no"})
    assert page.status_code == 422 and 'value="mười tám"' in page.text
    assert "Nhập số tuổi tròn, ví dụ 20" in page.text and '<a href="#f-age">' in page.text
    assert "<title>Lỗi: " in page.text


async def test_answers_are_in_no_address_no_cookie_and_no_call(browser: Browser, contract: Services) -> None:
    page = await browser.post(PAGE, data={"short": "yes", "age": "17"})
    assert "?" not in str(page.url) and not browser.cookies
    assert {call.split()[0] for call in contract.calls} == {"GET"}


async def test_switching_the_language_keeps_the_answers(browser: Browser) -> None:
    page = await browser.post(f"{PAGE}?lang=en", data={"short": "yes", "age": "17", "switch": "1"})
    assert page.status_code == 200 and "How old are you?" in page.text and 'value="17"' in page.text


async def test_a_helper_asks_the_same_questions_first(signed_in: Browser) -> None:
    page = (await signed_in.get(f"/assist/new?procedure={CODE}")).text
    assert f'href="{PAGE}?then=assist"' in page
    asked = (await signed_in.get(f"{PAGE}?then=assist")).text
    assert f'href="/assist/new?procedure={CODE}"' in asked
    done = await signed_in.post(f"{PAGE}?then=assist", data={"short": "no"})
    assert str(done.url).endswith(f"/assist/new?procedure={CODE}")


async def test_the_editor_sees_the_questions_their_way_out_and_the_grounds_before_publishing(
    signed_in: Browser,
) -> None:
    page = (await signed_in.get("/desk/catalogue/1.001193/preview")).text
    assert "Bạn chỉ đến ở một thời gian?" in page and "Đúng thủ tục khi trả lời: Không" in page
    assert "Đúng thủ tục từ 18 tuổi" in page and "Công an xã" in page
    assert "Người thuộc hộ nghèo" in page and "Điều 4 khoản 3" in page
