"""After a dossier ended: the result and its paper, a mistake in it, a rating, and a stranger who holds the paper."""

import re

import pytest

from tests.portal.conftest import Browser
from tests.portal.contract import Services

DONE = "/dossiers/H26-261121-0004"
PAPER = "7KQM-3T9X-HV2N-CDAB"


async def test_a_result_has_its_file_its_facts_as_text_and_the_code_on_the_paper(signed_in: Browser) -> None:
    page = (await signed_in.get(DONE)).text
    assert f'href="/verify/{PAPER}"' in page and "giay-khai-sinh.pdf" in page
    facts = page.split("Thông tin đã khai để lập kết quả")[1].split("</details>")[0]
    assert "H&#39; Linh Niê" in facts and "0361••••••12" in facts


async def test_a_result_stands_although_the_catalogue_is_away(signed_in: Browser, contract: Services) -> None:
    contract.away.add("catalog")
    page = await signed_in.get(DONE)
    assert page.status_code == 200 and "giay-khai-sinh.pdf" in page.text


async def test_a_mistake_in_the_result_opens_a_linked_draft_after_saying_what_happens(signed_in: Browser) -> None:
    assert f'href="{DONE}/correct"' in (await signed_in.get(DONE)).text
    page = (await signed_in.get(f"{DONE}/correct")).text
    assert "giấy cũ ghi là" in page and "thủ tục khác" in page
    empty = await signed_in.post(f"{DONE}/correct", data={"what": " "})
    assert empty.status_code == 422 and 'href="#f-what"' in empty.text
    wrong = {"what": "Tên đệm là Thị"}
    opened = await signed_in.post(f"{DONE}/correct", data=wrong, follow_redirects=False)
    assert opened.headers["location"] == "/file/draft/d9/check"
    early = await signed_in.post("/dossiers/H26-261121-0001/correct", data=wrong)
    assert early.status_code == 409 and "chưa có kết quả" in early.text


async def test_one_tap_rates_and_everything_else_is_free(signed_in: Browser, contract: Services) -> None:
    page = (await signed_in.get(DONE)).text
    section = page.split('<h2 id="rating">')[1].split("</section>")[0]
    assert re.findall(r'name="score" value="(\d)"', section) == ["5", "4", "3", "2", "1"]
    assert page.index("giay-khai-sinh.pdf") < page.index('id="rating"'), "the result comes first"
    thanks = await signed_in.post(f"{DONE}/rating", data={"score": "5"})
    assert "Bạn đã chấm: Rất hài lòng." in thanks.text and "gọi lại" not in thanks.text
    assert contract.ratings["H26-261121-0004"]["score"] == 5
    assert "Nói thêm hoặc đổi" in (await signed_in.get(DONE)).text


async def test_two_stars_ask_whether_to_call_back_and_the_six_causes_are_offered(
    signed_in: Browser, contract: Services
) -> None:
    page = (await signed_in.post(f"{DONE}/rating", data={"score": "2"})).text
    assert "Bạn muốn được gọi lại?" in page and page.count('name="reason"') == 6
    rest = {"score": "2", "told": "yes", "reason": ["network", "payment"], "text": "Mạng yếu", "call_back": "yes"}
    assert "Đã ghi phần bạn nói thêm." in (await signed_in.post(f"{DONE}/rating", data=rest)).text
    given = contract.ratings["H26-261121-0004"]
    assert (given["reasons"], given["text"], given["call_back"]) == (["payment", "network"], "Mạng yếu", True)
    await signed_in.post(f"{DONE}/rating", data={"score": "3"})
    assert contract.ratings["H26-261121-0004"]["reasons"] == ["payment", "network"]


async def test_a_figure_is_shown_from_ten_people_on(signed_in: Browser, contract: Services) -> None:
    assert "chưa đến 10 người" in (await signed_in.get(f"{DONE}/rating")).text
    contract.figure = {"count": 20, "average": "4.35"}
    page = (await signed_in.get(f"{DONE}/rating")).text
    assert "20 người đã đánh giá" in page and "4,35 trên 5" in page


async def test_no_rating_is_asked_of_a_dossier_under_way(signed_in: Browser) -> None:
    assert 'name="score"' not in (await signed_in.get("/dossiers/H26-261121-0001")).text
    assert (await signed_in.post(f"{DONE}/rating", data={"score": "9"})).status_code == 422


@pytest.mark.parametrize("address", ["/verify", "/xac-minh"])
async def test_a_stranger_sees_issuer_number_day_and_standing_and_nothing_else(browser: Browser, address: str) -> None:
    assert "Mã xác minh in trên giấy" in (await browser.get(address)).text
    for typed in (PAPER, PAPER.lower().replace("-", " "), PAPER.replace("-", "")):
        page = (await browser.get(f"{address}/{typed}")).text
        for part in ("Giấy này có thật", "Phường Ba Đình", "H26-261121-0004", "Thứ Bảy, 21/11/2026", PAPER):
            assert part in page
        assert "Linh" not in page and "khai sinh" not in page.lower()
        assert (await browser.get(address, params={"code": typed})).status_code == 200


