"""Dossiers, requests and history: read and written in sets."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, tuple_, update

from dossier_service.model.dossier import Dossier, Request
from dossier_service.model.happened import DossierChanged, Filed
from dossier_service.model.history import Entry
from dossier_service.model.states import RequestState
from dossier_service.store import corrections, papers
from dossier_service.store.mapping import (
    changed_columns,
    dossier_of,
    dossier_row,
    dump,
    entry_of,
    entry_row,
    filed_of,
    request_of,
    request_row,
)
from dossier_service.store.paging import newest_first
from dossier_service.store.tables import COUNTER, DOSSIER, FILED, HISTORY, REQUEST
from kernel.db import Question, Tx


class Stale(Exception):
    """A dossier was changed by somebody else since it was read: nothing of this transaction may stay."""


LOADED = Question(select(DOSSIER), DOSSIER.c.code)
WAITING = Question(select(REQUEST).where(REQUEST.c.state == RequestState.OPEN.value), REQUEST.c.code)

_ANSWER = (
    update(REQUEST)
    .where(
        REQUEST.c.code == bindparam("of_code"),
        REQUEST.c.request_no == bindparam("of_no"),
        REQUEST.c.state == RequestState.OPEN.value,
    )
    .values(
        state=bindparam("new_state"),
        answer_code=bindparam("new_code"),
        answer_text=bindparam("new_text"),
        answered_version=bindparam("new_version"),
    )
)


async def next_number(tx: Tx, lane: str, day: date) -> int:
    """Return the next dossier number of ``lane`` on ``day``, from 1; gaps are allowed."""
    where = (COUNTER.c.lane == lane, COUNTER.c.day == day)
    row = await tx.first(update(COUNTER).where(*where).values(last=COUNTER.c.last + 1).returning(COUNTER.c.last))
    if row is not None:
        return int(row.last)
    await tx.execute(insert(COUNTER).values(lane=lane, day=day, last=1))
    return 1


async def insert_dossier(tx: Tx, dossier: Dossier, filed: Filed, plain_title: str) -> None:
    """Insert a new dossier with what was filed."""
    await tx.execute(insert(DOSSIER).values(**dossier_row(dossier)))
    await tx.execute(
        insert(FILED).values(
            code=dossier.code,
            procedure_title=filed.procedure_title,
            plain_title=plain_title,
            answers=dump(filed.answers),
            files=dump(list(filed.files)),
            applicant_name=filed.applicant_name,
            term_amount=filed.term_amount,
            term_unit=filed.term_unit,
            demo_asks_json=filed.demo_asks_json,
        )
    )


async def load(tx: Tx, codes: Iterable[str]) -> dict[str, Dossier]:
    """Return the dossiers of ``codes`` that exist."""
    [rows] = await tx.ask((LOADED, list(codes)))
    return by_code(rows)


def by_code(rows: Iterable[Any]) -> dict[str, Dossier]:
    """Return the dossiers of whole rows."""
    return {row.code: dossier_of(row) for row in rows}


async def move(tx: Tx, pairs: Sequence[tuple[Dossier, Dossier]]) -> None:
    """Write dossiers (before, after) by compare-and-set on their event_no, then nothing else of theirs.

    Raises ``Stale`` when one was changed since it was read, before the commit at the latest.
    """
    changes = [
        ({"code": before.code, "event_no": before.event_no}, changed_columns(before, after)) for before, after in pairs
    ]
    await tx.must_change(DOSSIER, changes, Stale)


async def add_history(tx: Tx, changes: Iterable[DossierChanged]) -> None:
    """Insert the history rows of ``changes``."""
    rows = [entry_row(change.entry, change.kind) for change in changes]
    await tx.insert(HISTORY, rows)


async def add_request(tx: Tx, code: str, request: Request) -> None:
    """Insert one request; the partial unique index refuses a second open one of its kind."""
    await tx.execute(insert(REQUEST).values(**request_row(code, request)))


async def answer_requests(tx: Tx, answered: Sequence[tuple[str, Request]]) -> None:
    """Write answers of open requests. Raises ``Stale`` when one was answered already."""
    if not answered:
        return
    rows = [
        {
            "of_code": code,
            "of_no": request.request_no,
            "new_state": request.state.value,
            "new_code": request.code,
            "new_text": request.answer_text,
            "new_version": request.answered_version,
        }
        for code, request in answered
    ]
    done = await tx.execute(_ANSWER, rows)
    if done.rowcount != len(rows):
        raise Stale


async def open_requests(tx: Tx, codes: Iterable[str]) -> dict[str, dict[int, Request]]:
    """Return the open requests of each of ``codes`` by number."""
    [rows] = await tx.ask((WAITING, list(codes)))
    return requests_by_code(rows)


def requests_by_code(rows: Iterable[Any]) -> dict[str, dict[int, Request]]:
    """Return requests by code and number."""
    found: dict[str, dict[int, Request]] = {}
    for row in rows:
        found.setdefault(row.code, {})[row.request_no] = request_of(row)
    return found


async def requests_of(tx: Tx, code: str) -> list[Request]:
    """Return every request of a dossier in order."""
    rows = await tx.all(select(REQUEST).where(REQUEST.c.code == code).order_by(REQUEST.c.request_no))
    return [request_of(row) for row in rows]


async def digests_of(tx: Tx, versions: Iterable[tuple[str, int]]) -> dict[str, dict[int, str]]:
    """Return the state digests of older (code, version) pairs; the empty string where a snapshot jumped over.

    A version that lived on under a new owner has the digest of its last epoch.
    """
    wanted = list(versions)
    if not wanted:
        return {}
    rows = await tx.all(
        select(HISTORY.c.code, HISTORY.c.version, func.max(HISTORY.c.state_digest).label("digest"))
        .where(tuple_(HISTORY.c.code, HISTORY.c.version).in_(wanted))
        .group_by(HISTORY.c.code, HISTORY.c.version, HISTORY.c.epoch)
        .order_by(HISTORY.c.epoch)
    )
    found: dict[str, dict[int, str]] = {}
    for row in rows:
        found.setdefault(row.code, {})[row.version] = row.digest
    return found


async def history_of(tx: Tx, code: str, *, after: int = 0) -> list[Entry]:
    """Return the history of a dossier in order, from entry ``after`` + 1."""
    rows = await tx.all(select(HISTORY).where(HISTORY.c.code == code, HISTORY.c.n > after).order_by(HISTORY.c.n))
    return [entry_of(row) for row in rows]


async def history_rows(tx: Tx, code: str, *, after: int = 0) -> Sequence[Any]:
    """Return the raw history rows of a dossier in order, with their event type ``kind``."""
    return await tx.all(select(HISTORY).where(HISTORY.c.code == code, HISTORY.c.n > after).order_by(HISTORY.c.n))


async def filed_row(tx: Tx, code: str) -> Any:
    """Return the row of what was filed."""
    return await tx.first(select(FILED).where(FILED.c.code == code))


async def filed_for(tx: Tx, code: str) -> Filed:
    """Return what was filed under ``code``, which exists."""
    filed = filed_of(await filed_row(tx, code))
    corrects, wrong = await corrections.mended_by(tx, code)
    return replace(filed, paper_code=await papers.code_of(tx, code), corrects=corrects, wrong=wrong)


async def page_of_owner(tx: Tx, owner: str, *, size: int, before: tuple[datetime, str] | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 of the owner's dossiers with their titles, newest filing first."""
    query = (
        select(DOSSIER, FILED.c.procedure_title, FILED.c.plain_title)
        .join(FILED, FILED.c.code == DOSSIER.c.code)
        .where(DOSSIER.c.owner == owner)
    )
    return await tx.all(newest_first(query, DOSSIER.c.submitted_at, DOSSIER.c.code, before=before, size=size))


async def codes_since(tx: Tx, since: datetime | None, *, after: str, limit: int) -> list[str]:
    """Return codes of dossiers changed since ``since`` (all without it), in order, after ``after``."""
    query = select(DOSSIER.c.code).where(DOSSIER.c.code > after).order_by(DOSSIER.c.code).limit(limit)
    if since is not None:
        query = query.where(DOSSIER.c.updated_at >= since)
    return [row.code for row in await tx.all(query)]


async def count_since(tx: Tx, since: datetime | None) -> int:
    """Return how many dossiers changed since ``since`` (all without it)."""
    query = select(func.count()).select_from(DOSSIER)
    row = await tx.first(query if since is None else query.where(DOSSIER.c.updated_at >= since))
    return int(row[0]) if row else 0


async def every_change(tx: Tx, codes: Sequence[str]) -> Sequence[Any]:
    """Return every history row of ``codes``, in order of dossier and number."""
    return await tx.all(select(HISTORY).where(HISTORY.c.code.in_(codes)).order_by(HISTORY.c.code, HISTORY.c.n))
