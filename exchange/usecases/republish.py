"""Saying again what others copy from the exchange: links, what was acknowledged, which files are here."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select, tuple_

from exchange.model import DeliveryAcked, FileStored, LinkConnected, LinkLost
from exchange.store import DOSSIER, LANE, LANE_ITEM, STORED_FILE
from kernel.clock import real_now
from kernel.db import Database
from kernel.outbox import until_short

STEP = 500
Progress = Callable[[str, int, int], None]


def untold(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


async def republish(
    *, database: Database, since: datetime | None = None, subject: str | None = None, progress: Progress = untold
) -> int:
    """Emit the state of each link, each kept acknowledgement and each stored file again; return how many events.

    Receivers have them by number, so nothing changes where they are known. ``since`` and ``subject`` (a dossier)
    leave out what is older and what is about others.
    """
    count = 0 if subject else await _links(database)
    count += await _acknowledged(database, since, subject, progress)
    return count + await _files(database, since, subject, progress)


async def _links(database: Database) -> int:
    async with database.begin() as tx:
        now = real_now()
        for row in await tx.all(select(LANE).where(LANE.c.link_epoch > 0)):
            if row.holder:
                tx.emit(LinkConnected(row.lane, row.link_epoch, row.connected_at or now))
            else:
                tx.emit(LinkLost(row.lane, row.link_epoch, row.away_since or now))
        return len(tx.events)


async def _acknowledged(database: Database, since: datetime | None, subject: str | None, progress: Progress) -> int:
    wanted = [LANE_ITEM.c.state == "acked", LANE_ITEM.c.acked_at.is_not(None)]
    wanted += [LANE_ITEM.c.acked_at >= since] if since else []
    wanted += [LANE_ITEM.c.subject == subject] if subject else []
    async with database.read() as tx:
        row = await tx.first(select(func.count()).select_from(LANE_ITEM).where(*wanted))
    total, done, after = (int(row[0]) if row else 0), 0, ("", 0)
    while True:
        await until_short(database)
        async with database.begin() as tx:
            rows = await tx.all(
                select(LANE_ITEM)
                .where(*wanted, tuple_(LANE_ITEM.c.lane, LANE_ITEM.c.seq) > after)
                .order_by(LANE_ITEM.c.lane, LANE_ITEM.c.seq)
                .limit(STEP)
            )
            for item in rows:
                tx.emit(DeliveryAcked(item.lane, item.subject, item.kind, item.seq, item.request_no, item.acked_at))
        done += len(rows)
        progress("acknowledgements", done, max(total, done))
        if len(rows) < STEP:
            return done
        after = (rows[-1].lane, rows[-1].seq)


async def _files(database: Database, since: datetime | None, subject: str | None, progress: Progress) -> int:
    wanted = [STORED_FILE.c.at >= since] if since else []
    wanted += [STORED_FILE.c.subject == subject] if subject else []
    done, after = 0, ("", "")
    while True:
        async with database.begin() as tx:
            rows = await tx.all(
                select(STORED_FILE, DOSSIER.c.lane)
                .join(DOSSIER, DOSSIER.c.code == STORED_FILE.c.subject)
                .where(*wanted, tuple_(STORED_FILE.c.subject, STORED_FILE.c.sha256) > after)
                .order_by(STORED_FILE.c.subject, STORED_FILE.c.sha256)
                .limit(STEP)
            )
            for row in rows:
                tx.emit(FileStored(row.lane, row.subject, row.sha256, row.size))
        done += len(rows)
        progress("files", done, done)
        if len(rows) < STEP:
            return done
        after = (rows[-1].subject, rows[-1].sha256)
