"""Journeys through Chromium as a person on a phone: from the search box to the result, scripts on and off."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.running import Front

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

FLAGS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PHONE = {"width": 360, "height": 740}


@contextmanager
def phone(portal: Front, *, scripts: bool) -> Iterator[Page]:
    """A person's phone with a fresh browser."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(
            viewport=PHONE,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            locale="vi-VN",
            base_url=portal.url,
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.set_default_navigation_timeout(30_000)
        try:
            yield page
        finally:
            browser.close()


def answer(page: Page, field: str, widget: str, value: Any) -> None:
    """Answer one question as a person does."""
    if widget == "date":
        for part, text in zip("ymd", str(value).split("-"), strict=False):
            page.locator(f'[name="{field}-{part}"]').fill(text)
    elif widget in ("radios", "yesno", "checkboxes"):
        chosen = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        for each in chosen if isinstance(chosen, list) else [chosen]:
            page.locator(f'[name="{field}"][value="{each}"]').check()
    elif widget == "select":
        page.locator(f'select[name="{field}"]').select_option(str(value))
    elif widget == "ward":
        answer_ward(page, field, str(value))
    else:
        page.locator(f'[name="{field}"]').fill(str(value))


def answer_ward(page: Page, field: str, ward: str) -> None:
    """Find a ward by the words on the card, then choose it from the list."""
    name = page.context.request.get(f"/api/catalog/v1/places/{ward}").json()["name"]
    page.locator(f'[name="{field}-q"]').fill(name)
    page.locator('button[name="action"][value="find"]').first.click()
    page.locator(f'[name="{field}"][value="{ward}"]').check()


def fill_the_form(page: Page, form: dict[str, Any], answers: dict[str, Any]) -> None:
    """Go through the questions, one page after the other, until the check-your-answers page."""
    for _ in range(40):
        if page.url.split("?")[0].endswith("/check"):
            return
        current = page.url.split("?")[0].rpartition("/")[2]
        asked = next(each for each in form["pages"] if each["id"] == current)
        for field in asked["fields"]:
            about = form["fields"][field]
            shown = page.locator(f'[name="{field}"], [name="{field}-d"], [name="{field}-q"]').first
            if answers.get(field) is not None and about["widget"] != "files" and shown.count():
                answer(page, field, about["widget"], answers[field])
        page.locator('form#question .actions button[value="continue"]').click()
        assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").inner_text()
    raise AssertionError("the form never ends")


def file_as_a_person(page: Page, portal: Front, code: str) -> str:
    """Find the procedure in own words, file it, sign in on the way; returns the dossier's code."""
    with portal.client() as client:
        case = portal.example(client, code)
        form = client.get(f"/api/catalog/v1/procedures/{code}/form").json()
    page.goto("/")
    page.locator("#q").fill("lam giay khai sinh cho con")
    page.get_by_role("button", name="Tìm").first.click()
    page.locator(f'a[href^="/procedures/{code}"]').first.click()
    page.locator(f'a[href^="/file/{code}"]').first.click()
    page.goto(f"/file/{code}?place={case['place']}")
    page.get_by_role("button", name="Bắt đầu").click()
    fill_the_form(page, form, case["answers"])
    no_sideways_scroll(page)
    page.get_by_role("button", name="Nộp hồ sơ").click()
    portal.sign_in(page, "citizen-1")
    page.wait_for_url(re.compile(r"/dossiers/H\d\d-"))
    found = re.search(r"H\d{2}-\d{6}-\d{4,6}", page.url)
    assert found
    return found.group(0)


def no_sideways_scroll(page: Page) -> None:
    """The page fits the phone."""
    wide = page.locator("html").evaluate("e => e.scrollWidth") if page.context.browser else 0
    assert int(wide) <= PHONE["width"], f"{page.url} is {wide} px wide"


@pytest.mark.parametrize("scripts", [False, True], ids=["scripts-off", "scripts-on"])
def test_a_mother_registers_a_birth_on_her_phone(portal: Front, scripts: bool, tmp_path: Path) -> None:
    with phone(portal, scripts=scripts) as page:
        code = file_as_a_person(page, portal, "1.001193")
        page.goto(f"/dossiers/{code}")
        done = page.get_by_text("Đã trả kết quả").first
        for _ in range(60):
            if done.count() and page.locator(f'a[href*="{code}/files/"]').count():
                break
            page.wait_for_timeout(500)
            page.reload()
        expect(done).to_be_visible()
        no_sideways_scroll(page)
        with page.expect_download() as download:
            page.locator(f'a[href*="{code}/files/"]').first.click()
        saved = tmp_path / "result.pdf"
        download.value.save_as(saved)
        assert saved.read_bytes().startswith(b"%PDF-")
        with portal.client("citizen-1") as client:
            digests = [result["sha256"] for result in portal.dossier(client, code)["results"]]
        assert hashlib.sha256(saved.read_bytes()).hexdigest() in digests


def test_the_timeline_moves_by_itself_with_scripts_on(new_portal: Any) -> None:
    portal = new_portal(pace="1", offices="H26").start()
    with portal.client("citizen-1") as client, phone(portal, scripts=True) as page:
        page.goto("/auth/login?next=/my")
        portal.sign_in(page, "citizen-1")
        page.wait_for_url(re.compile(r"/my"))
        code = portal.file_dossier(client, "1.004873", place="00004")
        page.goto(f"/dossiers/{code}")
        expect(page.get_by_text("Đã trả kết quả").first).to_be_visible(timeout=45_000)
    portal.check()


def test_a_stranger_sees_progress_and_nothing_else(portal: Front) -> None:
    with portal.client("citizen-1") as client, phone(portal, scripts=False) as page:
        code = portal.file_dossier(client, "1.004873")
        page.goto("/")
        page.locator("#code").fill(code)
        page.get_by_role("button", name="Xem").click()
        expect(page.get_by_text(code).first).to_be_visible()
        text = page.locator("main").inner_text()
        assert "%" in text
        assert "Nguyễn" not in text
        page.goto(f"/dossiers/{code}")
        assert "authorize" in page.url or "openid-connect/auth" in page.url or page.get_by_text("Đăng nhập").count()
