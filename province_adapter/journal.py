"""The journal: one SQLite file on the participant's disk, fsynced at every commit, held by one process."""

import fcntl
import os
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from kernel.clock import real_now
from kernel.db import Database, Tx, UtcDateTime
from kernel.errors import Conflict, Text
from province_adapter.model import Change, Incoming, Mark

METADATA = MetaData()

NUMBERS = ("last_seq", "last_report_seq", "receipted", "link_epoch", "cursor")
FLAGS = ("resync", "books_restored")

MARK = Table(
    "mark",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("journal_id", String, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_report_seq", Integer, nullable=False),
    Column("receipted", Integer, nullable=False),
    Column("link_epoch", Integer, nullable=False),
    Column("cursor", Integer, nullable=False),
    Column("resync", Boolean, nullable=False),
    Column("books_restored", Boolean, nullable=False),
)

# Deliveries that the office does not have yet. state: waiting, bad (later ones of the subject wait behind it)
INBOX = Table(
    "inbox",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("inbox_subject", "subject", "seq"),
)

# What the office did. A number is given once its files are at the nation; receipted rows are kept for some days.
OUTGOING = Table(
    "outgoing",
    METADATA,
    Column("change_no", Integer, primary_key=True),
    Column("report_seq", Integer, unique=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("receipted_at", UtcDateTime),
)
_UNNUMBERED = OUTGOING.c.report_seq.is_(None)
Index("outgoing_unnumbered", OUTGOING.c.change_no, sqlite_where=_UNNUMBERED, postgresql_where=_UNNUMBERED)
Index("outgoing_receipted", OUTGOING.c.receipted_at)


class Journal:
    """Opened once; every method is one transaction."""

    def __init__(self, database: Database, lock: int) -> None:
        self._database = database
        self._lock = lock

    @classmethod
    async def open(cls, home: Path) -> "Journal":
        """Open the journal in folder ``home``, or make it with a random id.

        Raises ``Conflict`` (``journal_in_use``) when another process holds it.
        """
        lock = _hold(home)
        try:
            url = f"sqlite+aiosqlite:///{home / 'journal.db'}"
            database = await Database.open(url, METADATA, readers=0, cache_kib=256)
        except BaseException:
            os.close(lock)
            raise
        journal = cls(database, lock)
        async with database.begin() as tx:
            if await tx.first(select(MARK.c.id)) is None:
                start = {**dict.fromkeys(NUMBERS, 0), **dict.fromkeys(FLAGS, False)}
                await tx.execute(insert(MARK).values(id=1, journal_id=uuid.uuid4().hex, **start))
        return journal

    async def close(self) -> None:
        """Close the file and give the lock back."""
        await self._database.close()
        os.close(self._lock)

    async def mark(self) -> Mark:
        """Return where the journal stands."""
        async with self._database.read() as tx:
            return await _mark(tx)

    # ---- down ----

    async def welcome(self, *, link_epoch: int, acked_seq: int, last_report_seq: int, resync: bool) -> Mark:
        """Take over what the nation holds: what it has receipted, or in a RESYNC its numbers altogether."""
        async with self._database.begin() as tx:
            old = await _mark(tx)
            values: dict[str, object] = {"link_epoch": max(link_epoch, old.link_epoch), "resync": resync}
            if resync:
                values["books_restored"] = False
                # Nothing unreceipted keeps its number: it is counted anew when both sides are equal.
                again = update(OUTGOING).where(OUTGOING.c.receipted_at.is_(None))
                await tx.execute(again.values(report_seq=None))
                await tx.execute(delete(OUTGOING).where(OUTGOING.c.receipted_at.is_not(None)))
                values |= {"last_seq": acked_seq, "last_report_seq": last_report_seq, "receipted": last_report_seq}
            await tx.execute(update(MARK).values(**values))
            if not resync:
                await _receipt(tx, last_report_seq)
            return await _mark(tx)

    async def take(self, items: Sequence[Incoming]) -> int:
        """Journal deliveries; return the last number held. Numbers that are here already are passed over."""
        now = real_now()
        async with self._database.begin() as tx:
            mark = await _mark(tx)
            fresh = [item for item in items if item.seq > mark.last_seq]
            rows = [_inbox_row(item, now) for item in fresh if not item.replaces]
            for item in fresh:
                if item.replaces:
                    await _replace(tx, item, now)
            if rows:
                await tx.execute(insert(INBOX), rows)
            last = max([mark.last_seq, *(item.seq for item in fresh)])
            await tx.execute(update(MARK).values(last_seq=last))
        return last

    async def due(self, limit: int) -> Sequence[Row[Any]]:
        """Return the oldest waiting delivery of each subject whose time has come, in order."""
        async with self._database.read() as tx:
            heads = select(func.min(INBOX.c.seq)).group_by(INBOX.c.subject)
            return await tx.all(
                select(INBOX)
                .where(INBOX.c.seq.in_(heads), INBOX.c.state == "waiting", INBOX.c.retry_at <= real_now())
                .order_by(INBOX.c.seq)
                .limit(limit)
            )

    async def next_due(self) -> datetime | None:
        """Return when the next failed delivery is to be tried again."""
        heads = select(func.min(INBOX.c.seq)).group_by(INBOX.c.subject)
        waiting = (INBOX.c.seq.in_(heads), INBOX.c.state == "waiting")
        async with self._database.read() as tx:
            row = await tx.first(select(func.min(INBOX.c.retry_at)).where(*waiting))
        return row[0] if row else None

    async def delivered(self, done: Iterable[int], failed: Iterable[tuple[int, int, float]]) -> None:
        """Forget what the office has; put off what failed: (number, tries so far, seconds to wait)."""
        gone = [{"number": seq} for seq in done]
        later = [
            {"number": seq, "next_tries": tries, "when": real_now() + timedelta(seconds=wait)}
            for seq, tries, wait in failed
        ]
        async with self._database.begin() as tx:
            if gone:
                await tx.execute(delete(INBOX).where(INBOX.c.seq == bindparam("number")), gone)
            if later:
                put_off = update(INBOX).where(INBOX.c.seq == bindparam("number"))
                await tx.execute(put_off.values(tries=bindparam("next_tries"), retry_at=bindparam("when")), later)

    # ---- up ----

    async def note_changes(self, changes: Sequence[Change]) -> None:
        """Journal what the office did, move the cursor, number what is ready."""
        now = real_now()
        rows = [
            {
                "change_no": change.number,
                "subject": change.subject,
                "kind": change.kind,
                "body": change.body,
                "ready": not change.has_files,
                "tries": 0,
                "retry_at": now,
                "at": now,
            }
            for change in changes
        ]
        async with self._database.begin() as tx:
            mark = await _mark(tx)
            fresh = [row for row in rows if int(str(row["change_no"])) > mark.cursor]
            if fresh:
                await tx.execute(insert(OUTGOING), fresh)
                await tx.execute(update(MARK).values(cursor=changes[-1].number))
            await _number(tx)

    async def restart(self, last_change: int) -> None:
        """The office's books were restored and end with ``last_change``: forget what it no longer knows it did."""
        async with self._database.begin() as tx:
            await tx.execute(delete(OUTGOING).where(OUTGOING.c.change_no > last_change))
            await tx.execute(update(MARK).values(cursor=last_change, books_restored=True))

    async def uploads_due(self, limit: int) -> Sequence[Row[Any]]:
        """Return changes whose files are not at the nation yet and whose time has come, one a subject."""
        async with self._database.read() as tx:
            heads = select(func.min(OUTGOING.c.change_no)).where(_UNNUMBERED).group_by(OUTGOING.c.subject)
            return await tx.all(
                select(OUTGOING)
                .where(OUTGOING.c.change_no.in_(heads), OUTGOING.c.ready.is_(False), OUTGOING.c.retry_at <= real_now())
                .order_by(OUTGOING.c.change_no)
                .limit(limit)
            )

    async def next_upload(self) -> datetime | None:
        """Return when the next failed upload is to be tried again."""
        async with self._database.read() as tx:
            row = await tx.first(select(func.min(OUTGOING.c.retry_at)).where(_UNNUMBERED, OUTGOING.c.ready.is_(False)))
        return row[0] if row else None

    async def uploaded(self, done: Iterable[int], failed: Iterable[tuple[int, int, float]]) -> None:
        """Note whose files are at the nation and number what is ready; put off what failed."""
        ready = [{"number": number} for number in done]
        later = [
            {"number": number, "next_tries": tries, "when": real_now() + timedelta(seconds=wait)}
            for number, tries, wait in failed
        ]
        mine = update(OUTGOING).where(OUTGOING.c.change_no == bindparam("number"))
        async with self._database.begin() as tx:
            if ready:
                await tx.execute(mine.values(ready=True), ready)
            if later:
                await tx.execute(mine.values(tries=bindparam("next_tries"), retry_at=bindparam("when")), later)
            await _number(tx)

    async def to_send(self, *, after: int, limit: int) -> Sequence[Row[Any]]:
        """Return the numbered reports after ``after``, in order."""
        columns = (OUTGOING.c.report_seq, OUTGOING.c.body)
        async with self._database.read() as tx:
            return await tx.all(
                select(*columns).where(OUTGOING.c.report_seq > after).order_by(OUTGOING.c.report_seq).limit(limit)
            )

    async def receipted(self, report_seq: int) -> None:
        """The nation has everything up to ``report_seq`` on its disk."""
        async with self._database.begin() as tx:
            await _receipt(tx, report_seq)

    # ---- RESYNC and comparing ----

    async def adopted(self, subject: str, up_to: int) -> None:
        """In a RESYNC the office took the nation's state of ``subject``: what it had done before is no report."""
        async with self._database.begin() as tx:
            mark = await _mark(tx)
            if mark.resync:
                mine = (OUTGOING.c.subject == subject, OUTGOING.c.change_no <= up_to, _UNNUMBERED)
                await tx.execute(delete(OUTGOING).where(*mine, OUTGOING.c.kind != "access_noted"))

    async def resynced(self, *, covered: int, but: set[str]) -> None:
        """Both sides are equal: changes up to number ``covered`` are known to the nation, ``but`` of these subjects.

        What is left gets its numbers. Access notes are kept: one told twice is better than one not told.
        """
        async with self._database.begin() as tx:
            known = (_UNNUMBERED, OUTGOING.c.change_no <= covered, OUTGOING.c.kind != "access_noted")
            rows = await tx.all(select(OUTGOING.c.change_no, OUTGOING.c.subject).where(*known))
            gone = [{"number": row.change_no} for row in rows if row.subject not in but]
            if gone:
                await tx.execute(delete(OUTGOING).where(OUTGOING.c.change_no == bindparam("number")), gone)
            await tx.execute(update(MARK).values(resync=False))
            await _number(tx)

    async def unsettled(self, settle: timedelta) -> set[str]:
        """Return subjects with something on its way in or out, or receipted within ``settle``."""
        async with self._database.read() as tx:
            coming = await tx.all(select(INBOX.c.subject).distinct())
            since = real_now() - settle
            going = (OUTGOING.c.receipted_at.is_(None)) | (OUTGOING.c.receipted_at > since)
            leaving = await tx.all(select(OUTGOING.c.subject).where(going).distinct())
        return {row.subject for row in (*coming, *leaving)}

    async def forget(self, older_than: timedelta) -> None:
        """Delete reports that were receipted longer ago than ``older_than``."""
        async with self._database.begin() as tx:
            await tx.execute(delete(OUTGOING).where(OUTGOING.c.receipted_at < real_now() - older_than))

    async def counts(self) -> dict[str, int]:
        """Return how much waits: deliveries for the office, reports for the nation."""
        async with self._database.read() as tx:
            inbox = await tx.first(select(func.count()).select_from(INBOX))
            out = await tx.first(select(func.count()).where(OUTGOING.c.receipted_at.is_(None)))
        return {"inbox": inbox[0] if inbox else 0, "outgoing": out[0] if out else 0}


def _hold(home: Path) -> int:
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "journal.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Conflict(
            "journal_in_use",
            Text("Một tiến trình khác đang giữ sổ ghi này.", "Another process holds this journal."),
        ) from None
    return lock


async def _mark(tx: Tx) -> Mark:
    row = await tx.first(select(MARK))
    if row is None:
        raise RuntimeError("the journal has lost its mark")
    return Mark(**{name: getattr(row, name) for name in Mark.__slots__})


def _inbox_row(item: Incoming, now: datetime) -> dict[str, object]:
    return {
        "seq": item.seq,
        "subject": item.subject,
        "kind": item.kind,
        "body": item.body,
        "state": "bad" if item.bad else "waiting",
        "tries": 0,
        "retry_at": now,
        "at": now,
    }


async def _replace(tx: Tx, item: Incoming, now: datetime) -> None:
    """Put a readable body where the bad one was, so that the subject's order stays; without it, at the end."""
    row = _inbox_row(item, now)
    kept = {name: value for name, value in row.items() if name != "seq"}
    done = await tx.execute(update(INBOX).where(INBOX.c.seq == item.replaces, INBOX.c.state == "bad").values(**kept))
    if done.rowcount == 0:
        await tx.execute(insert(INBOX).values(**row))


async def _number(tx: Tx) -> None:
    """Give the next numbers to what is ready, in order per subject; nothing is numbered in a RESYNC."""
    mark = await _mark(tx)
    if mark.resync:
        return
    columns = (OUTGOING.c.change_no, OUTGOING.c.subject, OUTGOING.c.ready)
    rows = await tx.all(select(*columns).where(_UNNUMBERED).order_by(OUTGOING.c.change_no))
    waiting: set[str] = set()
    given = []
    last = mark.last_report_seq
    for row in rows:
        if not row.ready or row.subject in waiting:
            waiting.add(row.subject)
            continue
        last += 1
        given.append({"number": row.change_no, "next_seq": last})
    if given:
        mine = update(OUTGOING).where(OUTGOING.c.change_no == bindparam("number"))
        await tx.execute(mine.values(report_seq=bindparam("next_seq")), given)
        await tx.execute(update(MARK).values(last_report_seq=last))


async def _receipt(tx: Tx, report_seq: int) -> None:
    mine = (OUTGOING.c.report_seq <= report_seq, OUTGOING.c.receipted_at.is_(None))
    await tx.execute(update(OUTGOING).where(*mine).values(receipted_at=real_now()))
    await tx.execute(update(MARK).where(MARK.c.receipted < report_seq).values(receipted=report_seq))
