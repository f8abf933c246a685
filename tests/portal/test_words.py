"""Every text exists in both languages, and every text that a page names exists."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from portal.i18n import FOLDER, Languages, Words, installed, sentence_case

ROOM = Path(__file__).resolve().parents[2] / "portal"
NAMED = re.compile(r"""\bt(?:\.html)?\(\s*f?["']([a-z_]+\.[a-z_0-9]+)["']""")


def texts(lang: str) -> Mapping[str, str]:
    return installed().texts(lang)


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    vi, en = texts("vi"), texts("en")
    assert {key for key in vi if not key.endswith("_one")} == {key for key in en if not key.endswith("_one")}
    for key in vi.keys() & en.keys():
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
    assert installed().choose(asked, cookie, header) == lang


def test_titles_in_capitals_are_shown_in_sentence_case() -> None:
    assert sentence_case("THỦ TỤC ĐĂNG KÝ KHAI SINH") == "Thủ tục đăng ký khai sinh"
    assert sentence_case("Cấp thẻ BHYT") == "Cấp thẻ BHYT"


def test_a_time_limit_never_loses_its_unit() -> None:
    t = Words("vi")
    assert t.term({"amount": 1, "unit": "working_days"}) == "1 ngày làm việc"
    assert t.term({"amount": 3, "unit": "hours"}) == "3 giờ làm việc"
    assert Words("en").term({"amount": 1, "unit": "days"}) == "1 day"


def test_a_third_language_is_a_folder_whose_gaps_are_shown_in_vietnamese_with_a_mark(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "locales")
    third = tmp_path / "locales" / "fr"
    third.mkdir()
    (third / "language.json").write_text(json.dumps({"name": "Français"}), "utf-8")
    (third / "frame.json").write_text(
        json.dumps(
            {"sign_in": "Se connecter", "errors": "{n} réponses à corriger", "errors_one": "{n} réponse à corriger"}
        ),
        "utf-8",
    )
    languages = Languages(tmp_path / "locales")
    assert languages.tags == ("vi", "en", "fr") and languages.name("fr") == "Français"
    assert languages.choose(None, None, "fr-FR,fr;q=0.9") == "fr" and languages.choose("fr", "en", "vi") == "fr"
    t = Words("fr", languages)
    assert not t.complete and Words("en", languages).complete
    assert t("frame.sign_in") == "Se connecter"
    assert t("frame.name") == "[vi] " + Words("vi")("frame.name")
    assert (t("frame.errors", n=0), t("frame.errors", n=2)) == ("0 réponse à corriger", "2 réponses à corriger")
    assert t.pick({"vi": "Nộp hồ sơ", "en": "File"}) == "[vi] Nộp hồ sơ"
    assert t.day("2026-11-30") == "lundi 30 novembre 2026"
    assert t.number(1234567) == "1\u202f234\u202f567"


def test_names_of_fields_and_agencies_are_translated_or_marked() -> None:
    en, vi = Words("en"), Words("vi")
    assert (en.named("Bộ Tư pháp"), vi.named("Bộ Tư pháp")) == ("Ministry of Justice", "Bộ Tư pháp")
    assert en.named("UBND tỉnh Lai Châu") == "People's Committee of Lai Châu province"
    assert en.named("Lĩnh vực lạ") == "[vi] Lĩnh vực lạ"
    assert (en.named(""), en.named(None), en.vietnamese(None)) == ("", "", "")
