"""What the journal does. Where it stands is kept in memory beside the file, since no other process writes it."""

import os
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Row

from kernel.clock import real_now
from kernel.db import Database, Tx
from province_adapter.journal.opening import FILE, hold, lay_out
from province_adapter.journal.tables import FLAGS, INBOX, MARK, METADATA, NUMBERS, OUTGOING, UNNUMBERED
from province_adapter.model import Change, Incoming, Mark


class Writing:
    """An open writing transaction, and the mark as it will leave it."""

    def __init__(self, tx: Tx, mark: Mark) -> None:
        self.tx = tx
        self.mark = mark

    async def move(self, **values: Any) -> None:
        """Change fields of the mark."""
        await self.tx.execute(update(MARK).values(**values))
        self.mark = replace(self.mark, **values)

    async def receipt(self, report_seq: int) -> None:
        """Note that the nation has everything up to ``report_seq``."""
        if report_seq <= self.mark.receipted:
            return
        mine = (OUTGOING.c.report_seq <= report_seq, OUTGOING.c.receipted_at.is_(None))
        await self.tx.execute(update(OUTGOING).where(*mine).values(receipted_at=real_now()))
        await self.move(receipted=report_seq)

    async def number(self) -> None:
        """Give the next numbers to what is ready, in order per subject; nothing is numbered in a RESYNC."""
        if self.mark.resync:
            return
        columns = (OUTGOING.c.change_no, OUTGOING.c.subject, OUTGOING.c.ready)
        rows = await self.tx.all(select(*columns).where(UNNUMBERED).order_by(OUTGOING.c.change_no))
        waiting: set[str] = set()
        given = []
        last = self.mark.last_report_seq
        for row in rows:
            if not row.ready or row.subject in waiting:
                waiting.add(row.subject)
                continue
            last += 1
            given.append({"number": row.change_no, "next_seq": last})
        if given:
            mine = update(OUTGOING).where(OUTGOING.c.change_no == bindparam("number"))
            await self.tx.execute(mine.values(report_seq=bindparam("next_seq")), given)
            await self.move(last_report_seq=last)


