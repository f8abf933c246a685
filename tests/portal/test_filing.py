"""Filing without scripts: place, one question a page, check, submit once, come back after signing in."""

import re

from tests.portal.conftest import Browser
from tests.portal.contract import Services

START = {"place": "00004", "key": "one"}
ANSWERS: list[tuple[str, dict[str, str]]] = [
    ("name", {"child_name": "H' Linh Niê"}),
    ("birth", {"birth_date-d": "1/2/26", "birth_date-m": "", "birth_date-y": ""}),
    ("about", {"gender": "female", "has_paper": "yes", "paper_number": "12"}),
    ("place", {"ward": "00004", "ward-q": "Phường Ba Đình", "ward-was": "Phường Ba Đình"}),
    ("more", {"requester": "Nguyễn Thị Ánh", "phone": "0912 345 678", "income": "1.500.000", "copies": "2"}),
    ("photo", {"id_number": "036199000012"}),
]


async def begin(browser: Browser) -> str:
    page = await browser.post("/file/1.001193", data=START)
    assert page.status_code == 200
    return str(page.url.path)


async def fill(browser: Browser) -> str:
    await begin(browser)
    address = ""
    for page, answers in ANSWERS:
        done = await browser.post(f"/file/draft/d1/q/{page}", data={**answers, "action": "continue"})
        assert done.status_code == 200, (page, re.findall(r'class="error".*', done.text))
        address = str(done.url.path)
    return address


async def test_the_place_is_found_by_its_old_name_and_the_office_is_explained(browser: Browser) -> None:
    found = await browser.get("/file/1.001193", params={"q": "Trúc Bạch"})
    assert "Phường Ba Đình" in found.text and "Trước 1/7/2025" in found.text
    office = await browser.get("/file/1.001193", params={"place": "00004"})
    assert "Bộ phận một cửa Phường Ba Đình" in office.text and "Việc này do xã giải quyết." in office.text


async def test_pressing_begin_twice_begins_one_draft(browser: Browser, contract: Services) -> None:
    assert await begin(browser) == await begin(browser) == "/file/draft/d1/q/name"
    assert len(contract.drafts) == 1


async def test_answers_are_saved_page_by_page_and_end_at_the_summary(browser: Browser, contract: Services) -> None:
    assert await fill(browser) == "/file/draft/d1/check"
    assert contract.drafts["d1"]["answers"] == {
        "child_name": "H' Linh Niê",
        "birth_date": "2026-02-01",
        "gender": "female",
        "has_paper": True,
        "paper_number": "12",
        "ward": "00004",
        "requester": "Nguyễn Thị Ánh",
        "phone": "+84912345678",
        "income": 1_500_000,
        "copies": 2,
        "id_number": "036199000012",
    }


async def test_a_page_says_when_it_was_saved_and_which_step_it_is(browser: Browser) -> None:
    await begin(browser)
    page = await browser.get("/file/draft/d1/q/birth")
    assert "Đã lưu lúc 10:42." in page.text
    assert "<title>Bước 2/7 - Con sinh ngày nào? - Đăng ký khai sinh - Một Cửa</title>" in page.text


async def test_errors_come_all_at_once_linked_to_their_fields_and_nothing_is_lost(browser: Browser) -> None:
    await begin(browser)
    sent = {"requester": "", "phone": "abc", "mother_birth-d": "30", "mother_birth-m": "2", "mother_birth-y": "1990"}
    page = await browser.post("/file/draft/d1/q/more", data={**sent, "income": "nhiều", "action": "continue"})
    assert page.status_code == 422
    assert page.text.count("<title>Lỗi: ") == 1
    links = re.findall(r'<li><a href="#([^"]+)">', page.text.split('class="error-summary"')[1].split("</div>")[0])
    assert set(links) == {"f-requester", "f-phone", "f-mother_birth-d", "f-income"}
    assert all(f'id="{anchor}"' in page.text for anchor in links)
    assert 'value="abc"' in page.text and 'value="nhiều"' in page.text and 'value="30"' in page.text
    assert "Tháng 2 năm 1990 chỉ có 28 ngày" in page.text


