"""Asking offices to tell people whom no message reaches, taking in that they did, and what is asked an hour later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from prometheus_client import Counter

from dossier_service.model.dossier import Dossier
from dossier_service.model.happened import DossierChanged
from dossier_service.model.noting import noted
from dossier_service.model.tasks import (
    ASK_REMINDED,
    CLOSED,
    CONTACT_ENDED,
    CONTACT_NOTE,
    NOTE_LENGTH,
    NOTES,
    OPENED,
    RATING_ASKED,
    RATING_NOTE,
    REMIND,
    REMINDER_NOTE,
    Later,
    Task,
    TaskKind,
    TaskQueued,
    ask_of,
)
from dossier_service.store import assists, catalogue, dossiers, ratings, tasks
from dossier_service.usecases.desk import Desk
from kernel.clock import VIETNAM
from kernel.db import Tx

BATCH = 50
TASKS = Counter("motcua_dossier_tasks_total", "Tasks of offices, by kind: opened, closed", ("kind", "step"))
QUIET_FROM, QUIET_UNTIL = time(22), time(6)


@dataclass(frozen=True, slots=True)
class Unreached:
    """No message can tell the person of change ``event_no`` of dossier ``code``."""

    code: str
    event_no: int
    what: str
    by_teller: bool


@dataclass(frozen=True, slots=True)
class TaskDone:
    """An office closed a task with a note for the citizen."""

    code: str
    about: int
    participant: str
    note: str
    office: str
    handler: str


async def open_tasks(tx: Tx, desk: Desk, unreached: Sequence[Unreached]) -> None:
    """Ask the owners to tell these people, once for each change; unknown dossiers are passed over."""
    held = await dossiers.load(tx, {one.code for one in unreached})
    now = desk.clock.now()
    wanted = [
        Task(
            code=one.code,
            about=one.event_no,
            kind=TaskKind.TELL if one.by_teller else TaskKind.UNREACHED,
            what=one.what,
            ask_no=ask_of(held[one.code], one.what),
            opened_at=now,
        )
        for one in unreached
        if one.code in held
    ]
    await _open(tx, desk, wanted, held)


async def _open(tx: Tx, desk: Desk, wanted: Sequence[Task], held: dict[str, Dossier]) -> None:
    fresh = await tasks.add(tx, wanted)
    before = {task.code: held[task.code] for task in fresh}
    after, changes = dict(before), list[DossierChanged]()
    for task in sorted(fresh, key=lambda one: (one.code, one.about)):
        after[task.code], change = noted(
            after[task.code], OPENED, note=NOTES[task.kind], at=task.opened_at, role="exchange", about=task.about
        )
        changes.append(change)
        TASKS.labels(task.kind, "opened").inc()
    await _write(tx, desk, before, after, changes)
    await queue_tasks(tx, [(after[task.code], task) for task in fresh])


async def queue_tasks(tx: Tx, pairs: Sequence[tuple[Dossier, Task]]) -> None:
    """Put tasks on their owners' lanes; an office that has one already changes nothing."""
    for dossier, task in pairs:
        row = await assists.of_dossier(tx, task.code) if dossier.helper is not None else None
        contact = row.contact if row is not None and row.claimed_at is None else ""
        tx.emit(TaskQueued(dossier, task, contact))


async def queue_open_tasks(tx: Tx, held: Sequence[Dossier]) -> None:
    """Put every open task of these dossiers on the lane they are on now."""
    waiting = await tasks.still_open(tx, [dossier.code for dossier in held])
    await queue_tasks(tx, [(dossier, task) for dossier in held for task in waiting.get(dossier.code, [])])


async def close_tasks(tx: Tx, desk: Desk, done: Sequence[TaskDone]) -> None:
    """Note what offices did, once for each task; who does not own the dossier says nothing about it."""
    held = await dossiers.load(tx, {one.code for one in done})
    lanes = await catalogue.lanes_of(tx, sorted({one.participant for one in done}))
    before, after, changes = dict[str, Dossier](), dict(held), list[DossierChanged]()
    now = desk.clock.now()
    for one in done:
        dossier = after.get(one.code)
        if dossier is None or dossier.lane not in lanes.get(one.participant, set()):
            continue
        task = await tasks.close(tx, one.code, one.about, now)
        if task is None:
            continue
        TASKS.labels(task.kind, "closed").inc()
        before[one.code] = held[one.code]
        after[one.code], change = noted(
            dossier,
            CLOSED,
            note=one.note[:NOTE_LENGTH],
            at=now,
            role="officer",
            about=one.about,
            office=one.office,
            handler=one.handler,
        )
        changes.append(change)
    await _write(tx, desk, before, after, changes)


