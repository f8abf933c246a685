"""Scripts only improve pages that are complete without them: each small, for one purpose, sent where it is used."""

import re
from pathlib import Path

import pytest

from tests.portal.conftest import Browser
from tests.portal.test_filing import begin

STATIC = Path(__file__).parents[2] / "portal" / "static"


def test_every_script_is_small_and_says_its_purpose_in_its_first_line() -> None:
    for script in STATIC.glob("*.js"):
        text = script.read_text("utf-8")
        assert len(text.encode()) <= 10_000, script.name
        assert text.startswith("// "), script.name


@pytest.mark.parametrize(
    ("address", "names"),
    [("/", ["suggest"]), ("/help", []), ("/file/1.001193", []), ("/lookup?code=x", ["errors"])],
)
async def test_a_page_is_sent_only_the_scripts_it_uses(browser: Browser, address: str, names: list[str]) -> None:
    assert scripts((await browser.get(address)).text) == names


async def test_a_page_of_questions_has_the_script_for_questions_that_hang_on_others(browser: Browser) -> None:
    await begin(browser)
    assert "dependent" in scripts((await browser.get("/file/draft/d1/q/about")).text)
    page = await browser.post("/file/draft/d1/q/name", data={"action": "continue"})
    assert "errors" in scripts(page.text)


def test_detail_24_suggestions_wait_for_composed_letters_and_no_script_writes_into_one() -> None:
    assert "compositionend" in (STATIC / "suggest.js").read_text("utf-8")
    for script in STATIC.glob("*.js"):
        text = script.read_text("utf-8")
        writes = re.findall(r"(\S+)\.value\s*=[^=]", text)
        assert set(writes) <= {"bar", "input"} and (not writes or script.name == "upload.js"), script.name
        assert "innerHTML" not in text and "eval(" not in text, script.name


def scripts(page: str) -> list[str]:
    return re.findall(r'<script src="/static/(\w+)\.\w+\.js" defer></script>', page)
