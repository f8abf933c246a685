"""Tasks of offices, and what is said or asked an hour later."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update

from dossier_service.model.tasks import Later, Task, TaskKind
from dossier_service.store.tables import HOUR_LATER, TASK
from kernel.db import Tx


async def add(tx: Tx, tasks: Sequence[Task]) -> list[Task]:
    """Insert those that are not there yet and return them."""
    wanted = {(task.code, task.about): task for task in tasks}
    names = tuple_(TASK.c.code, TASK.c.about).in_(list(wanted))
    known = {(row.code, row.about) for row in await tx.all(select(TASK.c.code, TASK.c.about).where(names))}
    fresh = [task for name, task in wanted.items() if name not in known]
    if fresh:
        await tx.execute(insert(TASK), [_row(task) for task in fresh])
    return fresh


async def close(tx: Tx, code: str, about: int, at: datetime) -> Task | None:
    """Close a task once; return it, or None when there is none open of that name."""
    mine = (TASK.c.code == code, TASK.c.about == about, TASK.c.closed_at.is_(None))
    row = await tx.first(select(TASK).where(*mine))
    if row is None:
        return None
    await tx.execute(update(TASK).where(*mine).values(closed_at=at))
    return _task(row)


async def still_open(tx: Tx, codes: Sequence[str]) -> dict[str, list[Task]]:
    """Return the open tasks of these dossiers, in order of what they are about."""
    query = select(TASK).where(TASK.c.code.in_(codes), TASK.c.closed_at.is_(None)).order_by(TASK.c.code, TASK.c.about)
    found: dict[str, list[Task]] = {}
    for row in await tx.all(query) if codes else []:
        found.setdefault(row.code, []).append(_task(row))
    return found


async def plan(tx: Tx, codes: Sequence[str], what: Later, at: datetime) -> None:
    """Note that ``what`` is due for each dossier at ``at``; what is planned already stays."""
    await plan_all(tx, [(code, what.value, at) for code in codes])


async def plan_all(tx: Tx, plans: Sequence[tuple[str, str, datetime]]) -> None:
    """Note what is due when, as (code, what, at); what is planned already stays."""
    rows = [{"code": code, "what": what, "at": at} for code, what, at in plans]
    if rows:
        await tx.execute(tx.insert_unless(HOUR_LATER).on_conflict_do_nothing(), rows)


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[Any]:
    """Return up to ``limit`` rows (code, what, at) that are due at ``now``, oldest first."""
    return await tx.all(select(HOUR_LATER).where(HOUR_LATER.c.at <= now).order_by(HOUR_LATER.c.at).limit(limit))


async def drop_plans(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Forget plans by (code, what)."""
    if rows:
        await tx.execute(delete(HOUR_LATER).where(tuple_(HOUR_LATER.c.code, HOUR_LATER.c.what).in_(list(rows))))


def _row(task: Task) -> dict[str, Any]:
    return {
        "code": task.code,
        "about": task.about,
        "kind": task.kind.value,
        "what": task.what,
        "ask_no": task.ask_no,
        "opened_at": task.opened_at,
        "closed_at": None,
    }


def _task(row: Any) -> Task:
    return Task(row.code, row.about, TaskKind(row.kind), row.what, row.ask_no, row.opened_at)
