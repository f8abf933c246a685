"""A birth from the search to the receipt in Chromium: what it weighs, and a whole procedure with the keyboard alone."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_one_dossier_as_a_person import file_as_a_person, phone
from tests.running import Portal

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

WHOLE_JOURNEY = 150_000
SHORT = "1.004873"
FARTHEST = 60


def test_a_birth_from_search_to_receipt_weighs_at_most_150_kb(one_process: Portal) -> None:
    heavy: dict[str, int] = {}
    with phone(one_process, scripts=True) as page:
        line = page.context.new_cdp_session(page)
        asked: dict[str, str] = {}
        line.on("Network.requestWillBeSent", lambda told: asked.update({told["requestId"]: told["request"]["url"]}))

        def count(told: Mapping[str, Any]) -> None:
            url = asked.get(told["requestId"], "")
            heavy[url] = heavy.get(url, 0) + int(told["encodedDataLength"])

        line.on("Network.loadingFinished", count)
        line.send("Network.enable")
        code = file_as_a_person(page, one_process, "1.001193")
        page.goto(f"/dossiers/{code}/receipt")
        expect(page.locator("h1")).to_be_visible()
    total, most = sum(heavy.values()), sorted(heavy.items(), key=lambda one: -one[1])[:6]
    assert 30_000 < total <= WHOLE_JOURNEY, f"{total} bytes in {len(heavy)} answers; the heaviest: {most}"


class Keyboard:
    """A person who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, wanted: str) -> None:
        """Press Tab until what matches ``wanted`` has the focus."""
        for _ in range(FARTHEST):
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} is not reached by Tab on {self.page.url}")

    def press(self, wanted: str, key: str = "Enter") -> None:
        """Go to a link or button and press it; the next page is there after it."""
        self.to(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def answer(self, field: str, widget: str, value: Any) -> None:
        """Answer one question."""
        if widget == "date":
            for part, text in zip("dmy", reversed(str(value).split("-")), strict=True):
                self.to(f'[name="{field}-{part}"]')
                self.page.keyboard.type(text)
        elif widget in ("radios", "yesno"):
            self._choose(field, {True: "yes", False: "no"}.get(value, value))
        elif widget == "checkboxes":
            for one in value:
                self.to(f'[name="{field}"][value="{one}"]')
                self.page.keyboard.press("Space")
        elif widget == "select":
            self._select(field, str(value))
        elif widget == "ward":
            self._ward(field, str(value))
        else:
            self.to(f'[name="{field}"]')
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(str(value))

    def _choose(self, field: str, value: Any) -> None:
        self.to(f'[name="{field}"]')
        self.page.keyboard.press("Space")
        for _ in range(FARTHEST):
            if self.page.evaluate("document.activeElement.value") == str(value):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{field} has no choice {value}")

    def _select(self, field: str, value: str) -> None:
        self.to(f'select[name="{field}"]')
        for _ in range(FARTHEST * 4):
            if self.page.evaluate("document.activeElement.value") == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{field} has no choice {value}")

    def _ward(self, field: str, ward: str) -> None:
        name = self.page.context.request.get(f"/api/catalog/v1/places/{ward}").json()["name"]
        self.to(f'[name="{field}-q"]')
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(name)
        self.press('button[name="action"][value="find"]')
        self._choose(field, ward)


def test_a_whole_procedure_is_filed_with_the_keyboard_alone(one_process: Portal) -> None:
    with one_process.client() as client:
        case = one_process.example(client, SHORT)
        form = client.get(f"/api/catalog/v1/procedures/{SHORT}/form").json()
    with phone(one_process, scripts=True) as page:
        keys = Keyboard(page)
        page.goto(f"/file/{SHORT}?place={case['place']}")
        keys.press("main form button")
        while not (here := page.url.split("?")[0]).endswith("/check"):
            asked = next(each for each in form["pages"] if each["id"] == here.rpartition("/")[2])
            for field in asked["fields"]:
                value, widget = case["answers"].get(field), form["fields"][field]["widget"]
                if value is not None and widget != "files":
                    keys.answer(field, widget, value)
            keys.press('form#question .actions button[value="continue"]')
            assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").inner_text()
        keys.press("main form button:not(.link-button)")
        keys.press('[value="citizen-1"]')
        page.wait_for_url(re.compile(r"/dossiers/H\d\d-"))
        expect(page.locator("h1")).to_contain_text("Đã nộp hồ sơ")
