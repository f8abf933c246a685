"""Reading and writing procedures. Lists in a column are ``|a|b|``, so that one value is found with LIKE."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select

from kernel.db import Tx
from services_catalog.model.procedures import Content, Editorial, Head, ProcedureRevisionPublished, agency_of
from services_catalog.store.tables import HEAD, REVISION


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of procedures is narrowed by; None = not narrowed."""

    field: str | None = None
    level: str | None = None
    applicant: str | None = None
    agency: str | None = None
    fileable: bool | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A revision as stored, with the head of its code."""

    content: Content
    revision: int
    digest: str
    form_digest: str
    published_at: datetime
    head: Head


def packed(values: Iterable[str]) -> str:
    """Return a list as one column value."""
    joined = "|".join(values)
    return f"|{joined}|" if joined else ""


def unpacked(text: str) -> tuple[str, ...]:
    """Return the list of a column value."""
    return tuple(part for part in text.split("|") if part)


async def heads(tx: Tx) -> dict[str, Head]:
    """Return every head by code."""
    return {row.code: head_of(row) for row in await tx.all(select(HEAD))}


def head_of(row: Row[Any]) -> Head:
    """Map a row that has the head's columns."""
    return Head(row.code, row.version, row.revision, row.digest, row.withdrawn, row.successor, row.valid_from)


async def contents_in_force(tx: Tx, codes: Sequence[str] | None = None) -> dict[str, Content]:
    """Return the content each head points to, by code."""
    query = select(REVISION).join(HEAD, (HEAD.c.code == REVISION.c.code) & (HEAD.c.revision == REVISION.c.revision))
    if codes is not None:
        query = query.where(REVISION.c.code.in_(codes))
    return {row.code: content_of(row) for row in await tx.all(query)}


async def everyday_in_force(tx: Tx, *, but: str) -> dict[str, tuple[str, ...]]:
    """Return the everyday words of every procedure in force except ``but``, by code."""
    query = (
        select(REVISION.c.code, REVISION.c.editorial)
        .join(HEAD, (HEAD.c.code == REVISION.c.code) & (HEAD.c.revision == REVISION.c.revision))
        .where(HEAD.c.withdrawn.is_(False), REVISION.c.code != but, REVISION.c.editorial != "")
    )
    return {row.code: tuple(json.loads(row.editorial)["everyday"]) for row in await tx.all(query)}


def content_of(row: Row[Any]) -> Content:
    """Map a row that has the revision's columns."""
    written = json.loads(row.editorial) if row.editorial else {}
    if written:
        written |= {"everyday": tuple(written["everyday"]), "examples": tuple(written["examples"])}
    return Content(
        code=row.code,
        title=row.title,
        issuer=row.issuer,
        executors=unpacked(row.executors),
        field=row.field,
        levels=unpacked(row.levels),
        applicants=unpacked(row.applicants),
        decision=row.decision,
        editorial=Editorial(**written),
    )


async def add_revisions(tx: Tx, events: Sequence[ProcedureRevisionPublished], at: datetime) -> None:
    """Insert new revisions; an existing (code, revision) is an error of the caller and fails."""
    if events:
        await tx.execute(insert(REVISION), [_revision_row(event, at) for event in events])


def _revision_row(event: ProcedureRevisionPublished, at: datetime) -> dict[str, Any]:
    content = event.content
    nothing = content.editorial == Editorial()
    return {
        "code": content.code,
        "revision": event.revision,
        "digest": event.digest,
        "title": content.title,
        "issuer": content.issuer,
        "executors": packed(content.executors),
        "field": content.field,
        "levels": packed(content.levels),
        "applicants": packed(content.applicants),
        "decision": content.decision,
        "editorial": "" if nothing else json.dumps(asdict(content.editorial), ensure_ascii=False),
        "form_digest": event.form_digest,
        "published_at": at,
    }


async def put_heads(tx: Tx, moved: Sequence[tuple[Head, Content]]) -> None:
    """Write heads with what lists filter by."""
    if not moved:
        return
    codes = [head.code for head, _ in moved if head.version > 1]
    for start in range(0, len(codes), 500):
        await tx.execute(delete(HEAD).where(HEAD.c.code.in_(codes[start : start + 500])))
    await tx.execute(insert(HEAD), [_head_row(head, content) for head, content in moved])


def _head_row(head: Head, content: Content) -> dict[str, Any]:
    return {
        "code": head.code,
        "version": head.version,
        "revision": head.revision,
        "digest": head.digest,
        "withdrawn": head.withdrawn,
        "successor": head.successor,
        "valid_from": head.valid_from,
        "field": content.field,
        "agency": agency_of(content.issuer),
        "levels": packed(content.levels),
        "applicants": packed(content.applicants),
        "fileable": content.fileable,
    }


