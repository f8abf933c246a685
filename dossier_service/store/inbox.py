"""What arrived and waits or was refused: parked reports, quarantined messages, accesses, links."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, tuple_, update

from dossier_service.store.tables import ACCESS, DOSSIER, LINK, PARKED, QUARANTINE
from kernel.clock import real_now
from kernel.db import Question, Tx
from kernel.log import Partition, Record

REPORTS = "province.reports.v1"
WAITING = Question(select(PARKED).order_by(PARKED.c.code, PARKED.c.version), PARKED.c.code)


def parked_row(record: Record, *, code: str, version: int, digest: str, reason: str, sha256: str) -> dict[str, Any]:
    """Return the row that keeps ``record`` until the reason for waiting is over."""
    return {
        "code": code,
        "version": version,
        "digest": digest,
        "reason": reason,
        "sha256": sha256,
        "told": False,
        "partition": record.partition.number,
        "offset": record.offset,
        "headers": json.dumps(dict(record.headers), ensure_ascii=False),
        "body": record.body,
        "appended_at": record.appended_at,
        "parked_at": real_now(),
    }


def record_of(row: Any) -> Record:
    """Return the message that was parked."""
    place = Partition(REPORTS, row.partition)
    return Record(place, row.offset, row.code, json.loads(row.headers), row.body, row.appended_at)


async def park(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Park reports; one that is parked already under its version stays."""
    unique = {(row["code"], row["version"]): dict(row) for row in reversed(rows)}
    if not unique:
        return
    held = await tx.all(
        select(PARKED.c.code, PARKED.c.version).where(tuple_(PARKED.c.code, PARKED.c.version).in_(list(unique)))
    )
    for row in held:
        del unique[(row.code, row.version)]
    if unique:
        await tx.execute(insert(PARKED), list(unique.values()))


async def parked(tx: Tx, codes: Iterable[str]) -> dict[str, list[Any]]:
    """Return the parked reports of each of ``codes`` by version."""
    [rows] = await tx.ask((WAITING, list(codes)))
    return by_code(rows)


def by_code(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Return rows by their dossier, in the order given."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    return found


async def unpark(tx: Tx, keys: Iterable[tuple[str, int]]) -> None:
    """Forget parked reports (code, version)."""
    wanted = list(keys)
    if wanted:
        await tx.execute(delete(PARKED).where(tuple_(PARKED.c.code, PARKED.c.version).in_(wanted)))


async def waiting_too_long(tx: Tx, *, before: datetime, more_than: int) -> Sequence[Any]:
    """Return (code, oldest, count, missing) of dossiers parked since ``before`` or with too many reports."""
    oldest, count = func.min(PARKED.c.parked_at), func.count()
    query = (
        select(PARKED.c.code, oldest.label("oldest"), count.label("count"))
        .join(DOSSIER, DOSSIER.c.code == PARKED.c.code)
        .where(or_(DOSSIER.c.snapshot_asked_at.is_(None), DOSSIER.c.snapshot_asked_at < before))
        .group_by(PARKED.c.code)
        .having(or_(oldest < before, count > more_than))
    )
    return await tx.all(query)


async def told(tx: Tx, code: str, version: int) -> None:
    """Note that the officer was told of this parked report's missing file."""
    await tx.execute(update(PARKED).where(PARKED.c.code == code, PARKED.c.version == version).values(told=True))


async def parked_count(tx: Tx) -> int:
    """Return how many reports are parked."""
    row = await tx.first(select(func.count()).select_from(PARKED))
    return int(row[0]) if row else 0


async def quarantine(tx: Tx, consumer: str, record: Record, reason: str) -> int:
    """Keep a message that was refused, with its reason; return the row's number."""
    done = await tx.execute(
        insert(QUARANTINE)
        .values(
            consumer=consumer,
            topic=record.partition.topic,
            partition=record.partition.number,
            offset=record.offset,
            subject=record.subject,
            key=record.key,
            headers=json.dumps(dict(record.headers), ensure_ascii=False),
            body=record.body,
            reason=reason,
            appended_at=record.appended_at,
            at=real_now(),
        )
        .returning(QUARANTINE.c.id)
    )
    return int(done.scalar_one())


async def add_accesses(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert accesses, numbered per dossier; return the numbers. The same access noted twice is one row: 0."""
    numbers: list[int] = []
    for row in rows:
        mine = ACCESS.c.code == row["code"]
        twin = await tx.first(
            select(ACCESS.c.no).where(mine, *(ACCESS.c[name] == row[name] for name in ("role", "office", "why", "at")))
        )
        if twin is not None:
            numbers.append(0)
            continue
        last = await tx.first(select(func.coalesce(func.max(ACCESS.c.no), 0)).where(mine))
        number = int(last[0]) + 1 if last else 1
        await tx.execute(insert(ACCESS).values(**row, no=number))
        numbers.append(number)
    return numbers


async def accesses(tx: Tx, code: str, *, size: int, before: int | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 accesses of a dossier, newest first."""
    query = select(ACCESS).where(ACCESS.c.code == code).order_by(ACCESS.c.no.desc()).limit(size + 1)
    return await tx.all(query if before is None else query.where(ACCESS.c.no < before))


async def accesses_of(tx: Tx, codes: Sequence[str]) -> Sequence[Any]:
    """Return every access of these dossiers, in order of dossier and number."""
    return await tx.all(select(ACCESS).where(ACCESS.c.code.in_(codes)).order_by(ACCESS.c.code, ACCESS.c.no))


async def put_link(tx: Tx, *, participant: str, link_epoch: int, connected: bool, at: datetime) -> None:
    """Note a participant's link; an older link epoch says nothing any more, and a loss follows its connection."""
    row = await tx.first(select(LINK).where(LINK.c.participant == participant))
    values = {"link_epoch": link_epoch, "connected": connected, "since": at}
    if row is None:
        await tx.execute(insert(LINK).values(participant=participant, **values))
    elif link_epoch > row.link_epoch or (link_epoch == row.link_epoch and row.connected and not connected):
        await tx.execute(update(LINK).where(LINK.c.participant == participant).values(**values))


async def link(tx: Tx, participant: str) -> Any:
    """Return the link row of a participant, or None when nothing was heard of it yet."""
    return await tx.first(select(LINK).where(LINK.c.participant == participant))
