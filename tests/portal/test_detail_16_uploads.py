"""Uploads: shrunk on the phone and sent on after a cut with the script, and as a plain form without it."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image
from playwright.async_api import FilePayload, Page, Route

from dossier_service.settings import DossierSettings
from kernel.locale import size
from portal.settings import PortalSettings
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.test_filing import begin as begin_draft
from tests.portal.test_in_a_browser import begin, visit

DIGEST = "ab" * 32


class Part:
    """The API's side of one upload: it loses the answer to one part, and cuts one part off before it comes."""

    def __init__(self, token: str = "t0ken") -> None:
        self.token = token
        self.length = self.offset = self.sent = self.parts = 0

    async def answer(self, route: Route) -> None:
        """Answer one request of the script."""
        request = route.request
        body = request.post_data_buffer or b""
        if request.method == "POST":
            self.length = orjson.loads(body)["length"]
        if request.method == "PATCH":
            self.parts, self.sent = self.parts + 1, self.sent + len(body)
            assert int(request.headers["upload-offset"]) == self.offset
            assert request.headers.get("draft-token", "") == self.token
            if self.parts == 3:
                await route.abort("connectionreset")
                return
            self.offset += len(body)
            if self.parts == 5:
                await route.abort("connectionreset")
                return
        said: dict[str, Any] = {"id": "f" * 32, "offset": self.offset, "length": self.length}
        whole = {"file": {"sha256": DIGEST}} if self.offset == self.length else {}
        await route.fulfill(json={**said, **whole}, status=201 if request.method == "POST" else 200)


def photo() -> bytes:
    """Return a photo of some 2 MB."""
    out = io.BytesIO()
    Image.effect_noise((2400, 1800), 80).convert("RGB").save(out, "JPEG", quality=70)
    return out.getvalue()


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
async def test_detail_16_a_photo_is_shrunk_and_sent_on_after_two_cuts(tmp_path: Path) -> None:
    data, part = photo(), Part()

    async def do(page: Page, address: str) -> None:
        await begin(page, address)
        await page.route("**/api/dossiers/v1/drafts/d1/uploads**", part.answer)
        await page.goto(f"{address}/file/draft/d1/q/photo")
        taken = FilePayload(name="giay.jpg", mimeType="image/jpeg", buffer=data)
        await page.set_input_files("#f-photo", [taken])
        await page.get_by_role("button", name="Tiếp tục").last.click()
        await page.wait_for_url("**/check")

    contract = await visit(tmp_path, do)
    assert contract.drafts["d1"]["answers"]["photo"] == [DIGEST]
    assert part.length < len(data)
    assert part.sent <= 1.2 * part.length, (part.sent, part.length)


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
async def test_detail_16_a_paper_that_was_asked_for_is_sent_on_after_two_cuts(tmp_path: Path) -> None:
    data, part = photo(), Part(token="")

    async def do(page: Page, address: str) -> None:
        await page.route("**/api/dossiers/v1/dossiers/H26-261121-0002/uploads**", part.answer)
        await page.goto(f"{address}/dossiers/H26-261121-0002/supplement")
        taken = FilePayload(name="giay.jpg", mimeType="image/jpeg", buffer=data)
        await page.set_input_files("#f-files", [taken])
        await page.locator(".actions button").last.click()
        await page.wait_for_url("**?sent=supplement")

    contract = await visit(tmp_path, do, signed_in=True)
    assert [request["files"] for request in contract.requests] == [[DIGEST]]
    assert part.sent <= 1.2 * part.length < len(data)


async def test_the_pages_say_the_limit_that_the_service_holds(browser: Browser) -> None:
    await begin_draft(browser)
    said = f"mỗi tệp đến {size(PortalSettings.model_fields['max_file_bytes'].default, 'vi')}"
    assert said in (await browser.get("/file/draft/d1/q/photo")).text
    browser.headers["authorization"] = "Bearer sample"
    assert said in (await browser.get("/dossiers/H26-261121-0002/supplement")).text
    assert "max_file_bytes" not in DossierSettings.__annotations__, "one figure, of the settings that all share"