def _joined() -> Select[Any]:
    current = [HEAD.c.version, HEAD.c.revision.label("in_force"), HEAD.c.digest.label("head_digest")]
    return select(REVISION, *current, HEAD.c.withdrawn, HEAD.c.successor, HEAD.c.valid_from).join(
        HEAD, HEAD.c.code == REVISION.c.code
    )


def _stored(row: Row[Any]) -> Stored:
    head = Head(row.code, row.version, row.in_force, row.head_digest, row.withdrawn, row.successor, row.valid_from)
    return Stored(content_of(row), row.revision, row.digest, row.form_digest, row.published_at, head)


async def find(tx: Tx, code: str, revision: int | None = None) -> Stored | None:
    """Return a revision of ``code``; without ``revision`` the one in force."""
    wanted: ColumnElement[bool] = (
        REVISION.c.revision == HEAD.c.revision if revision is None else REVISION.c.revision == revision
    )
    row = await tx.first(_joined().where(REVISION.c.code == code, wanted))
    return None if row is None else _stored(row)


async def list_in_force(tx: Tx, filters: Filters, *, after: str | None, limit: int) -> list[Stored]:
    """Return procedures in force after the code ``after``, by code; withdrawn ones are not listed."""
    query = _joined().where(REVISION.c.revision == HEAD.c.revision, HEAD.c.withdrawn.is_(False))
    exact: Mapping[Any, str | None] = {HEAD.c.field: filters.field, HEAD.c.agency: filters.agency}
    for column, value in exact.items():
        if value is not None:
            query = query.where(column == value)
    for column, value in {HEAD.c.levels: filters.level, HEAD.c.applicants: filters.applicant}.items():
        if value is not None:
            query = query.where(column.contains(f"|{value}|", autoescape=True))
    if filters.fileable is not None:
        query = query.where(HEAD.c.fileable.is_(filters.fileable))
    if after is not None:
        query = query.where(HEAD.c.code > after)
    return [_stored(row) for row in await tx.all(query.order_by(HEAD.c.code).limit(limit))]


async def list_changes(tx: Tx, *, before: tuple[datetime, str] | None, limit: int) -> list[Stored]:
    """Return what is in force or withdrawn, the heads that moved last first, after the key (moved at, code)."""
    query = _joined().where(REVISION.c.revision == HEAD.c.revision)
    if before is not None:
        at, code = before
        query = query.where((HEAD.c.valid_from < at) | ((HEAD.c.valid_from == at) & (HEAD.c.code > code)))
    rows = await tx.all(query.order_by(HEAD.c.valid_from.desc(), HEAD.c.code).limit(limit))
    return [_stored(row) for row in rows]


async def codes_in_force(tx: Tx) -> list[tuple[str, datetime]]:
    """Return (code, moved at) of everything in force, by code."""
    query = select(HEAD.c.code, HEAD.c.valid_from).where(HEAD.c.withdrawn.is_(False)).order_by(HEAD.c.code)
    return [(row.code, row.valid_from) for row in await tx.all(query)]


async def list_codes(tx: Tx, codes: Sequence[str]) -> list[Stored]:
    """Return the revisions in force of ``codes``, in the order of ``codes``; unknown ones are left out."""
    rows = await tx.all(_joined().where(REVISION.c.revision == HEAD.c.revision, HEAD.c.code.in_(codes)))
    found = {row.code: _stored(row) for row in rows}
    return [found[code] for code in codes if code in found]


async def revisions_of(tx: Tx, code: str) -> list[Stored]:
    """Return the revisions of a code, oldest first."""
    rows = await tx.all(_joined().where(REVISION.c.code == code).order_by(REVISION.c.revision))
    return [_stored(row) for row in rows]


async def all_stored(tx: Tx, *, after: tuple[str, int], limit: int) -> list[Stored]:
    """Return every revision after (code, revision), in that order: to publish all again."""
    code, revision = after
    later = (REVISION.c.code > code) | ((REVISION.c.code == code) & (REVISION.c.revision > revision))
    rows = await tx.all(_joined().where(later).order_by(REVISION.c.code, REVISION.c.revision).limit(limit))
    return [_stored(row) for row in rows]


async def counts_by(tx: Tx, column: str) -> list[tuple[str, int]]:
    """Return (value, procedures in force) of ``field`` or ``agency``, by value."""
    group = HEAD.c[column]
    query = (
        select(group.label("value"), func.count().label("procedures"))
        .where(HEAD.c.withdrawn.is_(False))
        .group_by(group)
        .order_by(group)
    )
    return [(row.value, row.procedures) for row in await tx.all(query)]


async def issuers(tx: Tx) -> list[str]:
    """Return every title of record among the revisions in force."""
    query = (
        select(REVISION.c.issuer)
        .distinct()
        .join(HEAD, (HEAD.c.code == REVISION.c.code) & (HEAD.c.revision == REVISION.c.revision))
    )
    return [row.issuer for row in await tx.all(query)]


async def is_empty(tx: Tx) -> bool:
    """Tell whether nothing was ever published."""
    return await tx.first(select(HEAD.c.code).limit(1)) is None
