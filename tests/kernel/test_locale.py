"""How things are written in both languages."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.locale import clock_time, date_time, long_date, money, money_in_words, negotiate, short_date, size


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "vi"),
        ("", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en-US,en;q=0.9,vi;q=0.8", "en"),
        ("fr,en;q=0.5", "en"),
        ("fr", "vi"),
        ("*", "vi"),
        ("en;q=0", "vi"),
        ("en;q=0.5,*;q=0.7", "vi"),
        ("en;q=nonsense", "vi"),
        ("EN", "en"),
    ],
)
def test_the_language_follows_the_readers_wish(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@given(st.text())
def test_any_header_gives_one_of_the_two(header: str) -> None:
    assert negotiate(header) in ("vi", "en")


def test_days_and_times_are_written_in_viet_nams_time() -> None:
    at = datetime(2026, 11, 29, 18, 5, tzinfo=UTC)
    assert long_date(date(2026, 11, 30), "vi") == long_date(at, "vi") == "Thứ Hai, 30/11/2026"
    assert long_date(at, "en") == "Monday, 30 November 2026"
    assert short_date(at, "vi") == "30/11/2026" and short_date(at, "en") == "30 Nov 2026"
    assert long_date(date(2026, 11, 29), "vi") == "Chủ Nhật, 29/11/2026"
    assert clock_time(at) == "01:05"
    assert date_time(at, "vi") == "01:05 Thứ Hai, 30/11/2026"
    assert date_time(at, "en") == "01:05, Monday, 30 November 2026"


@pytest.mark.parametrize(
    ("amount", "vi", "en"),
    [
        (0, "Không đồng", "Zero dong"),
        (5, "Năm đồng", "Five dong"),
        (15, "Mười lăm đồng", "Fifteen dong"),
        (21, "Hai mươi mốt đồng", "Twenty-one dong"),
        (105, "Một trăm linh năm đồng", "One hundred and five dong"),
        (8_000, "Tám nghìn đồng", "Eight thousand dong"),
        (200_000, "Hai trăm nghìn đồng", "Two hundred thousand dong"),
        (
            1_234_567,
            "Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng",
            "One million two hundred and thirty-four thousand five hundred and sixty-seven dong",
        ),
        (1_000_005, "Một triệu không trăm linh năm đồng", "One million and five dong"),
        (2_005_000_000, "Hai tỷ không trăm linh năm triệu đồng", "Two billion five million dong"),
        (12_000_500_000_000, "Mười hai nghìn tỷ năm trăm triệu đồng", "Twelve trillion five hundred million dong"),
    ],
)
def test_money_is_written_in_words(amount: int, vi: str, en: str) -> None:
    assert money_in_words(amount, "vi") == vi and money_in_words(amount, "en") == en


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_two_amounts_read_the_same(lang: str) -> None:
    amounts = [each * scale for scale in (1, 1_000, 1_000_000) for each in range(1, 3_000)]
    assert len({money_in_words(amount, lang) for amount in amounts}) == len(set(amounts))


def test_money_and_sizes() -> None:
    assert money(1234567, "vi") == "1.234.567\u00a0đ" and money(0, "vi") == "0\u00a0đ"
    assert money(1234567, "en") == "1,234,567\u00a0VND"
    assert [size(n, "vi") for n in (0, 999, 1000, 1_500_000, 99_400_000, 2_000_000_000)] == [
        "0\u00a0B",
        "999\u00a0B",
        "1\u00a0kB",
        "1,5\u00a0MB",
        "99,4\u00a0MB",
        "2\u00a0GB",
    ]
    assert size(1_500_000, "en") == "1.5\u00a0MB"
