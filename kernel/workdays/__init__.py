"""Working time of Vietnamese offices: which days are worked, and when something is due.

What is worked: Monday to Friday (Labour Code 2019, Art. 105 and 111) without the public holidays (Art. 112,
Resolution 28/2026/QH16 for 24 November) as PyPI ``holidays`` knows them, corrected by the dated overrides beside
this file (days swapped by the yearly official notice).

What was chosen here: hours 7:30-11:30 and 13:30-17:30; a term in days ends at 17:00, when one-stop desks stop
giving out results; what is received after 15:00 or on a day off counts from the next working day (Decree 61/2018,
Art. 18); a term in calendar days that would end on a day off ends on the next working day (Civil Code 2015,
Art. 148.5); hours are working hours.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

import holidays

from kernel.clock import VIETNAM
from kernel.digest import digest_of
from kernel.errors import Text

OVERRIDES = Path(__file__).with_name("holiday_overrides.json")
CLOSE = time(17, 0)
LAST_RECEIPT = time(15, 0)
HOURS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 30)))
YEARS = range(2020, 2036)
DAY = timedelta(days=1)


class Unit(StrEnum):
    """The three units a term can have. They are three different things."""

    WORKING_DAYS = "working_days"
    DAYS = "days"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take. ``amount`` 0 in days means: the same day."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= 3650:
            raise ValueError("a term is between 0 and 3650 units")


@dataclass(frozen=True, slots=True)
class Due:
    """A due date with its sum.

    ``start`` is the receipt, ``counted_from`` the moment it counts as (Viet Nam's time; its date is day 0), ``at``
    when it ends (Viet Nam's time). ``skipped`` are the days off in between that were not counted: for both units
    of days ``at.date() - counted_from.date() == amount + len(skipped)``. ``unconfirmed`` are dates in the span
    whose being worked or off no official notice has confirmed yet: pages say so.
    """

    at: datetime
    start: datetime
    counted_from: datetime
    amount: int
    unit: Unit
    calendar: str
    skipped: tuple[date, ...] = ()
    unconfirmed: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of the country. ``load`` makes it; ``version`` changes whenever its content does.

    ``off`` are public holidays and swapped days, ``worked`` are Saturdays and Sundays worked instead,
    ``unconfirmed`` are days of either kind that the official notice has not confirmed.
    """

    version: str
    off: Mapping[date, Text] = field(repr=False)
    worked: frozenset[date] = field(default=frozenset(), repr=False)
    unconfirmed: frozenset[date] = field(default=frozenset(), repr=False)
    hours: tuple[tuple[time, time], ...] = HOURS

    @classmethod
    def load(cls, path: Path = OVERRIDES) -> "Calendar":
        """Build the calendar of 2020 to 2035 from PyPI ``holidays`` and the overrides in ``path``."""
        data = json.loads(path.read_text(encoding="utf-8"))
        off, worked = _official()
        unconfirmed = {day for day in off if day.year > data["published_through"]}
        for row in data["overrides"]:
            day, swap = date.fromisoformat(row["date"]), row.get("swap_with")
            changed = {day} | ({date.fromisoformat(swap)} if swap else set())
            if row["day_off"]:
                off.setdefault(day, Text("Nghỉ hoán đổi", "Swapped day off"))
                worked -= {day}
                worked |= changed - {day}
            else:
                off.pop(day, None)
                worked |= {day}
            if not row["confirmed"]:
                unconfirmed |= changed
        content = [sorted(map(str, days)) for days in (off, worked, unconfirmed)]
        version = f"vn-{data['published_through']}.{digest_of(content)[:8]}"
        return cls(version, off, frozenset(worked), frozenset(unconfirmed))

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work on ``day``."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def why_off(self, day: date) -> Text | None:
        """Return the reason why offices are closed on ``day``, or None when they work."""
        if self.is_workday(day):
            return None
        return self.off.get(day) or Text("Cuối tuần", "Weekend")

    def next_workday(self, day: date) -> date:
        """Return the first working day after ``day``."""
        day += DAY
        while not self.is_workday(day):
            day += DAY
        return day

    def counted_from(self, received_at: datetime) -> datetime:
        """Return the moment a receipt counts as: itself, or the opening of the next working day.

        A receipt counts at once on a working day up to 15:00, within hours; before opening or in the noon break it
        counts from the next opening of the same day. ``received_at`` is aware; the answer is Viet Nam's time.
        """
        local = _aware(received_at).astimezone(VIETNAM)
        if not self.is_workday(local.date()) or local.time() > LAST_RECEIPT:
            return _at(self.next_workday(local.date()), self.hours[0][0])
        for opening, closing in self.hours:
            if local.time() < opening:
                return _at(local.date(), opening)
            if local.time() < closing:
                return local
        return _at(self.next_workday(local.date()), self.hours[0][0])

    def due(self, received_at: datetime, term: Term) -> Due:
        """Return when something received at ``received_at`` (aware) is due, with its sum. Raises nothing else."""
        start = self.counted_from(received_at)
        if term.unit is Unit.HOURS:
            at, skipped = self._after_hours(start, term.amount)
        else:
            day, skipped = self._after_days(start.date(), term)
            at = _at(day, CLOSE)
        span = _days(start.date(), at.date())
        return Due(
            at=at,
            start=received_at.astimezone(UTC),
            counted_from=start,
            amount=term.amount,
            unit=term.unit,
            calendar=self.version,
            skipped=skipped,
            unconfirmed=tuple(day for day in span if day in self.unconfirmed),
        )

    def working_seconds(self, a: datetime, b: datetime) -> int:
        """Return the whole seconds of office hours between two aware instants; 0 when ``b`` is not after ``a``."""
        first, last = _aware(a).astimezone(VIETNAM), _aware(b).astimezone(VIETNAM)
        if last <= first:
            return 0
        whole = sum(int((_at(first.date(), c) - _at(first.date(), o)).total_seconds()) for o, c in self.hours)
        total = timedelta()
        for day in _days(first.date(), last.date()):
            if not self.is_workday(day):
                continue
            if first.date() < day < last.date():
                total += timedelta(seconds=whole)
                continue
            for opening, closing in self.hours:
                total += max(min(last, _at(day, closing)) - max(first, _at(day, opening)), timedelta())
        return int(total.total_seconds())

    def _after_days(self, start: date, term: Term) -> tuple[date, tuple[date, ...]]:
        day, skipped = start, []
        if term.unit is Unit.DAYS:
            day = start + timedelta(days=term.amount)
            while not self.is_workday(day):
                skipped.append(day)
                day += DAY
            return day, tuple(skipped)
        left = term.amount
        while left:
            day += DAY
            if self.is_workday(day):
                left -= 1
            else:
                skipped.append(day)
        return day, tuple(skipped)

    def _after_hours(self, start: datetime, amount: int) -> tuple[datetime, tuple[date, ...]]:
        left, at, skipped = timedelta(hours=amount), start, []
        day = start.date()
        while True:
            if not self.is_workday(day):
                skipped.append(day)
            else:
                for opening, closing in self.hours:
                    begin, end = max(at, _at(day, opening)), _at(day, closing)
                    if begin >= end:
                        continue
                    if left <= end - begin:
                        return begin + left, tuple(skipped)
                    left -= end - begin
            day += DAY


def _official() -> tuple[dict[date, Text], set[date]]:
    vietnamese = holidays.country_holidays("VN", years=YEARS, language="vi", expand=False)
    english = holidays.country_holidays("VN", years=YEARS, language="en_US", expand=False)
    off = {day: Text(name, english[day]) for day, name in vietnamese.items()}
    return off, set(vietnamese.weekend_workdays)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, VIETNAM)


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without zone cannot be counted from")
    return at
