"""Every text exists in both languages, and every text that a page names exists."""

import re
from pathlib import Path

import pytest

from portal.i18n import Words, choose, sentence_case, texts

ROOM = Path(__file__).resolve().parents[2] / "portal"
NAMED = re.compile(r"""\bt(?:\.html)?\(\s*f?["']([a-z_]+\.[a-z_0-9]+)["']""")


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    vi, en = texts("vi"), texts("en")
    assert vi.keys() == en.keys()
    for key in vi:
        assert set(re.findall(r"{\w+}", vi[key])) == set(re.findall(r"{\w+}", en[key])), key
        assert vi[key].strip() and en[key].strip(), key


def test_every_text_that_pages_name_exists() -> None:
    named = {
        key
        for path in [*ROOM.rglob("*.py"), *ROOM.rglob("*.html")]
        for key in NAMED.findall(path.read_text("utf-8"))
        if not key.endswith("_")
    }
    assert len(named) > 250
    assert sorted(named - texts("vi").keys()) == []


def test_vietnamese_sentences_are_short() -> None:
    long = [s for text in texts("vi").values() for s in re.split(r"[.;:?!]\s", text) if len(s.split()) > 26]
    assert long == []


@pytest.mark.parametrize(
    ("asked", "cookie", "header", "lang"),
    [
        ("en", "vi", "vi", "en"),
        (None, "en", "vi", "en"),
        (None, None, "en-GB,en;q=0.9", "en"),
        ("xx", None, None, "vi"),
    ],
)
def test_the_address_wins_over_the_cookie_over_the_browser(
    asked: str | None, cookie: str | None, header: str | None, lang: str
) -> None:
    assert choose(asked, cookie, header) == lang


def test_titles_in_capitals_are_shown_in_sentence_case() -> None:
    assert sentence_case("THỦ TỤC ĐĂNG KÝ KHAI SINH") == "Thủ tục đăng ký khai sinh"
    assert sentence_case("Cấp thẻ BHYT") == "Cấp thẻ BHYT"


def test_a_time_limit_never_loses_its_unit() -> None:
    t = Words("vi")
    assert t.term({"amount": 1, "unit": "working_days"}) == "1 ngày làm việc"
    assert t.term({"amount": 3, "unit": "hours"}) == "3 giờ làm việc"
    assert Words("en").term({"amount": 1, "unit": "days"}) == "1 day"