async def test_detail_22_a_paper_code_typed_wrong_says_which_character_cannot_be(browser: Browser) -> None:
    page = await browser.get("/verify", params={"code": "7KQM-3T9X-HV2N-CDO1"})
    assert page.status_code == 422 and "không có ký tự 1, O" in page.text and 'href="#code"' in page.text
    short = await browser.get("/verify/7KQM-3T9X")
    assert short.status_code == 422 and "có 8 ký tự" in short.text
    unknown = await browser.get("/verify/2222-3333-4444-5555")
    assert unknown.status_code == 404 and "Không có giấy nào" in unknown.text
    for each in (page, short, unknown):
        assert "noindex" in each.text


async def test_the_signature_of_a_file_is_told_in_words(browser: Browser) -> None:
    async def look(data: bytes) -> str:
        return (await browser.post("/verify/file", files={"file": ("k.pdf", data, "application/pdf")})).text

    good = await look(b"%PDF-signed")
    assert "Chữ ký đúng" in good and "Thành phố Hà Nội" in good and "đã được thay thế" in good
    assert "Chữ ký không hợp lệ" in await look(b"%PDF-1.7")
    assert "không phải tệp PDF" in await look(b"photo")
    empty = await browser.post("/verify/file", data={})
    assert empty.status_code == 422 and 'href="#file"' in empty.text


async def test_detail_25_a_refusal_always_shows_reason_rule_what_to_mend_and_how_to_complain(
    signed_in: Browser, contract: Services
) -> None:
    for refusal in ({"reason": "Sai nơi nộp.", "rule": "Luật Hộ tịch, Điều 13"}, {"reason": "", "rule": None}, None):
        contract.dossiers["H26-261121-0005"]["refusal"] = refusal
        page = (await signed_in.get("/dossiers/H26-261121-0005")).text
        refused = page.split('<section class="refusal">')[1].split("</section>")[0]
        for part in ("Lý do:", "Căn cứ:", "Sửa những chỗ nêu trên", "nộp hồ sơ mới", "Cách khiếu nại"):
            assert part in refused
        assert ("Sai nơi nộp." in refused) or "chưa công bố" in refused


async def test_detail_06_a_date_opens_to_its_sum_with_the_reason_of_each_day_off(
    signed_in: Browser, contract: Services
) -> None:
    first = contract.dossiers["H26-261121-0001"]
    first["due"] = {
        **first["due"],
        "start": "2026-11-16T15:20:00+07:00",
        "counted_from": "2026-11-17T07:30:00+07:00",
        "amount": 10,
        "at": "2026-12-02T17:00:00+07:00",
        "skipped": ["2026-11-21", "2026-11-24"],
    }
    page = re.sub(r"<[^>]+>", " ", (await signed_in.get("/dossiers/H26-261121-0001")).text)
    page = re.sub(r"\s+", " ", page)
    for part in (
        "Nhận lúc 15:20 Thứ Hai, 16/11/2026",
        "Bắt đầu tính từ Thứ Ba, 17/11/2026",
        "10 ngày làm việc",
        "Thứ Ba, 24/11/2026 (Ngày Văn hóa Việt Nam)",
        "Thứ Bảy, 21/11/2026 (Cuối tuần)",
        "Lịch dùng để tính 2026-11-21",
        "hẹn 17:00 Thứ Tư, 02/12/2026",
    ):
        assert part in page, part


async def test_an_answer_that_crossed_another_is_told_as_it_was(signed_in: Browser, contract: Services) -> None:
    late = {"request_no": 1, "kind": "withdrawal", "ask_no": None, "state": "declined", "code": "already_done"}
    contract.dossiers["H26-261121-0004"]["requests"] = [{**late, "text": "Đã ký.", "filed_at": "2026-11-21T11:00:00Z"}]
    page = (await signed_in.get(DONE)).text
    assert "đến sau khi cơ quan đã ra kết quả. Kết quả vẫn giữ." in page and "Cơ quan trả lời: Đã ký." in page


async def test_a_late_dossier_offers_what_a_person_can_really_do(signed_in: Browser, contract: Services) -> None:
    first = contract.dossiers["H26-261121-0001"]
    first["due"] = {**first["due"], "at": "2020-01-02T17:00:00+07:00"}
    page = (await signed_in.get("/dossiers/H26-261121-0001")).text
    notice = page.split("late-one")[1].split("</div>")[0]
    assert "Bạn có thể:" in notice
    for address in ("/help", "/feedback", "/dossiers/H26-261121-0001/withdraw"):
        assert f'href="{address}"' in notice