async def end_contact(tx: Tx, desk: Desk, row: Any) -> None:
    """Stop telling a helped person by the telephone or through whom a helper noted; both are forgotten, once."""
    if not row.contact:
        return
    await assists.change(tx, row.id, {"contact": ""})
    before = (await dossiers.load(tx, [row.code]))[row.code]
    after, change = noted(before, CONTACT_ENDED, note=CONTACT_NOTE, at=desk.clock.now())
    await _write(tx, desk, {row.code: before}, {row.code: after}, [change])


async def say_what_is_due(*, desk: Desk) -> int:
    """Remind of asks, ask to rate, pass on wishes to be called; nothing in the night. Return how many were due."""
    now, count = desk.clock.now(), 0
    local = now.astimezone(VIETNAM).time()
    if local >= QUIET_FROM or local < QUIET_UNTIL:
        return 0
    while True:
        async with desk.database.begin() as tx:
            rows = await tasks.due(tx, now, BATCH)
            held = await dossiers.load(tx, {row.code for row in rows})
            await _ask_to_rate(tx, desk, [held[row.code] for row in rows if row.what == Later.ASK_TO_RATE], now)
            await _remind(tx, desk, [(row.code, row.what) for row in rows if row.what.startswith(REMIND)], now)
            calls = [held[row.code] for row in rows if row.what == Later.CALL_BACK]
            again = await dossiers.load(tx, {dossier.code for dossier in calls})
            await _open(tx, desk, [_call(dossier, now) for dossier in calls], again)
            await tasks.drop_plans(tx, [(row.code, row.what) for row in rows])
        count += len(rows)
        if len(rows) < BATCH:
            return count


def _call(dossier: Dossier, now: datetime) -> Task:
    return Task(dossier.code, 0, TaskKind.CALL_BACK, "", 0, now)


async def _ask_to_rate(tx: Tx, desk: Desk, ended: Sequence[Dossier], now: datetime) -> None:
    before, after, changes = dict[str, Dossier](), dict[str, Dossier](), list[DossierChanged]()
    for dossier in ended:
        if await ratings.get(tx, dossier.code) is not None or await _nobodys(tx, dossier):
            continue
        before[dossier.code] = dossier
        after[dossier.code], change = noted(dossier, RATING_ASKED, note=RATING_NOTE, at=now, role="exchange")
        changes.append(change)
    await _write(tx, desk, before, after, changes)


async def _remind(tx: Tx, desk: Desk, wanted: Sequence[tuple[str, str]], now: datetime) -> None:
    """Remind people of asks that nothing answers yet; one dossier may have two whose time ends on one day."""
    codes = sorted({code for code, _ in wanted})
    held, waiting = await dossiers.load(tx, codes), await dossiers.open_requests(tx, codes)
    before, after, changes = dict[str, Dossier](), dict(held), list[DossierChanged]()
    for code, what in wanted:
        ask_no = int(what.removeprefix(REMIND))
        answered = {request.ask_no for request in waiting.get(code, {}).values()}
        if ask_no in answered or all(ask.ask_no != ask_no for ask in held[code].open_asks):
            continue
        before[code] = held[code]
        after[code], change = noted(
            after[code], ASK_REMINDED, note=REMINDER_NOTE, at=now, role="exchange", ask_no=ask_no
        )
        changes.append(replace(change, ask_no=ask_no))
    await _write(tx, desk, before, after, changes)


async def _nobodys(tx: Tx, dossier: Dossier) -> bool:
    """Tell whether nobody can sign in as the owner yet: a helped person who has not taken the dossier over."""
    row = await assists.of_dossier(tx, dossier.code) if dossier.helper is not None else None
    return row is not None and row.claimed_at is None


async def _write(
    tx: Tx, desk: Desk, before: dict[str, Dossier], after: dict[str, Dossier], changes: list[DossierChanged]
) -> None:
    await dossiers.move(tx, [(before[code], after[code]) for code in sorted(before)])
    await dossiers.add_history(tx, changes)
    for change in changes:
        tx.emit(change)
    codes = sorted(before)
    tx.after_commit(lambda: desk.changes.ring(codes))
