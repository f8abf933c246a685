"""Comparing the nation's states with a participant's, and asking for what differs to be delivered again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from exchange.model import Held, RedeliveryWanted
from exchange.store import DOSSIER, HELD_ITEM, LANE, LANE_ITEM
from kernel.clock import real_now
from kernel.db import Database, Tx


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the nation holds of a lane. ``unsettled``: subjects with something on its way or just changed."""

    rows: tuple[Held, ...]
    unsettled: frozenset[str]


async def load_comparison(*, database: Database, lane: str, settle: timedelta) -> Comparison:
    """Return the nation's states of ``lane``; what changed within ``settle`` (real time) is unsettled."""
    async with database.read() as tx:
        rows = await tx.all(select(DOSSIER).where(DOSSIER.c.lane == lane, DOSSIER.c.version > 0))
        unsettled = await _on_the_lane(tx, lane)
    since = real_now() - settle
    unsettled |= {row.code for row in rows if row.changed_at is not None and row.changed_at > since}
    return Comparison(tuple(Held(row.code, row.epoch, row.version, row.digest) for row in rows), frozenset(unsettled))


async def load_coming(*, database: Database, lane: str, since: timedelta) -> frozenset[str]:
    """Return subjects that are on the lane unacked, or were asked for within ``since`` and are not on it yet."""
    async with database.read() as tx:
        wanted = (DOSSIER.c.lane == lane, DOSSIER.c.wanted_at > real_now() - since)
        asked = {row.code for row in await tx.all(select(DOSSIER.c.code).where(*wanted))}
        return frozenset(asked | await _on_the_lane(tx, lane))


async def _on_the_lane(tx: Tx, lane: str) -> set[str]:
    subjects: set[str] = set()
    mine = LANE_ITEM.c.lane == lane
    for query in (
        select(LANE_ITEM.c.subject).where(mine, LANE_ITEM.c.state == "ready").distinct(),
        select(LANE_ITEM.c.subject).where(mine, LANE_ITEM.c.state == "quarantined").distinct(),
        select(HELD_ITEM.c.subject).where(HELD_ITEM.c.lane == lane).distinct(),
    ):
        subjects |= {row.subject for row in await tx.all(query)}
    return subjects


async def lost_subjects(*, database: Database, lane: str) -> frozenset[str]:
    """Return subjects that were delivered to a journal that is gone: their open requests went with it.

    Where the items themselves are forgotten by now, every open dossier of the lane that has requests counts.
    """
    async with database.read() as tx:
        row = await tx.first(select(LANE).where(LANE.c.lane == lane))
        if row is None or not row.resync or row.lost_to <= row.lost_from:
            return frozenset()
        span = (LANE_ITEM.c.lane == lane, LANE_ITEM.c.seq > row.lost_from, LANE_ITEM.c.seq <= row.lost_to)
        subjects = {each.subject for each in await tx.all(select(LANE_ITEM.c.subject).where(*span).distinct())}
        kept = await tx.first(select(func.count()).select_from(LANE_ITEM).where(*span))
        if kept is None or kept[0] < row.lost_to - row.lost_from:
            open_ones = (DOSSIER.c.lane == lane, DOSSIER.c.ended.is_(False), DOSSIER.c.request_no > 0)
            subjects |= {each.code for each in await tx.all(select(DOSSIER.c.code).where(*open_ones))}
        return frozenset(subjects)


async def want_redelivery(
    *, database: Database, lane: str, subjects: Sequence[str], reason: str, repeat: timedelta
) -> int:
    """Ask the owner to put the whole state of ``subjects`` on the lane; return how many were asked for.

    One that was asked for within ``repeat`` is not asked for again.
    """
    if not subjects:
        return 0
    async with database.begin() as tx:
        now = real_now()
        asked = await _not_asked_since(tx, subjects, now - repeat)
        for subject in asked:
            tx.emit(RedeliveryWanted(lane, subject, reason, int(now.timestamp() * 1000)))
        if asked:
            await tx.execute(update(DOSSIER).where(DOSSIER.c.code.in_(asked)).values(wanted_at=now))
        return len(asked)


async def _not_asked_since(tx: Tx, subjects: Sequence[str], since: datetime) -> list[str]:
    wanted: list[str] = []
    for start in range(0, len(subjects), 500):
        part = list(subjects[start : start + 500])
        recent = await tx.all(select(DOSSIER.c.code).where(DOSSIER.c.code.in_(part), DOSSIER.c.wanted_at > since))
        waiting = {row.code for row in recent}
        wanted += [subject for subject in part if subject not in waiting]
    return wanted


async def note_comparison(*, database: Database, lane: str, differing: int) -> None:
    """Keep when the lane was last compared and how many dossiers differed."""
    async with database.begin() as tx:
        await tx.execute(update(LANE).where(LANE.c.lane == lane).values(compared_at=real_now(), differing=differing))


async def end_resync(*, database: Database, lane: str, link_epoch: int) -> bool:
    """Take reports again: both sides are equal. False when a newer link has the lane."""
    async with database.begin() as tx:
        mine = (LANE.c.lane == lane, LANE.c.link_epoch == link_epoch)
        done = await tx.execute(update(LANE).where(*mine).values(resync=False, lost_from=0, lost_to=0))
        # Asked for in this resync; a later one asks anew.
        asked = (DOSSIER.c.lane == lane, DOSSIER.c.wanted_at.is_not(None))
        await tx.execute(update(DOSSIER).where(*asked).values(wanted_at=None))
        return done.rowcount == 1
