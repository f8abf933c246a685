"""What links bring, written for many lanes in one transaction; and what a link sends next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.engine import Row

from exchange.model import DeliveryAcked, ItemQuarantined, UpwardReceived
from exchange.store import LANE, LANE_ITEM, UNREADABLE
from exchange.usecases.drain import Incoming, drain_deliveries
from kernel.clock import real_now
from kernel.db import Database, Tx


@dataclass(frozen=True, slots=True)
class BadItem:
    """The participant could not read item ``seq``."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A report that cannot be passed on; ``answer`` tells the officer where the subject is known."""

    report_seq: int
    body: bytes = field(repr=False)
    reason: str
    answer: Incoming | None


@dataclass(frozen=True, slots=True)
class Work:
    """What one link brought since it was last recorded. ``acked`` 0 = nothing new; reports are dense."""

    lane: str
    link_epoch: int
    journal_id: str
    acked: int
    reports: Sequence[UpwardReceived | Unreadable]
    bad: Sequence[BadItem]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Which links are still the newest of their lane, and which lanes got items of the exchange's own."""

    current: frozenset[str]
    filled: frozenset[str]


async def record_work(*, database: Database, works: Sequence[Work]) -> Recorded:
    """Store reports with their outbox rows, positions, acks and quarantines: all of it, or nothing.

    A link that is no longer the newest of its lane has no effect and is not in ``current``.
    """
    async with database.begin() as tx:
        now = real_now()
        rows = await _lanes(tx, [work.lane for work in works])
        taken = [work for work in works if _fits(work, rows.get(work.lane))]
        if not taken:
            return Recorded(frozenset(), frozenset())
        acked = {w.lane: min(max(rows[w.lane].acked_seq, w.acked), rows[w.lane].last_seq) for w in taken}
        moves = [
            (
                {"lane": work.lane, "link_epoch": work.link_epoch},
                {
                    "acked_seq": acked[work.lane],
                    "last_report_seq": rows[work.lane].last_report_seq + len(work.reports),
                    "last_seen": now,
                },
            )
            for work in taken
        ]
        await tx.change(LANE, moves)
        for work in taken:
            await _quarantine(tx, work)
        await emit_acked(tx, {lane: (rows[lane].acked_seq, to) for lane, to in acked.items()}, now)
        filled = await _reports(tx, taken, now)
        return Recorded(frozenset(work.lane for work in taken), frozenset(filled))


def _fits(work: Work, row: Row[Any] | None) -> bool:
    """Tell whether the link is the newest and its reports are just the next ones."""
    if row is None or row.link_epoch != work.link_epoch:
        return False
    return not work.reports or (not row.resync and work.reports[0].report_seq == row.last_report_seq + 1)


async def _lanes(tx: Tx, names: Sequence[str]) -> dict[str, Row[Any]]:
    rows = await tx.all(select(LANE).where(LANE.c.lane.in_(names)).with_for_update())
    return {row.lane: row for row in rows}


async def emit_acked(tx: Tx, moved: Mapping[str, tuple[int, int]], now: datetime) -> None:
    """Mark the ready items of each lane in (from, to] as acked and say so, one event an item."""
    spans = {lane: span for lane, span in moved.items() if span[1] > span[0]}
    if not spans:
        return
    columns = (LANE_ITEM.c.lane, LANE_ITEM.c.seq, LANE_ITEM.c.subject, LANE_ITEM.c.kind, LANE_ITEM.c.request_no)
    rows = await tx.all(
        select(*columns)
        .where(
            LANE_ITEM.c.state == "ready",
            or_(
                *(
                    and_(LANE_ITEM.c.lane == lane, LANE_ITEM.c.seq > low, LANE_ITEM.c.seq <= high)
                    for lane, (low, high) in spans.items()
                )
            ),
        )
        .order_by(LANE_ITEM.c.lane, LANE_ITEM.c.seq)
    )
    statement = (
        update(LANE_ITEM)
        .where(
            LANE_ITEM.c.state == "ready",
            LANE_ITEM.c.lane == bindparam("for_lane"),
            LANE_ITEM.c.seq > bindparam("low"),
            LANE_ITEM.c.seq <= bindparam("high"),
        )
        .values(state="acked", acked_at=now)
    )
    await tx.execute(statement, [{"for_lane": k, "low": low, "high": high} for k, (low, high) in spans.items()])
    for row in rows:
        tx.emit(DeliveryAcked(row.lane, row.subject, row.kind, row.seq, row.request_no, now))


async def _quarantine(tx: Tx, work: Work) -> None:
    for item in work.bad:
        place = (LANE_ITEM.c.lane == work.lane, LANE_ITEM.c.seq == item.seq, LANE_ITEM.c.state == "ready")
        row = await tx.first(select(LANE_ITEM.c.subject).where(*place))
        if row is not None:
            await tx.execute(update(LANE_ITEM).where(*place).values(state="quarantined"))
            tx.emit(ItemQuarantined(work.lane, row.subject, item.seq, item.reason))


async def _reports(tx: Tx, works: Sequence[Work], now: datetime) -> set[str]:
    refused = []
    for work in works:
        for report in work.reports:
            if isinstance(report, UpwardReceived):
                tx.emit(report)
            else:
                refused.append((work, report))
    if refused:
        await tx.execute(
            tx.insert_unless(UNREADABLE).on_conflict_do_nothing(),
            [
                {
                    "lane": work.lane,
                    "journal_id": work.journal_id,
                    "report_seq": report.report_seq,
                    "body": report.body,
                    "reason": report.reason,
                    "at": now,
                }
                for work, report in refused
            ],
        )
    return await drain_deliveries(tx, deliveries=[report.answer for _, report in refused if report.answer])


async def next_items(*, database: Database, lane: str, after: int, items: int, budget: int) -> Sequence[Row[Any]]:
    """Return the next items of ``lane`` after number ``after``: at most ``items``, of ``budget`` bytes together."""
    async with database.read() as tx:
        ahead = (
            select(
                LANE_ITEM.c.seq.label("seq"),
                func.sum(LANE_ITEM.c.size).over(order_by=LANE_ITEM.c.seq).label("running"),
            )
            .where(LANE_ITEM.c.lane == lane, LANE_ITEM.c.state == "ready", LANE_ITEM.c.seq > after)
            .order_by(LANE_ITEM.c.seq)
            .limit(items)
            .subquery()
        )
        columns = (
            *(LANE_ITEM.c.seq, LANE_ITEM.c.subject, LANE_ITEM.c.kind, LANE_ITEM.c.body),
            *(LANE_ITEM.c.digest, LANE_ITEM.c.size, LANE_ITEM.c.replaces),
        )
        return await tx.all(
            select(*columns)
            .join(ahead, ahead.c.seq == LANE_ITEM.c.seq)
            .where(LANE_ITEM.c.lane == lane, ahead.c.running <= budget)
            .order_by(LANE_ITEM.c.seq)
        )


async def last_numbers(*, database: Database, lanes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return (link epoch, last item number) of each of ``lanes``."""
    async with database.read() as tx:
        rows = await tx.all(select(LANE.c.lane, LANE.c.link_epoch, LANE.c.last_seq).where(LANE.c.lane.in_(lanes)))
    return {row.lane: (row.link_epoch, row.last_seq) for row in rows}
