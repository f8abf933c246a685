"""Journey (d), fee exemption, step by step: a citizen of an ethnic minority in an area of special difficulty."""

import re

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.contract_exemptions import CODE, TO_DECIDE, wished
from tests.portal.test_filing import ANSWERS

PAGE = "/file/draft/d1/exemption"
DOSSIER = "/dossiers/H26-261121-0001"


def read(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def fill(browser: Browser) -> str:
    """Fill the form in; return where the last answer leads."""
    await browser.post(f"/file/{CODE}", data={"place": "00004", "key": "one"})
    address = ""
    for page, answers in ANSWERS:
        done = await browser.post(f"/file/draft/d1/q/{page}", data={**answers, "action": "continue"})
        assert done.status_code == 200
        address = str(done.url.path)
    return address


async def ask(browser: Browser, **said: str) -> str:
    await fill(browser)
    page = await browser.post(PAGE, data={"ground": "ethnic_area", "consent": "yes", **said})
    assert page.status_code == 200, page.text
    return read(page.text)


async def test_step_1_the_language_is_in_the_first_line_of_the_page_and_nothing_typed_is_lost(browser: Browser) -> None:
    await fill(browser)
    page = (await browser.get(PAGE)).text
    assert page.index('lang="en"') < page.index("<main")
    switched = await browser.post(f"{PAGE}?lang=en", data={"ground": "poor_household", "switch": "1"})
    assert "Do you want to be exempt" in switched.text
    assert re.search(r'value="poor_household" checked', switched.text)


async def test_step_2_the_steps_can_be_listened_to_where_the_device_has_a_voice(browser: Browser) -> None:
    page = (await browser.get(f"/procedures/{CODE}")).text
    assert 'data-listen="steps" hidden' in page and 'id="steps"' in page and "listen." in page
    said = read((await browser.get("/accessibility")).text)
    assert "Không chữ nào được gửi đi" in said and "Chưa có bản thu âm" in said


async def test_step_4_the_fee_line_says_that_she_may_be_exempt_with_the_ground_and_no_amount(browser: Browser) -> None:
    page = read((await browser.get(f"/procedures/{CODE}")).text)
    assert "Bạn có thể được miễn." in page and "Người dân tộc thiểu số ở xã đặc biệt khó khăn" in page
    assert "Thông tư 75/2022/TT-BTC, Điều 4 khoản 3" in page
    assert "Miễn phí" not in page and not re.search(r"\d đ\b", page)


async def test_step_5_one_question_comes_before_the_summary_and_no_consent_is_ticked_for_her(browser: Browser) -> None:
    assert await fill(browser) == PAGE
    page = (await browser.get(PAGE)).text
    box = re.search(r'<input type="checkbox" name="consent"[^>]*>', page)
    assert box is not None and "checked" not in box.group(0)
    assert page.count("<legend>") == 2 and "danh sách của diện đó" in page
    nothing = await browser.post(PAGE, data={})
    assert nothing.status_code == 422 and "Chọn một diện" in nothing.text


async def test_step_5_with_consent_the_list_is_asked_and_she_is_told_source_and_day(
    signed_in: Browser, contract: Services
) -> None:
    page = await ask(signed_in)
    assert contract.exemptions.asked == [{"ground": "ethnic_area", "consent": True}]
    assert "Được miễn" in page and "BẢN MẪU" in page and "dữ liệu ngày 01/11/2026" in page
    assert "Bạn đồng ý tra cứu lúc" in page and "Nghị quyết chưa công bố" in page


async def test_step_5_a_list_that_is_away_makes_her_exempt_for_now(signed_in: Browser, contract: Services) -> None:
    contract.exemptions.list_says = "provisional"
    page = await ask(signed_in)
    assert "Tạm miễn, sẽ kiểm tra" in page and "Bạn chưa phải nộp gì." in page


async def test_step_5_begun_without_sign_in_it_waits_for_it(browser: Browser) -> None:
    assert "Sẽ tra cứu khi bạn đăng nhập" in await ask(browser)


async def test_step_5_who_asks_for_nothing_goes_on_and_is_not_asked_again(browser: Browser, contract: Services) -> None:
    await fill(browser)
    page = await browser.post(PAGE, data={"ground": "none"})
    assert str(page.url.path) == "/file/draft/d1/check" and "Bạn không xin miễn" in page.text
    assert contract.exemptions.asked == [{"ground": "", "consent": False}]


async def test_step_6_not_found_is_one_question_and_one_photo_and_never_silently_the_full_price(
    signed_in: Browser, contract: Services
) -> None:
    contract.exemptions.list_says = "to_decide"
    page = await ask(signed_in)
    assert "Chưa thấy tên bạn trong danh sách này." in page and "Bạn chưa phải nộp gì" in page
    whole = (await signed_in.get(PAGE)).text
    assert whole.count("<textarea") == 1 and whole.count('type="file"') == 1
    empty = await signed_in.post(PAGE, data={"action": "prove"})
    assert empty.status_code == 422 and "Viết một câu, hoặc chọn một ảnh." in empty.text
    photo = {"photo": ("a.jpg", b"\xff\xd8abc", "image/jpeg")}
    sent = await signed_in.post(PAGE, data={"action": "prove", "note": "Có giấy của xã."}, files=photo)
    assert "Đã gửi cho cán bộ xem." in sent.text
    assert contract.exemptions.proofs == [{"note": "Có giấy của xã.", "photo": f"{5:064x}"}]


async def test_step_6_without_consent_nobody_looks_and_an_officer_decides(signed_in: Browser) -> None:
    page = await ask(signed_in, consent="")
    assert "Bạn không đồng ý tra cứu, nên không ai đã tra." in page


async def test_detail_25_step_6_a_refusal_says_why_by_which_rule_what_next_and_how_to_complain(
    signed_in: Browser, contract: Services
) -> None:
    told = {"reason": "Xã này không thuộc danh sách.", "refused_by_rule": "Thông tư 75/2022/TT-BTC, Điều 4"}
    contract.exemptions.of["H26-261121-0001"] = wished("refused", code="H26-261121-0001", **told)
    page = (await signed_in.get(DOSSIER)).text
    assert all(text in page for text in told.values())
    assert 'href="/feedback">Cách khiếu nại' in page and "cơ quan báo số tiền và hạn nộp" in page


async def test_step_6_the_photo_can_be_sent_after_filing(signed_in: Browser, contract: Services) -> None:
    page = f"/dossiers/{TO_DECIDE}/exemption"
    assert f'href="{page}"' in (await signed_in.get(f"/dossiers/{TO_DECIDE}")).text
    sent = await signed_in.post(page, data={"note": "Có giấy."})
    assert "Đã gửi cho cán bộ xem." in sent.text and contract.exemptions.proofs[0]["note"] == "Có giấy."


@pytest.mark.parametrize("standing", ["exempt", "provisional", "to_decide"])
async def test_step_7_the_receipt_states_fee_exemption_basis_and_resolution(
    signed_in: Browser, contract: Services, standing: str
) -> None:
    contract.exemptions.of["H26-261121-0001"] = wished(standing, "poor_household", code="H26-261121-0001")
    page = read((await signed_in.get(f"{DOSSIER}/receipt")).text)
    words = {"exempt": "Được miễn", "provisional": "Tạm miễn, sẽ kiểm tra", "to_decide": "Cán bộ sẽ xem"}
    assert words[standing] in page and "Người thuộc hộ nghèo" in page
    assert "Thông tư 75/2022/TT-BTC, Điều 4 khoản 3" in page and "Nghị quyết 1/2026/NQ-HĐND" in page
    assert "Bạn chưa phải nộp gì" in page or "Bạn không phải nộp lệ phí." in page


async def test_step_7_the_receipt_of_a_helped_person_states_it_too(signed_in: Browser, contract: Services) -> None:
    contract.exemptions.wishes["d1"] = wished("exempt", "poor_household")
    page = read((await signed_in.post("/assist/h1/receipt")).text)
    assert "Được miễn" in page and "Người thuộc hộ nghèo" in page and "Nghị quyết 1/2026/NQ-HĐND" in page


async def test_step_7_a_dossier_without_a_wish_says_nothing_of_it(signed_in: Browser) -> None:
    for page in (DOSSIER, f"{DOSSIER}/receipt"):
        assert "Diện miễn" not in (await signed_in.get(page)).text


async def test_step_8_the_officer_sees_the_proof_and_decides_with_a_reason(
    signed_in: Browser, contract: Services
) -> None:
    bench = (await signed_in.get("/desk")).text
    assert 'href="/desk/exemptions"' in bench
    listed = (await signed_in.get("/desk/exemptions")).text
    assert f'href="/desk/exemptions/{TO_DECIDE}"' in listed
    seen = read((await signed_in.get(f"/desk/exemptions/{TO_DECIDE}")).text)
    assert "Tôi có giấy của xã." in seen and "Không thấy trong danh sách" in seen
    assert "Ánh" not in seen and "0361" not in seen
    page = f"/desk/exemptions/{TO_DECIDE}"
    assert (await signed_in.post(page, data={})).status_code == 422
    silent = await signed_in.post(page, data={"decision": "refuse"})
    assert silent.status_code == 422 and "Nêu lý do không miễn" in silent.text
    done = await signed_in.post(page, data={"decision": "refuse", "reason": "Xã không thuộc danh sách."})
    assert "Đã ghi quyết định." in done.text
    assert contract.exemptions.decisions == [{"granted": False, "reason": "Xã không thuộc danh sách.", "rule": ""}]


async def test_the_summary_shows_what_was_asked_and_lets_it_be_changed(signed_in: Browser) -> None:
    await ask(signed_in)
    page = (await signed_in.get("/file/draft/d1/check")).text
    assert "Người dân tộc thiểu số ở xã đặc biệt khó khăn" in page
    assert f'href="{PAGE}?again=1"' in page
    again = await signed_in.get(f"{PAGE}?again=1")
    assert re.search(r'value="ethnic_area" checked', again.text)


async def test_a_service_that_is_away_does_not_stop_the_filing(browser: Browser, contract: Services) -> None:
    await browser.post("/file/1.001193", data={"place": "00004", "key": "one"})
    assert "/exemption" not in (await browser.get("/file/draft/d1/check")).text