class Journal:
    """Opened once; every method is one transaction."""

    def __init__(self, database: Database, lock: int) -> None:
        self._database = database
        self._lock = lock
        self._known: Mark | None = None  # the mark as committed; None = it has to be read
        self._nothing_due = False  # no delivery waits for the office: nothing to look for until the next write
        self._nothing_to_upload = False

    @classmethod
    async def open(cls, home: Path, template: Path | None = None) -> "Journal":
        """Open the journal in folder ``home``, or make it with a random id, from ``template`` if many are made.

        Raises ``Conflict`` (``journal_in_use``) when another process holds it.
        """
        lock = hold(home)
        try:
            if template is not None:
                await lay_out(home, template)
            url = f"sqlite+aiosqlite:///{home / FILE}"
            database = await Database.open(url, METADATA, readers=0, cache_kib=256)
        except BaseException:
            os.close(lock)
            raise
        journal = cls(database, lock)
        await journal._begin()
        return journal

    async def close(self) -> None:
        """Close the file and give the lock back."""
        await self._database.close()
        os.close(self._lock)

    async def mark(self) -> Mark:
        """Return where the journal stands."""
        if self._known is not None:
            return self._known
        async with self._database.read() as tx:
            return _mark(await tx.first(select(MARK)))

    async def _begin(self) -> None:
        """Learn where the journal stands and whether anything waits; a new one gets its id."""
        async with self._database.read() as tx:
            row = await tx.first(select(MARK))
            self._nothing_due = await tx.first(select(INBOX.c.seq).limit(1)) is None
            self._nothing_to_upload = await tx.first(select(OUTGOING.c.change_no).where(UNNUMBERED).limit(1)) is None
        if row is None:
            start = {**dict.fromkeys(NUMBERS, 0), **dict.fromkeys(FLAGS, False)}
            async with self._database.begin() as tx:
                await tx.execute(insert(MARK).values(id=1, journal_id=uuid.uuid4().hex, **start))
        else:
            self._known = _mark(row)

    @asynccontextmanager
    async def _writing(self, *, adds: bool = True) -> AsyncIterator["Writing"]:
        """Open a writing transaction; ``adds``: it may add something to deliver or to upload."""
        async with self._database.begin() as tx:
            mark = self._known or _mark(await tx.first(select(MARK)))
            # Until it is committed nobody knows the mark: who asks waits, and reads it again if this fails.
            self._known = None
            if adds:
                self._nothing_due = self._nothing_to_upload = False
            writing = Writing(tx, mark)
            tx.after_commit(lambda: self._learn(writing.mark))
            yield writing

    def _learn(self, mark: Mark) -> None:
        self._known = mark

    # ---- down ----

    async def welcome(self, *, link_epoch: int, acked_seq: int, last_report_seq: int, resync: bool) -> Mark:
        """Take over what the nation holds: what it has receipted, or in a RESYNC its numbers altogether."""
        async with self._writing(adds=resync) as writing:
            tx, old = writing.tx, writing.mark
            values: dict[str, Any] = {"link_epoch": max(link_epoch, old.link_epoch), "resync": resync}
            if resync:
                values["books_restored"] = False
                # Nothing unreceipted keeps its number: it is counted anew when both sides are equal.
                again = update(OUTGOING).where(OUTGOING.c.receipted_at.is_(None))
                await tx.execute(again.values(report_seq=None))
                await tx.execute(delete(OUTGOING).where(OUTGOING.c.receipted_at.is_not(None)))
                values |= {"last_seq": acked_seq, "last_report_seq": last_report_seq, "receipted": last_report_seq}
            await writing.move(**values)
            if not resync:
                await writing.receipt(last_report_seq)
            return writing.mark

    async def take(self, items: Sequence[Incoming]) -> int:
        """Journal deliveries; return the last number held. Numbers that are here already are passed over."""
        now = real_now()
        async with self._writing() as writing:
            tx, mark = writing.tx, writing.mark
            fresh = [item for item in items if item.seq > mark.last_seq]
            rows = [_inbox_row(item, now) for item in fresh if not item.replaces]
            for item in fresh:
                if item.replaces:
                    await _replace(tx, item, now)
            if rows:
                await tx.execute(insert(INBOX), rows)
            last = max([mark.last_seq, *(item.seq for item in fresh)])
            await writing.move(last_seq=last)
        return last

    async def due(self, limit: int) -> Sequence[Row[Any]]:
        """Return the oldest waiting delivery of each subject whose time has come, in order."""
        if self._nothing_due:
            return []
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
        if self._nothing_due:
            return None
        heads = select(func.min(INBOX.c.seq)).group_by(INBOX.c.subject)
        waiting = (INBOX.c.seq.in_(heads), INBOX.c.state == "waiting")
        async with self._database.read() as tx:
            row = await tx.first(select(func.min(INBOX.c.retry_at)).where(*waiting))
            self._nothing_due = row is None or row[0] is None
        return row[0] if row else None

    async def delivered(self, done: Iterable[int], failed: Iterable[tuple[int, int, float]]) -> None:
        """Forget what the office has; put off what failed: (number, tries so far, seconds to wait)."""
        gone = [{"number": seq} for seq in done]
        later = [
            {"number": seq, "next_tries": tries, "when": real_now() + timedelta(seconds=wait)}
            for seq, tries, wait in failed
        ]
        async with self._writing() as writing:
            tx = writing.tx
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
        async with self._writing() as writing:
            fresh = [row for row in rows if int(str(row["change_no"])) > writing.mark.cursor]
            if fresh:
                await writing.tx.execute(insert(OUTGOING), fresh)
                await writing.move(cursor=changes[-1].number)
            await writing.number()

    async def restart(self, last_change: int) -> None:
        """The office's books were restored and end with ``last_change``: forget what it no longer knows it did."""
        async with self._writing() as writing:
            await writing.tx.execute(delete(OUTGOING).where(OUTGOING.c.change_no > last_change))
            await writing.move(cursor=last_change, books_restored=True)

    async def uploads_due(self, limit: int) -> Sequence[Row[Any]]:
        """Return changes whose files are not at the nation yet and whose time has come, one a subject."""
        if self._nothing_to_upload:
            return []
        async with self._database.read() as tx:
            heads = select(func.min(OUTGOING.c.change_no)).where(UNNUMBERED).group_by(OUTGOING.c.subject)
            return await tx.all(
                select(OUTGOING)
                .where(OUTGOING.c.change_no.in_(heads), OUTGOING.c.ready.is_(False), OUTGOING.c.retry_at <= real_now())
                .order_by(OUTGOING.c.change_no)
                .limit(limit)
            )

    async def next_upload(self) -> datetime | None:
        """Return when the next failed upload is to be tried again."""
        if self._nothing_to_upload:
            return None
        async with self._database.read() as tx:
            row = await tx.first(select(func.min(OUTGOING.c.retry_at)).where(UNNUMBERED, OUTGOING.c.ready.is_(False)))
            self._nothing_to_upload = row is None or row[0] is None
        return row[0] if row else None

    async def uploaded(self, done: Iterable[int], failed: Iterable[tuple[int, int, float]]) -> None:
        """Note whose files are at the nation and number what is ready; put off what failed."""
        ready = [{"number": number} for number in done]
        later = [
            {"number": number, "next_tries": tries, "when": real_now() + timedelta(seconds=wait)}
            for number, tries, wait in failed
        ]
        mine = update(OUTGOING).where(OUTGOING.c.change_no == bindparam("number"))
        async with self._writing() as writing:
            tx = writing.tx
            if ready:
                await tx.execute(mine.values(ready=True), ready)
            if later:
                await tx.execute(mine.values(tries=bindparam("next_tries"), retry_at=bindparam("when")), later)
            await writing.number()

    async def to_send(self, *, after: int, limit: int) -> Sequence[Row[Any]]:
        """Return the numbered reports after ``after``, in order."""
        if self._known is not None and self._known.last_report_seq <= after:
            return []
        columns = (OUTGOING.c.report_seq, OUTGOING.c.body)
        async with self._database.read() as tx:
            return await tx.all(
                select(*columns).where(OUTGOING.c.report_seq > after).order_by(OUTGOING.c.report_seq).limit(limit)
            )

    async def receipted(self, report_seq: int) -> None:
        """The nation has everything up to ``report_seq`` on its disk."""
        async with self._writing(adds=False) as writing:
            await writing.receipt(report_seq)

    # ---- RESYNC and comparing ----

    async def adopted(self, subject: str, up_to: int) -> None:
        """In a RESYNC the office took the nation's state of ``subject``: what it had done before is no report."""
        async with self._writing() as writing:
            if writing.mark.resync:
                mine = (OUTGOING.c.subject == subject, OUTGOING.c.change_no <= up_to, UNNUMBERED)
                await writing.tx.execute(delete(OUTGOING).where(*mine, OUTGOING.c.kind != "access_noted"))

    async def resynced(self, *, covered: int, but: set[str]) -> None:
        """Both sides are equal: changes up to number ``covered`` are known to the nation, ``but`` of these subjects.

        What is left gets its numbers. Access notes are kept: one told twice is better than one not told.
        """
        async with self._writing() as writing:
            tx = writing.tx
            known = (UNNUMBERED, OUTGOING.c.change_no <= covered, OUTGOING.c.kind != "access_noted")
            rows = await tx.all(select(OUTGOING.c.change_no, OUTGOING.c.subject).where(*known))
            gone = [{"number": row.change_no} for row in rows if row.subject not in but]
            if gone:
                await tx.execute(delete(OUTGOING).where(OUTGOING.c.change_no == bindparam("number")), gone)
            await writing.move(resync=False)
            await writing.number()

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
        async with self._writing(adds=False) as writing:
            await writing.tx.execute(delete(OUTGOING).where(OUTGOING.c.receipted_at < real_now() - older_than))

    async def counts(self) -> dict[str, int]:
        """Return how much waits: deliveries for the office, reports for the nation."""
        async with self._database.read() as tx:
            inbox = await tx.first(select(func.count()).select_from(INBOX))
            out = await tx.first(select(func.count()).where(OUTGOING.c.receipted_at.is_(None)))
        return {"inbox": inbox[0] if inbox else 0, "outgoing": out[0] if out else 0}


def _mark(row: Row[Any] | None) -> Mark:
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
