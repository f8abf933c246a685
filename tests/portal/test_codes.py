"""The code on paper."""

import pytest

from portal import codes


@pytest.mark.parametrize("typed", ["h26-261121-0001", "H26 – 261121 – 0001", "H262611210001", "H26-26ll2l-OOO1"])
def test_a_code_typed_by_hand_is_understood(typed: str) -> None:
    assert codes.normal(typed) == "H26-261121-0001"


@pytest.mark.parametrize("code", ["000.00.01.H29-240115-0001", "H55.242-260930-0012", "G22.99-251225-020175"])
def test_official_styles_are_well_formed(code: str) -> None:
    assert codes.well_formed(code)


@pytest.mark.parametrize("code", ["", "H26", "../../x", "H26-261121-1", "H26-261121-0001?x"])
def test_other_words_are_not_codes(code: str) -> None:
    assert not codes.well_formed(codes.normal(code))


def test_a_swap_of_two_digits_changes_the_check() -> None:
    assert codes.check("H26-261121-0012") != codes.check("H26-261121-0021")
    assert len(codes.check("H26-261121-0001")) == 2


def test_the_qr_holds_an_address_with_code_and_check_and_says_what_it_is() -> None:
    address = codes.lookup_address("https://motcua.example", "H26-261121-0001")
    assert address == f"https://motcua.example/lookup/H26-261121-0001?k={codes.check('H26-261121-0001')}"
    assert "<title>" in codes.qr_svg(address, "QR")