async def test_a_good_answer_is_saved_even_when_its_neighbour_is_wrong(browser: Browser, contract: Services) -> None:
    await begin(browser)
    await browser.post("/file/draft/d1/q/more", data={"requester": "Ánh", "phone": "abc", "action": "continue"})
    assert contract.drafts["d1"]["answers"] == {"requester": "Ánh"}


async def test_what_the_api_refuses_is_shown_at_its_field(browser: Browser) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/name", data={"child_name": "123", "action": "continue"})
    assert page.status_code == 422
    assert "Tên không có chữ số" in page.text and 'value="123"' in page.text


async def test_an_unanswered_question_says_what_to_do(browser: Browser) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/name", data={"action": "continue"})
    assert "Nhập họ, chữ đệm, tên của trẻ." in page.text


async def test_a_typed_ward_is_taken_when_there_is_one_and_offered_when_there_are_several(browser: Browser) -> None:
    await begin(browser)
    several = await browser.post("/file/draft/d1/q/place", data={"ward-q": "phường", "action": "continue"})
    assert several.status_code == 422
    assert several.text.count('name="ward" id="f-ward-') == 2
    exact = {"ward-q": "phường ba đình, thành phố hà nội", "action": "continue"}
    assert str((await browser.post("/file/draft/d1/q/place", data=exact)).url.path).endswith("/q/more")
    one = await browser.post("/file/draft/d1/q/place", data={"ward-q": "ngọc hà", "action": "continue"})
    assert str(one.url.path).endswith("/q/more")


async def test_switching_the_language_keeps_what_was_typed_but_not_saved(browser: Browser) -> None:
    await begin(browser)
    page = await browser.post("/file/draft/d1/q/name?lang=en", data={"child_name": "Ánh 9", "switch": "1"})
    assert page.status_code == 200
    assert '<html lang="en">' in page.text and 'value="Ánh 9"' in page.text


async def test_a_photo_is_taken_shown_and_can_be_removed(browser: Browser, contract: Services) -> None:
    await begin(browser)
    photo = {"photo-new": ("giay.jpg", b"\xff\xd8" + b"0" * 40, "image/jpeg")}
    page = await browser.post("/file/draft/d1/q/photo", data={"action": "upload"}, files=photo)
    assert "Đã nhận tệp 1" in page.text
    digest = contract.drafts["d1"]["answers"]["photo"][0]
    page = await browser.post("/file/draft/d1/q/photo", data={"photo": digest, "action": f"remove:{digest}"})
    assert "Đã nhận tệp 1" not in page.text
    assert "photo" not in contract.drafts["d1"]["answers"]


async def test_a_file_of_the_wrong_kind_gets_a_helpful_refusal(browser: Browser) -> None:
    await begin(browser)
    paper = {"photo-new": ("don.docx", b"PK..", "application/octet-stream")}
    page = await browser.post("/file/draft/d1/q/photo", data={"action": "continue"}, files=paper)
    assert page.status_code == 422
    assert "Gửi ảnh JPG hoặc PDF." in page.text


async def test_a_changed_answer_closes_what_hung_on_it(browser: Browser, contract: Services) -> None:
    await fill(browser)
    done = await browser.post(
        "/file/draft/d1/q/about?from=check", data={"gender": "female", "has_paper": "no", "action": "continue"}
    )
    assert str(done.url.path) == "/file/draft/d1/q/witness"
    assert "paper_number" not in contract.drafts["d1"]["answers"]


async def test_the_summary_shows_each_answer_with_its_way_back_and_asks_about_slips(browser: Browser) -> None:
    await fill(browser)
    await browser.post("/file/draft/d1/q/more", data={"requester": "Ánh", "email": "a@gmai.com", "action": "continue"})
    page = (await browser.get("/file/draft/d1/check")).text
    assert "01/02/2026" in page and "Phường Ba Đình, Thành phố Hà Nội" in page
    assert 'href="/file/draft/d1/q/birth?from=check"' in page
    assert "gmail.com không?" in page
    assert "Tôi cam đoan lời khai đúng sự thật." in page


