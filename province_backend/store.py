"""The books of one office: a small SQLite file with one connection.

A case is one row: its whole value as JSON beside the few columns that lists and timers ask for. Change rows are
what the adapter reads; they are numbered densely and never deleted.
"""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    and_,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.schema import CreateTable

from kernel.db import Database, Tx, UtcDateTime
from province_backend.model.case import AskState, Case, Request
from province_backend.model.tasks import Task, TaskKind

METADATA = MetaData()
CASES = Table(
    "office_case",
    METADATA,
    Column("code", String, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("state", String, nullable=False),
    Column("place", String, nullable=False),
    Column("due_at", UtcDateTime),
    Column("lapse_at", UtcDateTime),
    Column("next_at", UtcDateTime),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_case_place_due", "place", "due_at"),
    Index("ix_case_next", "next_at"),
    Index("ix_case_lapse", "lapse_at"),
)
DELIVERIES = Table(
    "delivery",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("number", String, primary_key=True),
)
EARLY = Table(
    "early_request",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subject", String, nullable=False, index=True),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
CHANGES = Table(
    "change",
    METADATA,
    Column("change_no", Integer, primary_key=True, autoincrement=False),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("ix_change_subject", "subject"),
)
ACCESSES = Table(
    "access",
    METADATA,
    Column("code", String, primary_key=True),
    Column("officer", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
TASKS = Table(
    "task",
    METADATA,
    Column("code", String, primary_key=True),
    Column("about", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("what", String, nullable=False),
    Column("ask_no", Integer, nullable=False),
    Column("contact", String, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
)
MARKS = Table("mark", METADATA, Column("name", String, primary_key=True), Column("value", Integer, nullable=False))

_CASE = TypeAdapter(Case)
_REQUEST = TypeAdapter(Request)
DESK, CITIZEN, DONE, HANDED_ON = "desk", "citizen", "done", "handed_on"
SHOWN = {DESK: (DESK,), CITIZEN: (CITIZEN,), DONE: (DONE, HANDED_ON)}
CALLS = "calls"
_OPEN = (TASKS.c.code == CASES.c.code, TASKS.c.closed_at.is_(None))
_NOT_TOLD = exists().where(*_OPEN, TASKS.c.ask_no > 0)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One encoded change: kind (report, snapshot, access_noted), its subject's epoch and version, and its bytes."""

    subject: str
    kind: str
    epoch: int
    version: int
    body: bytes


class Changes:
    """The sink of ``Tx.emit``: one change row per event, numbered densely in the same transaction."""

    def __init__(self, encode: Callable[[object], ChangeRow]) -> None:
        self._encode = encode
        self.committed = asyncio.Event()

    async def write(self, tx: Tx, events: Sequence[object]) -> None:
        """Append one row per event, in order."""
        last = await last_change(tx)
        rows = []
        for number, event in enumerate(events, last + 1):
            row = self._encode(event)
            rows.append(
                {
                    "change_no": number,
                    "subject": row.subject,
                    "kind": row.kind,
                    "epoch": row.epoch,
                    "version": row.version,
                    "body": row.body,
                }
            )
        await tx.execute(insert(CHANGES), rows)

    def wake(self) -> None:
        """Tell who waits for changes that there are some."""
        self.committed.set()


async def make_template(path: Path) -> None:
    """Make the empty, migrated file that new books are copies of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    database = await Database.open(f"sqlite+aiosqlite:///{path}", METADATA, readers=0, cache_kib=256)
    await database.close()


def copy_template(template: Path, books: Path) -> None:
    """Make one office's empty books, durably or not at all."""
    books.parent.mkdir(parents=True, exist_ok=True)
    part = books.with_suffix(".part")
    shutil.copyfile(template, part)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(books)


def connect(books: Path, sink: Changes) -> Database:
    """Open one office's books lazily: nothing is read before the first transaction."""
    return Database(f"sqlite+aiosqlite:///{books}", METADATA, sink=sink, readers=0, cache_kib=256)


async def find_case(tx: Tx, code: str) -> Case | None:
    """Return the case of ``code``, or None."""
    row = await tx.first(select(CASES.c.body).where(CASES.c.code == code))
    return _CASE.validate_json(row.body) if row else None


async def save_case(tx: Tx, case: Case, *, next_at: datetime | None, due_at: datetime | None) -> None:
    """Write the case with the columns that lists and timers need.

    ``next_at`` is the demo office's next step, ``due_at`` the appointment, or the expected one before there is any.
    """
    answered = {request.ask_no for request in case.waiting}
    lapses = [ask.due for ask in case.asks if ask.state is AskState.OPEN and ask.due and ask.ask_no not in answered]
    values = {
        "code": case.code,
        "epoch": case.epoch,
        "version": case.version,
        "digest": case.digest,
        "state": case.state.value,
        "place": _place(case),
        "due_at": due_at,
        "lapse_at": None if case.ended or case.stale else min(lapses, default=None),
        "next_at": next_at,
        "submitted_at": case.filing.submitted_at,
        "changed_at": case.changed_at,
        "body": _CASE.dump_json(case).decode(),
    }
    await tx.execute(upsert(CASES).values(values).on_conflict_do_update(index_elements=["code"], set_=values))


def _place(case: Case) -> str:
    if case.stale:
        return HANDED_ON
    return DONE if case.ended else CITIZEN if case.citizen_holds else DESK


async def list_cases(tx: Tx, *, place: str, skip: int, limit: int) -> list[Case]:
    """Return the cases of one tab, first due first (no appointment last); what is done, newest first."""
    query = select(CASES.c.body).where(CASES.c.place.in_(SHOWN[place]))
    if place == DONE:
        query = query.order_by(CASES.c.changed_at.desc(), CASES.c.code)
    else:
        query = query.order_by(CASES.c.due_at.is_(None), CASES.c.due_at, CASES.c.submitted_at, CASES.c.code)
    return [_CASE.validate_json(row.body) for row in await tx.all(query.offset(skip).limit(limit))]


async def count_cases(tx: Tx) -> dict[str, int]:
    """Return how many cases each tab has; ``calls`` = those with an open task."""
    rows = await tx.all(select(CASES.c.place, func.count().label("cases")).group_by(CASES.c.place))
    cases = {row.place: int(row.cases) for row in rows}
    calls = await tx.first(select(func.count()).where(CASES.c.place != HANDED_ON, exists().where(*_OPEN)))
    cases[CALLS] = int(calls[0]) if calls else 0
    tabs = {**SHOWN, CALLS: (CALLS,)}
    return {tab: count for tab, places in tabs.items() if (count := sum(cases.get(place, 0) for place in places))}


async def due_for_robot(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Return the codes whose next automatic step is due at ``now``."""
    rows = await tx.all(
        select(CASES.c.code).where(CASES.c.next_at <= now).order_by(CASES.c.next_at, CASES.c.code).limit(limit)
    )
    return [row.code for row in rows]


async def due_to_lapse(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Return the codes with an ask whose time is over at ``now``; it waits while the person was not told of it."""
    rows = await tx.all(
        select(CASES.c.code)
        .where(CASES.c.lapse_at <= now, ~_NOT_TOLD)
        .order_by(CASES.c.lapse_at, CASES.c.code)
        .limit(limit)
    )
    return [row.code for row in rows]


async def next_wake(tx: Tx, *, robot: bool) -> datetime | None:
    """Return the business time of the earliest lapse, or robot's step when there is a robot; None: nothing planned."""
    times = []
    for column in (CASES.c.lapse_at, CASES.c.next_at) if robot else (CASES.c.lapse_at,):
        waits = [~_NOT_TOLD] if column is CASES.c.lapse_at else []
        row = await tx.first(select(column).where(column.is_not(None), *waits).order_by(column).limit(1))
        if row is not None:
            times.append(row[0])
    return min(times, default=None)


async def plan_all(tx: Tx, at: datetime) -> None:
    """Put every case on the desk that has no plan on the robot's plan (books that were kept by hand before)."""
    await tx.execute(update(CASES).where(CASES.c.place == DESK, CASES.c.next_at.is_(None)).values(next_at=at))


async def remember_delivery(tx: Tx, subject: str, kind: str, number: str) -> bool:
    """Note a delivery; False when it was here before."""
    values = {"subject": subject, "kind": kind, "number": number}
    result = await tx.execute(upsert(DELIVERIES).values(values).on_conflict_do_nothing())
    return result.rowcount == 1


async def keep_early(tx: Tx, subject: str, request: Request) -> None:
    """Keep a request about a dossier that is not here yet."""
    await tx.execute(insert(EARLY).values(subject=subject, body=_REQUEST.dump_json(request).decode()))


async def take_early(tx: Tx, subject: str) -> list[Request]:
    """Return, oldest first, and forget the requests that came before their dossier."""
    rows = await tx.all(select(EARLY.c.body).where(EARLY.c.subject == subject).order_by(EARLY.c.id))
    if rows:
        await tx.execute(EARLY.delete().where(EARLY.c.subject == subject))
    return [_REQUEST.validate_json(row.body) for row in rows]


async def last_change(tx: Tx) -> int:
    """Return the highest change number given so far, or that a reader has seen (books restored from a copy)."""
    row = await tx.first(select(func.max(CHANGES.c.change_no)))
    mark = await tx.first(select(MARKS.c.value).where(MARKS.c.name == "change_floor"))
    return max(int(row[0] or 0) if row else 0, int(mark.value) if mark else 0)


async def raise_floor(tx: Tx, number: int) -> None:
    """Never again give a change number up to ``number``: a reader has seen them in books that were lost."""
    values = {"name": "change_floor", "value": number}
    await tx.execute(upsert(MARKS).values(values).on_conflict_do_update(index_elements=["name"], set_=values))


async def floor(tx: Tx) -> int:
    """Return the number that ``raise_floor`` set, or 0."""
    mark = await tx.first(select(MARKS.c.value).where(MARKS.c.name == "change_floor"))
    return int(mark.value) if mark else 0


async def changes_after(tx: Tx, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return the change rows after ``after``, in order."""
    return await tx.all(select(CHANGES).where(CHANGES.c.change_no > after).order_by(CHANGES.c.change_no).limit(limit))


async def every_state(tx: Tx) -> list[tuple[str, int, int, str]]:
    """Return (code, epoch, version, digest) of every case that is the office's own: not those handed on."""
    mine = CASES.c.place != HANDED_ON
    rows = await tx.all(select(CASES.c.code, CASES.c.epoch, CASES.c.version, CASES.c.digest).where(mine))
    return [(row.code, row.epoch, row.version, row.digest) for row in rows]


async def note_access(tx: Tx, *, code: str, officer: str, name: str, at: datetime) -> datetime | None:
    """Note who has the case open; return when the same officer opened it before, or None."""
    before = await tx.first(select(ACCESSES.c.at).where(ACCESSES.c.code == code, ACCESSES.c.officer == officer))
    values = {"code": code, "officer": officer, "name": name, "at": at}
    if before is None:
        await tx.execute(insert(ACCESSES).values(values))
        return None
    same = (ACCESSES.c.code == code, ACCESSES.c.officer == officer)
    await tx.execute(update(ACCESSES).where(*same).values(at=at))
    seen: datetime = before.at
    return seen


async def others_in_case(tx: Tx, *, code: str, officer: str, since: datetime) -> list[str]:
    """Return the names of other officers who opened the case at or after ``since``."""
    rows = await tx.all(
        select(ACCESSES.c.name)
        .where(ACCESSES.c.code == code, ACCESSES.c.officer != officer, ACCESSES.c.at >= since)
        .order_by(ACCESSES.c.at)
    )
    return [row.name for row in rows]


async def put_off(tx: Tx, code: str, until: datetime) -> None:
    """Let the robot come back to a case at ``until``, after a step of it has failed."""
    await tx.execute(update(CASES).where(CASES.c.code == code).values(next_at=until))


async def hold_off(tx: Tx, code: str, until: datetime) -> None:
    """Keep the robot away from a case until ``until``; a case that is not on its plan stays off it."""
    await tx.execute(update(CASES).where(CASES.c.code == code, CASES.c.next_at < until).values(next_at=until))


async def add_task(tx: Tx, task: Task) -> None:
    """Keep a task unless it is here already."""
    values = asdict(task) | {"kind": task.kind.value, "closed_at": None}
    await tx.execute(upsert(TASKS).values(values).on_conflict_do_nothing())


async def open_tasks(tx: Tx, code: str) -> list[Task]:
    """Return the open tasks of a case, oldest first."""
    mine = (TASKS.c.code == code, TASKS.c.closed_at.is_(None))
    return [_task(row) for row in await tx.all(select(TASKS).where(*mine).order_by(TASKS.c.about))]


async def close_tasks(tx: Tx, code: str, at: datetime) -> list[Task]:
    """Close the open tasks of a case and return them."""
    found = await open_tasks(tx, code)
    await tx.execute(update(TASKS).where(TASKS.c.code == code, TASKS.c.closed_at.is_(None)).values(closed_at=at))
    return found


async def list_called(tx: Tx, *, skip: int, limit: int) -> list[Case]:
    """Return the cases with open tasks, the one that waits longest first."""
    oldest = func.min(TASKS.c.opened_at)
    query = select(CASES.c.body).join(TASKS, and_(*_OPEN)).where(CASES.c.place != HANDED_ON)
    query = query.group_by(CASES.c.code, CASES.c.body).order_by(oldest, CASES.c.code)
    return [_CASE.validate_json(row.body) for row in await tx.all(query.offset(skip).limit(limit))]


def _task(row: Any) -> Task:
    return Task(row.code, row.about, TaskKind(row.kind), row.what, row.ask_no, row.contact, row.opened_at)


def bring_up(path: Path) -> None:
    """Give books that are older than tasks their table (blocking)."""
    with contextlib.closing(sqlite3.connect(path)) as books, books:
        books.execute(str(CreateTable(TASKS, if_not_exists=True).compile(dialect=sqlite.dialect())))
