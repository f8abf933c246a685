"""The text of an identity card's QR code, as a scanner types it into one box."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.forms.card import Card, Unread, read_card

GOOD = "099148000017|012345678|Bùi Thị Sáu|02091948|Nữ|Số 5, ngõ 18, phố Ví Dụ|25112021"


def test_a_card_is_read_as_it_is_printed() -> None:
    said = Card("099148000017", "Bùi Thị Sáu", date(1948, 9, 2), "female", "Số 5, ngõ 18, phố Ví Dụ")
    assert read_card(GOOD) == read_card(f" {GOOD}\r\n") == read_card(GOOD + "|Cha|Mẹ|") == said
    assert read_card("099148000017||H' Linh Niê|24111988||Buôn Ví Dụ") == Card(
        "099148000017", "H' Linh Niê", date(1988, 11, 24), "", "Buôn Ví Dụ"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "form"),
        ("https://example.invalid/x", "form"),
        ("099148000017", "form"),
        (GOOD.replace("099148000017", "09914800001"), "number"),
        (GOOD.replace("099148000017", "٠٩٩١٤٨٠٠٠٠١٧"), "number"),
        (GOOD.replace("Bùi Thị Sáu", "12"), "name"),
        (GOOD.replace("02091948", "31021948"), "birth"),
        (GOOD.replace("02091948", "1948"), "birth"),
    ],
)
def test_what_is_no_card_is_told_apart(text: str, why: str) -> None:
    assert read_card(text) == Unread(why)


@given(st.text(max_size=80))
def test_any_text_is_a_card_or_a_reason(text: str) -> None:
    assert isinstance(read_card(text), Card | Unread)
    assert isinstance(read_card("|".join([text] * 7)), Card | Unread)
