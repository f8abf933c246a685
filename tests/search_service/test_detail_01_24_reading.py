"""Details 1 and 24 in search: one word however it is written, and what a keyboard or an old font left of it."""

import unicodedata

import pytest

from search_service.model.answers import Filters
from tests.search_service.conftest import National, identities

ALL = Filters()


def found(index: National, text: str) -> list[str]:
    return identities(index.search(text, ALL, offset=0, limit=10))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà giải tranh chấp", "hòa giải tranh chấp"),
        ("xoá đăng ký thường trú", "xóa đăng ký thường trú"),
        ("uỷ quyền", "ủy quyền"),
        ("đăng kí kết hôn", "đăng ký kết hôn"),
    ],
)
def test_detail_01_both_places_of_the_tone_and_both_forms_of_unicode_find_the_same(
    national: National, one: str, other: str
) -> None:
    assert found(national, one) == found(national, other) != []
    assert found(national, unicodedata.normalize("NFD", one)) == found(national, one)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("mất cccd", "1.014064"),
        ("mua bhyt", "1.014137"),
        ("ko có giấy khai sinh", "1.001193"),
        ("lam lltp dc ko", "3.000333"),
        ("ddawng kys khai sinh", "1.001193"),
        ("d9a8ng ky1 ke61t ho6n", "1.000894"),
        ("§¨ng ký kÕt h«n", "1.000894"),
        ("ñaêng kyù keát hoân", "1.000894"),
    ],
)
def test_detail_24_short_forms_stray_keys_and_old_fonts_find(national: National, typed: str, code: str) -> None:
    assert code in found(national, typed)[:3]


@pytest.mark.parametrize("pasted", ["§¨ng ký kÕt h«n", "ñaêng kyù keát hoân", "ddawng kys keets hoon"])
def test_detail_24_a_reading_is_said_and_refused_by_quotation_marks(national: National, pasted: str) -> None:
    assert national.search(pasted, ALL, offset=0, limit=1).read_as == "đăng ký kết hôn"
    assert national.search(f'"{pasted}"', ALL, offset=0, limit=1).read_as == ""
