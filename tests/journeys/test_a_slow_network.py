"""From the search to the receipt over 400 kbit/s, 400 ms and 3 % loss, with a photograph of 2 MB; with scripts the link
is also cut in the middle of the photograph."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect, sync_playwright

from tests.journeys.test_one_dossier_as_a_person import FLAGS, PHONE, answer
from tests.ports import free_ports
from tests.running import Portal
from tests.slow_link import SlowLink

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium"), pytest.mark.slow, pytest.mark.timeout(400)]

CODE = "1.001193"
PAPER = "birth_paper_photo"


def photograph(path: Path) -> Path:
    """Make a photograph of about 2 MB, as a phone's camera does."""
    picture = Image.effect_noise((1512, 1134), 45).resize((4032, 3024), Image.Resampling.BICUBIC).convert("RGB")
    for quality in range(30, 96, 3):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() >= 1_900_000:
            break
    path.write_bytes(out.getvalue())
    return path


@pytest.fixture
def far_portal(new_embedded: Callable[..., Portal]) -> Iterator[tuple[Portal, SlowLink]]:
    """A portal that people reach over a bad link only."""
    inside, outside = free_ports(), free_ports(1)
    link = SlowLink(outside, inside)
    portal = new_embedded(port=inside, env={"MOTCUA_PUBLIC_URL": f"http://127.0.0.1:{outside}"}).start()
    with link.running():
        yield portal, link


@contextmanager
def far_phone(link: SlowLink, *, scripts: bool) -> Iterator[Page]:
    """A phone behind the link."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(
            viewport=PHONE,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale="vi-VN",
            base_url=f"http://127.0.0.1:{link.port}",
        )
        page = context.new_page()
        page.set_default_timeout(120_000)
        try:
            yield page
        finally:
            browser.close()


def begin(page: Page, place: str) -> None:
    """Search in own words, open the procedure and begin a draft."""
    page.goto("/")
    page.locator("#q").fill("lam giay khai sinh cho con")
    page.get_by_role("button", name="Tìm").first.click()
    page.locator(f'a[href^="/procedures/{CODE}"]').first.click()
    page.locator(f'a[href^="/file/{CODE}"]').first.click()
    page.goto(f"/file/{CODE}?place={place}")
    page.get_by_role("button", name="Bắt đầu").click()


def fill_in(page: Page, form: dict[str, Any], answers: dict[str, Any], photo: Path) -> None:
    """Go through the questions to the check-your-answers page; the photograph is sent while "continue" is pressed."""
    while not (here := page.url.split("?")[0]).endswith("/check"):
        asked = next(each for each in form["pages"] if each["id"] == here.rpartition("/")[2])
        for field in asked["fields"]:
            shown = page.locator(f'[name="{field}"], [name="{field}-d"], [name="{field}-q"]').first
            if answers.get(field) is not None and shown.count():
                answer(page, field, form["fields"][field]["widget"], answers[field])
            if field == PAPER:
                page.locator(f'[name="{field}-new"]').set_input_files(photo)
        page.locator('form#question .actions button[value="continue"]').click()
        page.wait_for_url(re.compile(rf"^(?!{re.escape(here)}(\?|$))"))


def hand_in(page: Page, portal: Portal) -> None:
    """Submit, sign in on the way, and see the receipt."""
    page.get_by_role("button", name="Nộp hồ sơ").click()
    portal.sign_in(page, "citizen-1")
    page.wait_for_url(re.compile(r"/dossiers/H\d\d-"))
    expect(page.locator("h1")).to_contain_text("Đã nộp hồ sơ")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts-on", "scripts-off"])
def test_a_birth_is_filed_over_a_bad_network_with_a_photograph(
    far_portal: tuple[Portal, SlowLink], scripts: bool, tmp_path: Path
) -> None:
    portal, link = far_portal
    photo = photograph(tmp_path / "giay.jpg")
    with portal.client() as client:
        case = portal.example(client, CODE)
        form = client.get(f"/api/catalog/v1/procedures/{CODE}/form").json()
    asked = next(page for page in form["pages"] if PAPER in page["fields"])
    answers = {name: value for name, value in case["answers"].items() if form["fields"][name]["widget"] != "files"}
    lengths: list[int] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/uploads"):
            lengths.append(int((request.post_data_json or {})["length"]))
            link.cut_at = link.up + lengths[0] // 2

    with far_phone(link, scripts=scripts) as page:
        page.on("request", note)
        begin(page, case["place"])
        before = link.up
        fill_in(page, form, answers, photo)
        sent = link.up - before
        hand_in(page, portal)
    pages = len(form["pages"]) * 4_000
    size = lengths[0] if scripts else photo.stat().st_size
    assert link.cuts == (1 if scripts else 0), f"{link.cuts} cuts on page {asked['id']}"
    assert size <= photo.stat().st_size
    assert sent <= 1.2 * size + pages, f"{sent} bytes went up for a file of {size} and {pages} of questions"
