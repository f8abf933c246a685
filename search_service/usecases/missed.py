"""Noting what search did not answer, and showing it week by week with the names by which it is found since."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from kernel.clock import Clock
from kernel.db import Database
from search_service.model.answers import Filters, Hit
from search_service.model.missed import KEPT_WEEKS, Missed, Note, normalised, week_of
from search_service.store import missed as store
from search_service.store.index import Index

EVERY = 5.0
MOST_WAITING = 500
MOST_SHOWN = 100

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shown:
    """A missed question and, when a name was added that leads somewhere else than then, what is found by it now."""

    missed: Missed
    found: Hit | None


@dataclass(frozen=True, slots=True)
class Week:
    """The list of one week. ``weeks`` are all that have one; ``counting``: the week is not over."""

    week: str
    weeks: Sequence[str]
    counting: bool
    results: Sequence[Shown]


class Missing:
    """Collects notes and writes them every few seconds, so that no search waits; more than it can hold are dropped."""

    def __init__(self, *, database: Database, index: Index, clock: Clock) -> None:
        self._database = database
        self._index = index
        self._clock = clock
        self._waiting: list[Note] = []
        self._week = ""

    def note(self, text: str, address: str) -> None:
        """Remember that ``text`` was not answered for whoever asks from ``address``; nothing personal of it stays."""
        question = normalised(text)
        if question and len(self._waiting) < MOST_WAITING:
            self._waiting.append(Note(question, address))

    async def week(self, week: str | None) -> Week:
        """Return the list of ``week``, or of the newest that has one."""
        return await list_missed(database=self._database, index=self._index, clock=self._clock, week=week)

    async def run(self) -> None:
        """Write for ever; survives a database that is away."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.write()
            except Exception as error:
                logger.warning("missed_questions_not_written", error=type(error).__name__)

    async def write(self) -> None:
        """Write what waits; when a week has begun, forget what is over."""
        week = week_of(self._clock.today())
        notes, self._waiting = self._waiting, []
        if notes or week != self._week:
            await note_missed(database=self._database, index=self._index, clock=self._clock, notes=notes)
            self._week = week


async def note_missed(*, database: Database, index: Index, clock: Clock, notes: Sequence[Note]) -> None:
    """Count ``notes`` in this week; of a question that enough people had, keep what search answers first today."""
    today = clock.today()
    week = week_of(today)
    async with database.begin() as tx:
        await store.forget(tx, before=week, oldest=week_of(today - timedelta(weeks=KEPT_WEEKS)))
        reached = await store.note(tx, week, notes)
    for question in reached:
        first = await _first(index, question)
        async with database.begin() as tx:
            await store.note_first(tx, week, question, first.document.id if first else "")


async def list_missed(*, database: Database, index: Index, clock: Clock, week: str | None) -> Week:
    """Return the list of ``week``, or of the newest that has one; empty when there is none."""
    async with database.read() as tx:
        weeks = await store.weeks(tx)
        chosen = week or (weeks[0] if weeks else week_of(clock.today()))
        missed = await store.listed(tx, chosen, MOST_SHOWN)
    shown = [Shown(one, _since(one, await _first(index, one.question))) for one in missed]
    return Week(chosen, weeks, chosen == week_of(clock.today()), shown)


async def hide_missed(*, database: Database, question: str) -> int:
    """Show a question no more (an insult, a name that was not recognised); return in how many weeks it was shown."""
    async with database.begin() as tx:
        return await store.hide(tx, question)


def _since(one: Missed, first: Hit | None) -> Hit | None:
    if first is None or first.because is None or first.because.kind != "name":
        return None
    return first if first.document.id != one.first else None


async def _first(index: Index, question: str) -> Hit | None:
    found = await index.search(question, Filters(), offset=0, limit=1)
    return found.hits[0] if found.hits else None
