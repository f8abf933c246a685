"""What the clock does: seal the day, ask for what is missing, sweep, count."""

from datetime import date, datetime, time, timedelta

from dossier_service.model.dossier import Dossier, advance
from dossier_service.model.happened import DailyRootSealed, RefusalQueued, SnapshotWanted
from dossier_service.model.history import FIRST_PREV
from dossier_service.model.merkle import leaf_of, root_of
from dossier_service.model.reports import MISSING_FILE, PARK_LIMIT, PARK_PATIENCE
from dossier_service.store import dossiers, inbox, roots
from dossier_service.usecases.desk import Desk
from kernel.clock import VIETNAM, real_now
from kernel.db import Tx

SEAL_AT = time(0, 10)
DAY = timedelta(days=1)


async def seal_daily_roots(*, desk: Desk) -> list[date]:
    """Seal every day that is over (from 00:10 Asia/Ho_Chi_Minh of the next one); return the days sealed now."""
    sealed: list[date] = []
    while True:
        async with desk.database.begin() as tx:
            day = await _day_to_seal(tx, desk.clock.now())
            if day is None:
                return sealed
            await _seal(tx, day, desk.clock.now())
        sealed.append(day)


async def _day_to_seal(tx: Tx, now: datetime) -> date | None:
    last = await roots.last_root(tx)
    if last is not None:
        day: date = last.date + DAY
    else:
        first = await roots.first_received(tx)
        if first is None:
            return None
        day = first.astimezone(VIETNAM).date()
    return day if now >= datetime.combine(day + DAY, SEAL_AT, VIETNAM) else None


async def _seal(tx: Tx, day: date, now: datetime) -> None:
    last = await roots.last_root(tx)
    begins = datetime.combine(day, time(), VIETNAM)
    await roots.take_heads(tx, day, begins, begins + DAY)
    heads = await roots.sealed_heads(tx)
    count, root = root_of(leaf_of(head.code, head.n, head.head) for head in heads)
    prev_root = last.root if last else FIRST_PREV
    await roots.add_root(tx, day=day, count=count, root=root, prev_root=prev_root, at=now)
    tx.emit(DailyRootSealed(day.isoformat(), count, root, prev_root))


async def ask_for_snapshots(*, desk: Desk) -> int:
    """Ask owners for the state of dossiers whose reports wait too long; return how many were asked.

    A report that waits for a file is told to the officer once instead: only the file helps.
    """
    now = real_now()
    async with desk.database.begin() as tx:
        late = await inbox.waiting_too_long(tx, before=now - PARK_PATIENCE, more_than=PARK_LIMIT)
        codes = [row.code for row in late]
        held = await dossiers.load(tx, codes)
        waiting = await inbox.parked(tx, codes)
        pairs: list[tuple[Dossier, Dossier]] = []
        told: list[object] = []
        for code in sorted(held):
            before = held[code]
            after = advance(before, delivery_no=before.delivery_no + 1, snapshot_asked_at=now)
            first = waiting[code][0]
            if first.reason == "missing_file" and first.version == before.version + 1:
                if first.told:
                    continue
                await inbox.told(tx, code, first.version)
                text = "Chưa nhận được tệp kèm theo báo cáo. Hãy gửi lại tệp."
                told.append(
                    RefusalQueued(code, after.lane, after.delivery_no, after.epoch, first.version, MISSING_FILE, text)
                )
            else:
                told.append(SnapshotWanted(after))
            pairs.append((before, after))
        await dossiers.move(tx, pairs)
        for event in told:
            tx.emit(event)
    return len(pairs)