async def test_an_unfinished_draft_cannot_be_submitted_from_its_summary(browser: Browser) -> None:
    await begin(browser)
    page = (await browser.get("/file/draft/d1/check")).text
    assert 'action="/file/draft/d1/submit"' not in page
    assert "Lỗi:" in page


async def test_detail_14_submit_asks_to_sign_in_and_the_same_submit_completes(
    browser: Browser, contract: Services
) -> None:
    await fill(browser)
    asked = await browser.post("/file/draft/d1/submit", data={"wants_draft": "yes"}, follow_redirects=False)
    assert asked.headers["location"] == "/auth/login?next=/file/draft/d1/finish"
    assert contract.drafts["d1"]["submit_requested"]
    browser.headers["authorization"] = "Bearer sample"
    receipt = await browser.get("/file/draft/d1/finish")
    assert str(receipt.url.path) == "/dossiers/H26-261121-0001/receipt"
    assert contract.submits == 1


async def test_the_address_that_finishes_submits_nothing_by_itself(signed_in: Browser, contract: Services) -> None:
    await fill(signed_in)
    page = await signed_in.get("/file/draft/d1/finish")
    assert str(page.url.path) == "/file/draft/d1/check"
    assert contract.submits == 0


async def test_detail_15_pressing_submit_five_times_files_one_dossier_and_back_shows_the_receipt(
    signed_in: Browser, contract: Services
) -> None:
    await fill(signed_in)
    pages = [await signed_in.post("/file/draft/d1/submit") for _ in range(5)]
    assert {str(page.url.path) for page in pages} == {"/dossiers/H26-261121-0001/receipt"}
    assert contract.submits == 1
    for back in ("/file/draft/d1/check", "/file/draft/d1/q/name", "/file/draft/d1"):
        assert str((await signed_in.get(back)).url.path) == "/dossiers/H26-261121-0001/receipt"


async def test_known_data_are_filled_in_with_their_source(signed_in: Browser) -> None:
    await begin(signed_in)
    page = (await signed_in.get("/file/draft/d1/q/more")).text
    assert 'value="Nguyễn Thị Ánh"' in page
    assert "Theo CSDL quốc gia về dân cư, ngày 01/11/2026" in page


async def test_detail_14_a_session_that_ended_loses_nothing_that_was_typed(
    browser: Browser, contract: Services
) -> None:
    await begin(browser)
    browser.cookies.clear()
    page = await browser.post("/file/draft/d1/q/name", data={"child_name": "Ánh", "action": "continue"})
    assert page.status_code == 401
    assert 'name="child_name" value="Ánh"' in page.text


async def test_the_hidden_token_opens_the_draft_where_cookies_are_lost(browser: Browser, contract: Services) -> None:
    await begin(browser)
    assert 'name="draft_token" value="t0ken"' in (await browser.get("/file/draft/d1/q/name")).text
    browser.cookies.clear()
    sent = {"child_name": "Ánh", "action": "continue", "draft_token": "t0ken"}
    await browser.post("/file/draft/d1/q/name", data=sent)
    assert contract.drafts["d1"]["answers"] == {"child_name": "Ánh"}


async def test_a_draft_is_thrown_away_only_after_asking(browser: Browser, contract: Services) -> None:
    await begin(browser)
    assert "Bỏ hồ sơ đang điền?" in (await browser.get("/file/draft/d1/drop")).text
    assert contract.drafts
    await browser.post("/file/draft/d1/drop")
    assert not contract.drafts


async def test_what_cannot_be_filed_here_says_so_and_where_to_go(browser: Browser) -> None:
    page = await browser.get("/file/1.000014")
    assert page.status_code == 409
    assert "bộ phận một cửa" in page.text
    assert (await browser.post("/file/1.000014", data=START)).status_code == 409


async def test_the_form_says_truly_whom_its_telephone_serves_and_where_news_go(browser: Browser) -> None:
    await begin(browser)
    page = (await browser.get("/file/draft/d1/q/more")).text
    assert "không gửi theo số ghi ở đây" in page
    browser.headers["authorization"] = "Bearer sample"
    assert 'href="/my/preferences"' in (await browser.get("/file/draft/d1/q/more")).text
    assert "không gửi theo số" not in (await browser.get("/file/draft/d1/q/birth")).text
