"""Links come and go; lanes stay. Positions move only for the newest link, by compare-and-set on its epoch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from exchange.model import Greeting, LinkConnected, LinkLost, Position, admit, starts_anew
from exchange.store import HELD_ITEM, HOLDING, LANE, LANE_ITEM
from exchange.usecases.record import emit_acked
from kernel.clock import real_now
from kernel.db import Database, Tx
from kernel.errors import Forbidden, Text


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that was let in: the lane's position after the greeting."""

    position: Position
    lanes: tuple[str, ...]


async def lanes_held_by(tx: Tx, *, participant: str) -> tuple[str, ...]:
    """Return the lanes that ``participant`` may hold now: the registry's, or the lane of its own name."""
    rows = await tx.all(
        select(HOLDING.c.lane, HOLDING.c.participant).where(
            HOLDING.c.until.is_(None),
            or_(HOLDING.c.participant == participant, HOLDING.c.lane == participant),
        )
    )
    lanes = {row.lane for row in rows if row.participant == participant}
    if not any(row.lane == participant for row in rows):
        lanes.add(participant)
    return tuple(sorted(lanes))


async def open_link(
    *,
    database: Database,
    participant: str,
    lane: str,
    holder: str,
    greeting: Greeting,
    software: str,
    drift_seconds: int,
    grace: timedelta,
) -> Opened:
    """Let the newest connection of ``lane`` in; every older link of it is fenced from here on.

    ``participant`` is who the certificate names. Raises ``Forbidden`` (``foreign_lane``) when the registry does not
    give it the lane, ``Conflict`` (``other_journal``) when a second journal comes too early.
    """
    async with database.begin() as tx:
        lanes = await lanes_held_by(tx, participant=participant)
        if lane not in lanes:
            raise Forbidden(
                "foreign_lane",
                Text("Chứng thư này không được giữ làn đó.", "This certificate may not hold that lane."),
            )
        row = await tx.first(select(LANE).where(LANE.c.lane == lane).with_for_update())
        if row is None:
            await tx.execute(insert(LANE).values(lane=lane))
            row = await tx.first(select(LANE).where(LANE.c.lane == lane))
        old = _position(row)
        now = real_now()
        new = admit(old, greeting, now=now, grace=grace)
        if starts_anew(old, greeting):
            new = await _renumber(tx, new, old)
        elif not new.resync:
            await emit_acked(tx, {lane: (old.acked_seq, new.acked_seq)}, now)
        await tx.execute(
            update(LANE)
            .where(LANE.c.lane == lane)
            .values(
                **_columns(new),
                participant=participant,
                holder=holder,
                connected_at=now,
                away_since=None,
                software=software,
                drift_seconds=drift_seconds,
                resyncs=LANE.c.resyncs + (1 if new.resync and not old.resync else 0),
            )
        )
        tx.emit(LinkConnected(lane, new.link_epoch, now))
        return Opened(new, lanes)


def _position(row: object) -> Position:
    return Position(**{name: getattr(row, name) for name in Position.__slots__})


def _columns(position: Position) -> dict[str, object]:
    return {name: getattr(position, name) for name in Position.__slots__ if name != "lane"}


async def _renumber(tx: Tx, new: Position, old: Position) -> Position:
    """The journal holds more than this lane ever gave: number what waits anew, behind the journal's last."""
    waiting = (LANE_ITEM.c.lane == new.lane, LANE_ITEM.c.state == "ready")
    shift = new.last_seq - old.acked_seq
    await tx.execute(update(LANE_ITEM).where(*waiting).values(seq=-LANE_ITEM.c.seq))
    await tx.execute(update(LANE_ITEM).where(*waiting).values(seq=-LANE_ITEM.c.seq + shift))
    row = await tx.first(select(func.max(LANE_ITEM.c.seq)).where(*waiting))
    highest = (row[0] if row else None) or new.last_seq
    return Position(**{**{name: getattr(new, name) for name in Position.__slots__}, "last_seq": highest})


async def close_link(*, database: Database, lane: str, link_epoch: int) -> bool:
    """Note that the link is gone. False when a newer one has the lane already."""
    async with database.begin() as tx:
        now = real_now()
        mine = (LANE.c.lane == lane, LANE.c.link_epoch == link_epoch, LANE.c.holder != "")
        done = await tx.execute(update(LANE).where(*mine).values(holder="", away_since=now, last_seen=now))
        if done.rowcount == 1:
            tx.emit(LinkLost(lane, link_epoch, now))
        return done.rowcount == 1


