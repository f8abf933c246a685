"""Working time: the sums that people are shown, and what must hold for any of them."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import VIETNAM
from kernel.errors import Text
from kernel.workdays import CLOSE, HOURS, Calendar, Term, Unit

CALENDAR = Calendar.load()

instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(VIETNAM))
terms = st.builds(Term, st.integers(0, 60), st.sampled_from(Unit))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def test_ten_working_days_after_a_late_monday_skip_weekends_and_the_day_of_culture() -> None:
    due = CALENDAR.due(at("2026-11-16 15:20"), Term(10, Unit.WORKING_DAYS))
    assert due.counted_from.date() == date(2026, 11, 17)
    assert due.at == at("2026-12-02 17:00")
    assert due.start == at("2026-11-16 15:20") and due.start.tzinfo is UTC
    assert [day.day for day in due.skipped] == [21, 22, 24, 28, 29]
    assert due.calendar == CALENDAR.version


@pytest.mark.parametrize(
    ("received", "amount", "unit", "expected"),
    [
        ("2026-11-16 09:00", 0, Unit.WORKING_DAYS, "2026-11-16 17:00"),  # the same day
        ("2026-11-16 15:00", 0, Unit.WORKING_DAYS, "2026-11-16 17:00"),  # until 15:00 it counts today
        ("2026-11-16 15:01", 0, Unit.WORKING_DAYS, "2026-11-17 17:00"),
        ("2026-11-14 09:00", 1, Unit.WORKING_DAYS, "2026-11-17 17:00"),  # a Saturday counts as Monday
        ("2026-02-13 15:30", 1, Unit.WORKING_DAYS, "2026-02-24 17:00"),  # over Tết
        ("2026-08-21 16:00", 1, Unit.WORKING_DAYS, "2026-08-24 17:00"),  # Saturday 22/8 is worked
        ("2026-11-16 09:00", 15, Unit.DAYS, "2026-12-01 17:00"),
        ("2026-11-16 09:00", 5, Unit.DAYS, "2026-11-23 17:00"),  # ends on a Saturday: the next working day
        ("2026-11-16 09:00", 8, Unit.DAYS, "2026-11-25 17:00"),  # ends on 24/11
        ("2026-11-16 09:00", 4, Unit.HOURS, "2026-11-16 15:00"),  # 2.5 h, noon, 1.5 h
        ("2026-11-16 07:30", 8, Unit.HOURS, "2026-11-16 17:30"),
        ("2026-11-16 14:00", 8, Unit.HOURS, "2026-11-17 14:00"),
        ("2026-11-20 14:30", 4, Unit.HOURS, "2026-11-23 08:30"),
        ("2026-11-16 12:00", 1, Unit.HOURS, "2026-11-16 14:30"),
        ("2026-11-16 05:00", 1, Unit.HOURS, "2026-11-16 08:30"),
    ],
)
def test_a_receipt_is_due_as_its_sum_says(received: str, amount: int, unit: Unit, expected: str) -> None:
    assert CALENDAR.due(at(received), Term(amount, unit)).at == at(expected)


@given(instants, instants, terms)
def test_what_comes_later_is_never_due_earlier(a: datetime, b: datetime, term: Term) -> None:
    first, second = sorted((a, b))
    assert CALENDAR.due(first, term).at <= CALENDAR.due(second, term).at


@given(instants, st.integers(0, 60), st.sampled_from(Unit))
def test_a_longer_term_is_never_due_earlier(received: datetime, amount: int, unit: Unit) -> None:
    assert CALENDAR.due(received, Term(amount, unit)).at <= CALENDAR.due(received, Term(amount + 1, unit)).at


@given(instants, terms)
def test_nothing_is_ever_due_when_the_office_is_closed(received: datetime, term: Term) -> None:
    due = CALENDAR.due(received, term)
    assert CALENDAR.is_workday(due.at.date())
    assert any(opening <= due.at.time() <= closing for opening, closing in HOURS)
    assert due.at >= due.counted_from or due.at.time() == CLOSE
    assert due.counted_from >= received


@given(instants, terms)
def test_the_sum_explains_the_date(received: datetime, term: Term) -> None:
    due = CALENDAR.due(received, term)
    assert all(not CALENDAR.is_workday(day) and CALENDAR.why_off(day) for day in due.skipped)
    assert len(set(due.skipped)) == len(due.skipped)
    days = (due.at.date() - due.counted_from.date()).days
    if term.unit is Unit.HOURS:
        assert CALENDAR.working_seconds(due.counted_from, due.at) == term.amount * 3600
        return
    assert days == term.amount + len(due.skipped)
    if term.unit is Unit.WORKING_DAYS:
        worked = [n for n in range(1, days + 1) if CALENDAR.is_workday(due.counted_from.date() + timedelta(days=n))]
        assert len(worked) == term.amount


@given(instants, instants, instants)
def test_working_time_adds_up(a: datetime, b: datetime, c: datetime) -> None:
    first, second, third = sorted((a, b, c))
    parts = CALENDAR.working_seconds(first, second) + CALENDAR.working_seconds(second, third)
    assert 0 <= CALENDAR.working_seconds(first, third) - parts <= 1
    assert CALENDAR.working_seconds(third, first) == 0


def test_a_whole_working_day_has_eight_hours_and_a_holiday_none() -> None:
    assert CALENDAR.working_seconds(at("2026-11-23 00:00"), at("2026-11-24 00:00")) == 8 * 3600
    assert CALENDAR.working_seconds(at("2026-11-24 00:00"), at("2026-11-25 00:00")) == 0
    assert CALENDAR.working_seconds(at("2026-11-23 10:30"), at("2026-11-25 08:30")) == (1 + 4 + 1) * 3600


def test_official_holidays_and_swapped_days_are_known_by_name() -> None:
    assert CALENDAR.why_off(date(2026, 11, 24)) == Text("Ngày Văn hóa Việt Nam", "Vietnam Cultural Day")
    assert not CALENDAR.is_workday(date(2026, 8, 31)) and CALENDAR.is_workday(date(2026, 8, 22))
    assert not CALENDAR.is_workday(date(2026, 1, 2)) and CALENDAR.is_workday(date(2026, 1, 10))
    assert CALENDAR.why_off(date(2026, 11, 21)) == Text("Cuối tuần", "Weekend")
    assert CALENDAR.why_off(date(2026, 11, 23)) is None
    assert CALENDAR.is_workday(date(2025, 11, 24)), "the day of culture is off from 2026"


def test_days_without_official_notice_are_carried_with_the_due_date() -> None:
    assert CALENDAR.due(at("2025-12-31 09:00"), Term(3, Unit.WORKING_DAYS)).unconfirmed == (date(2026, 1, 2),)
    assert CALENDAR.due(at("2026-11-16 09:00"), Term(10, Unit.WORKING_DAYS)).unconfirmed == ()
    assert date(2027, 2, 8) in CALENDAR.due(at("2027-02-02 09:00"), Term(8, Unit.WORKING_DAYS)).unconfirmed


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    assert CALENDAR.version == Calendar.load().version
    assert CALENDAR.version.startswith("vn-2026.")
    changed = tmp_path / "overrides.json"
    changed.write_text(
        '{"published_through": 2026, "overrides": [{"date": "2026-11-23", "day_off": true, "confirmed": true,'
        ' "swap_with": "2026-11-28"}]}'
    )
    other = Calendar.load(changed)
    assert other.version != CALENDAR.version
    assert other.due(at("2026-11-20 09:00"), Term(1, Unit.WORKING_DAYS)).at == at("2026-11-25 17:00")
    assert other.is_workday(date(2026, 11, 28))


def test_a_time_without_zone_and_an_impossible_term_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.due(datetime.combine(date(2026, 1, 5), time(9)), Term(1, Unit.DAYS))
    with pytest.raises(ValueError, match="units"):
        Term(-1, Unit.DAYS)


def test_times_of_any_zone_count_as_viet_nams() -> None:
    here, there = at("2026-11-16 15:20"), datetime(2026, 11, 16, 8, 20, tzinfo=UTC)
    assert CALENDAR.due(here, Term(3, Unit.HOURS)) == CALENDAR.due(there, Term(3, Unit.HOURS))