@pytest.mark.parametrize(("name", "data"), [("don.docx", b"PK.."), ("trong.pdf", b"")])
async def test_detail_16_what_is_no_paper_gets_a_helpful_refusal_at_its_field(
    browser: Browser, name: str, data: bytes
) -> None:
    await begin_draft(browser)
    files = {"photo-new": (name, data, "application/octet-stream")}
    page = await browser.post("/file/draft/d1/q/photo", data={"action": "continue"}, files=files)
    assert page.status_code == 422
    assert "Gửi ảnh JPG hoặc PDF." in page.text and 'href="#f-photo"' in page.text


async def test_detail_16_several_photos_are_one_paper(browser: Browser) -> None:
    await begin_draft(browser)
    photos = [("photo-new", (f"{n}.jpg", b"\xff\xd8" + b"0" * n, "image/jpeg")) for n in (40, 41)]
    await browser.post("/file/draft/d1/q/photo", data={"action": "continue"}, files=photos)
    page = (await browser.get("/file/draft/d1/check")).text
    assert "Một giấy tờ gồm 2 ảnh hoặc tệp" in page


async def test_the_list_of_files_says_what_each_is_and_shows_it_to_who_holds_the_draft(browser: Browser) -> None:
    await begin_draft(browser)
    photo = {"photo-new": ("giay.jpg", b"\xff\xd8" + b"0" * 1998, "image/jpeg")}
    page = (await browser.post("/file/draft/d1/q/photo", data={"action": "upload"}, files=photo)).text
    digest = f"{2000:064x}"
    assert "Đã nhận tệp 1: giay.jpg (2\u00a0kB)" in page and ">Bỏ giay.jpg</button>" in page
    assert f'href="/file/draft/d1/files/{digest}"' in page
    seen = await browser.get(f"/file/draft/d1/files/{digest}")
    assert (seen.headers["content-type"], seen.headers["cache-control"]) == ("image/jpeg", "private, no-store")
    browser.cookies.clear()
    assert (await browser.get(f"/file/draft/d1/files/{digest}")).status_code == 404


async def test_a_file_over_the_limit_is_named_with_the_limit_and_the_draft_is_kept(
    browser: Browser, contract: Services
) -> None:
    await begin_draft(browser)
    large = {"photo-new": ("to.jpg", b"\xff\xd8" + b"0" * 20_500_000, "image/jpeg")}
    sent = {"action": "continue", "ethnicity": "01"}
    page = await browser.post("/file/draft/d1/q/photo", data=sent, files=large)
    assert page.status_code == 422 and "“to.jpg” nặng 20,5\u00a0MB, quá mức 20\u00a0MB" in page.text
    assert contract.drafts["d1"]["answers"]["ethnicity"] == "01"
    back = await browser.get("/file/draft/d1/q/photo?from=check&too_large=1")
    assert "Mỗi tệp đến 20\u00a0MB" in back.text and 'action="/file/draft/d1/q/photo?from=check"' in back.text


async def test_pressing_upload_without_a_file_says_what_to_do_first(browser: Browser) -> None:
    await begin_draft(browser)
    page = await browser.post("/file/draft/d1/q/photo", data={"action": "upload"})
    assert page.status_code == 422 and "Bạn chưa chọn tệp nào" in page.text


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
async def test_a_file_that_was_refused_takes_no_place_and_a_full_list_says_so(tmp_path: Path) -> None:
    part = Part()

    async def answer(route: Route) -> None:
        if route.request.method == "POST" and orjson.loads(route.request.post_data_buffer or b"{}")["length"] == 0:
            await route.fulfill(json={"detail": "Tệp này trống."}, status=422)
        else:
            await part.answer(route)

    async def do(page: Page, address: str) -> None:
        await begin(page, address)
        await page.route("**/api/dossiers/v1/drafts/d1/uploads**", answer)
        await page.goto(f"{address}/file/draft/d1/q/photo")
        empty = FilePayload(name="trong.jpg", mimeType="image/jpeg", buffer=b"")
        for _ in range(3):
            await page.set_input_files("#f-photo", [empty])
            await page.get_by_text("Tệp này trống.").wait_for()
        for number in range(3):
            name = f"giay{number}.jpg"
            part.offset = part.parts = 0
            await page.set_input_files("#f-photo", [FilePayload(name=name, mimeType="image/jpeg", buffer=b"\xff\xd8x")])
            await page.get_by_text(f"Đã nhận {name}").wait_for()
        await page.set_input_files("#f-photo", [empty])
        await page.get_by_text("Đã đủ 3 tệp").wait_for()

    await visit(tmp_path, do)
