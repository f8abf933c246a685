"""What people ask before any procedure: life events, guides, questions and answers, essential services, telephones.

All of it ships with the catalogue as files and never changes while it runs. A deadline stands here only with the
article it comes from; a day is counted by Civil Code 2015, Art. 147.1 (the first day is not counted) and 148.5 (a
term that ends on a day off ends at the end of the next working day).
"""

import calendar as months
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kernel.errors import Text
from kernel.workdays import Calendar
from services_catalog.model.places import fold


@dataclass(frozen=True, slots=True)
class Within:
    """How soon something must be done: ``amount`` of ``unit`` by ``rule``; ``counted`` says from when, if not the day.

    Hours are hours of the clock.
    """

    amount: int
    unit: Literal["days", "months", "hours"]
    rule: Text
    counted: Text | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a checklist. ``procedure`` empty = nothing to file. ``after`` = ids of the steps that come first.

    ``only`` says for whom it is; ``instead`` = it may be done in place of the step above it.
    """

    id: str
    title: Text
    procedure: str = ""
    text: Text | None = None
    rule: Text | None = None
    only: Text | None = None
    instead: bool = False
    after: tuple[str, ...] = ()
    within: Within | None = None


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """A checklist for one event of life. ``day`` names the day from which its deadlines count.

    ``leads`` are the procedures whose seekers are shown it, ``everyday`` other words people use for the event.
    """

    id: str
    slug: str
    title: Text
    lead: Text
    day: Text
    steps: tuple[Step, ...]
    leads: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """The last day of a step. ``moved_from`` is the day off on which the term itself would have ended."""

    day: date
    moved_from: date | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """A one-page guide: few steps, one thing to mind, and the page where one goes on."""

    id: str
    title: Text
    lead: Text
    steps: tuple[Text, ...]
    mind: Text
    see: str
    everyday: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A heading over questions."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer. It cites a procedure, a law, or both."""

    id: str
    topic: str
    question: Text
    answer: Text
    procedure: str = ""
    law: Text | None = None
    everyday: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Essential:
    """One of the 25 essential services. ``codes`` empty = it has none in the catalogue; ``own`` = an id of ours."""

    no: int
    title: Text
    codes: tuple[str, ...]
    own: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A telephone number for the whole country that the State has published."""

    id: str
    name: Text
    what: Text
    phone: str


@dataclass(frozen=True, slots=True)
class Information:
    """Everything of this kind that the catalogue ships with. ``checked_on`` is the day it was last compared."""

    checked_on: date
    events: tuple[LifeEvent, ...]
    guides: tuple[Guide, ...]
    topics: tuple[Topic, ...]
    questions: tuple[Question, ...]
    essential: tuple[Essential, ...]
    essential_source: Text
    lines: tuple[Line, ...]
    lines_note: Text


def last_day(day: date, within: Within, calendar: Calendar) -> By | None:
    """Return the last day of a term that begins with ``day``; hours have none.

    ``calendar`` knows the years 2020 to 2035; elsewhere only Saturdays and Sundays count as days off.
    """
    if within.unit == "hours":
        return None
    end = day + timedelta(days=within.amount) if within.unit == "days" else _later(day, within.amount)
    if calendar.is_workday(end):
        return By(end)
    return By(calendar.next_workday(end), moved_from=end)


def _later(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def asked(questions: Iterable[Question], *, typed: str, topic: str) -> list[Question]:
    """Return the questions of ``topic`` (empty = all) that have every typed word, the nearest first.

    Diacritics do not matter; a word matches the beginning of a word.
    """
    words = fold(typed).split()[:10]
    found = []
    for number, one in enumerate(questions):
        if topic and one.topic != topic:
            continue
        head, body = _spaced(one.question), _spaced(one.answer)
        if all(f" {word}" in head + body for word in words):
            found.append((-sum(f" {word}" in head for word in words), number, one))
    return [one for _, _, one in sorted(found, key=lambda row: row[:2])]


def _spaced(text: Text) -> str:
    return f" {fold(text.vi)} {fold(text.en)}"


def procedures_named(steps: Sequence[Step]) -> list[str]:
    """Return the codes that ``steps`` name, each once."""
    return list(dict.fromkeys(step.procedure for step in steps if step.procedure))