async def touch_links(*, database: Database, holder: str, links: Mapping[str, int], lost_after: timedelta) -> None:
    """Note that these links (lane -> link epoch) of ``holder`` are alive, and that silent ones of others are lost.

    A link that a newer one has replaced is left alone. ``lost_after`` is for links whose instance was killed.
    """
    async with database.begin() as tx:
        now = real_now()
        if links:
            mine = (LANE.c.lane == bindparam("for_lane"), LANE.c.link_epoch == bindparam("epoch"))
            await tx.execute(
                update(LANE).where(*mine).values(last_seen=now, holder=holder, away_since=None),
                [{"for_lane": lane, "epoch": epoch} for lane, epoch in links.items()],
            )
        silent = (LANE.c.holder != "", LANE.c.last_seen < now - lost_after)
        for row in await tx.all(select(LANE.c.lane, LANE.c.link_epoch, LANE.c.last_seen).where(*silent)):
            tx.emit(LinkLost(row.lane, row.link_epoch, now))
        await tx.execute(update(LANE).where(*silent).values(holder="", away_since=LANE.c.last_seen))


async def forget_acked(*, database: Database, older_than: timedelta, limit: int = 5000) -> int:
    """Delete items that were acked longer ago than ``older_than``, at most ``limit``; return how many."""
    async with database.begin() as tx:
        old = (
            select(LANE_ITEM.c.lane, LANE_ITEM.c.seq)
            .where(LANE_ITEM.c.state == "acked", LANE_ITEM.c.acked_at < real_now() - older_than)
            .limit(limit)
        )
        rows = await tx.all(old)
        if rows:
            mine = (LANE_ITEM.c.lane == bindparam("for_lane"), LANE_ITEM.c.seq == bindparam("number"))
            await tx.execute(
                delete(LANE_ITEM).where(*mine), [{"for_lane": row.lane, "number": row.seq} for row in rows]
            )
        return len(rows)


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """One lane as an operator sees it. Times are aware UTC, real time; no personal data."""

    lane: str
    participant: str
    connected: bool
    connected_at: datetime | None
    away_since: datetime | None
    undelivered: int
    oldest_at: datetime | None
    quarantined: int
    held: int
    resync: bool
    resyncs: int
    last_seq: int
    acked_seq: int
    last_report_seq: int
    compared_at: datetime | None
    differing: int
    drift_seconds: int
    software: str


async def list_lanes(*, database: Database, only: Iterable[str] | None = None) -> list[LaneFigures]:
    """Return every lane, or those named, ordered by name."""
    async with database.read() as tx:
        query = select(LANE).order_by(LANE.c.lane)
        if only is not None:
            query = query.where(LANE.c.lane.in_(list(only)))
        lanes = await tx.all(query)
        ready = await tx.all(
            select(LANE_ITEM.c.lane, func.count().label("n"), func.min(LANE_ITEM.c.at).label("oldest"))
            .where(LANE_ITEM.c.state == "ready")
            .group_by(LANE_ITEM.c.lane)
        )
        stuck = await tx.all(
            select(LANE_ITEM.c.lane, func.count().label("n"))
            .where(LANE_ITEM.c.state == "quarantined")
            .group_by(LANE_ITEM.c.lane)
        )
        held = await tx.all(select(HELD_ITEM.c.lane, func.count().label("n")).group_by(HELD_ITEM.c.lane))
    waiting = {row.lane: row for row in ready}
    quarantined = {row.lane: row.n for row in stuck}
    behind = {row.lane: row.n for row in held}
    return [
        LaneFigures(
            lane=row.lane,
            participant=row.participant or row.lane,
            connected=row.holder != "",
            undelivered=(waiting[row.lane].n if row.lane in waiting else 0) + behind.get(row.lane, 0),
            oldest_at=waiting[row.lane].oldest if row.lane in waiting else None,
            quarantined=quarantined.get(row.lane, 0),
            held=behind.get(row.lane, 0),
            **{name: getattr(row, name) for name in _SAME},
        )
        for row in lanes
    ]


_SAME = (
    *("connected_at", "away_since", "resync", "resyncs", "last_seq", "acked_seq", "last_report_seq"),
    *("compared_at", "differing", "drift_seconds", "software"),
)
