"""From the log into the exchange's tables. Each function runs inside the consumer's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, tuple_, update

from exchange.store import DOSSIER, HELD_ITEM, HOLDING, LANE, LANE_ITEM
from exchange.usecases.rehoming import FormerLane, Notice, leave_lanes, note_former
from kernel.clock import real_now
from kernel.db import Database, Tx
from kernel.digest import digest_bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery from the log; ``ce_id`` is its identity, so that a relay's repetition is dropped."""

    lane: str
    subject: str
    subject_kind: str
    epoch: int
    kind: str
    request_no: int
    body: bytes = field(repr=False)
    ce_id: str

    def row(self, now: datetime) -> dict[str, object]:
        """Return the columns that lane_item and held_item share."""
        return {
            "lane": self.lane,
            "subject": self.subject,
            "subject_kind": self.subject_kind,
            "epoch": self.epoch,
            "kind": self.kind,
            "request_no": self.request_no,
            "body": self.body,
            "digest": digest_bytes(self.body),
            "size": len(self.body),
            "ce_id": self.ce_id,
            "at": now,
        }


async def drain_deliveries(tx: Tx, *, deliveries: Sequence[Incoming], notice: Notice | None = None) -> set[str]:
    """Put deliveries on their lanes, numbered densely under the lane's row; return the lanes that got something.

    A snapshot of a later epoch is a new owner's: with ``notice`` what waits for earlier owners is turned into it.
    """
    fresh = await _unseen(tx, deliveries) if deliveries else []
    if not fresh:
        return set()
    now = real_now()
    numbers = await _last_numbers(tx, {item.lane for item in fresh})
    stuck = await _stuck(tx, {(item.lane, item.subject) for item in fresh})
    ready, held = [], []
    for item in fresh:
        if (item.lane, item.subject) in stuck:
            held.append(item.row(now))
            continue
        numbers[item.lane] += 1
        ready.append({**item.row(now), "seq": numbers[item.lane], "state": "ready", "replaces": 0})
    if ready:
        await tx.execute(insert(LANE_ITEM), ready)
    if held:
        await tx.execute(insert(HELD_ITEM), held)
    await _give(tx, numbers)
    epochs = {item.subject: item.epoch for item in fresh if item.kind == "snapshot" and item.epoch > 1}
    if epochs and notice is not None:
        await leave_lanes(tx, epochs=epochs, notice=notice)
    await _place(tx, fresh)
    return set(numbers)


async def _unseen(tx: Tx, deliveries: Sequence[Incoming]) -> list[Incoming]:
    wanted = {item.ce_id: item for item in deliveries}
    for table in (LANE_ITEM, HELD_ITEM):
        for row in await tx.all(select(table.c.ce_id).where(table.c.ce_id.in_(list(wanted)))):
            wanted.pop(row.ce_id, None)
    return list(wanted.values())


async def _last_numbers(tx: Tx, lanes: Iterable[str]) -> dict[str, int]:
    names = sorted(lanes)
    rows = await tx.all(select(LANE.c.lane, LANE.c.last_seq).where(LANE.c.lane.in_(names)).with_for_update())
    numbers = {row.lane: int(row.last_seq) for row in rows}
    new = [name for name in names if name not in numbers]
    if new:
        await tx.execute(insert(LANE), [{"lane": name, "away_since": real_now()} for name in new])
    return numbers | dict.fromkeys(new, 0)


async def _give(tx: Tx, numbers: dict[str, int]) -> None:
    statement = update(LANE).where(LANE.c.lane == bindparam("for_lane")).values(last_seq=bindparam("number"))
    await tx.execute(statement, [{"for_lane": lane, "number": number} for lane, number in numbers.items()])


async def _stuck(tx: Tx, places: set[tuple[str, str]]) -> set[tuple[str, str]]:
    rows = await tx.all(
        select(LANE_ITEM.c.lane, LANE_ITEM.c.subject).where(
            LANE_ITEM.c.state == "quarantined",
            tuple_(LANE_ITEM.c.lane, LANE_ITEM.c.subject).in_(sorted(places)),
        )
    )
    return {(row.lane, row.subject) for row in rows}


async def _place(tx: Tx, items: Sequence[Incoming]) -> None:
    """Note which lane a dossier is on before dossier.events says so: files may be fetched at once."""
    rows = {
        item.subject: {"code": item.subject, "lane": item.lane, "epoch": item.epoch}
        for item in items
        if item.kind in ("handover", "snapshot") and item.subject_kind == "dossier"
    }
    if rows:
        statement = tx.insert_unless(DOSSIER)
        moved = statement.on_conflict_do_update(
            index_elements=[DOSSIER.c.code],
            set_={"lane": statement.excluded.lane, "epoch": statement.excluded.epoch},
            where=statement.excluded.epoch > DOSSIER.c.epoch,
        )
        await tx.execute(moved, list(rows.values()))
    again = [item.subject for item in items if item.kind == "snapshot"]
    if again:
        await tx.execute(update(DOSSIER).where(DOSSIER.c.code.in_(again)).values(wanted_at=None))


async def release_quarantined(*, database: Database, lane: str, subject: str, by: str) -> int:
    """Send the subject's quarantined items again, then what waits behind them; return how many got new numbers.

    ``by`` is the operator's pseudonymous id, kept with the new items' identities.
    """
    async with database.begin() as tx:
        numbers = await _last_numbers(tx, [lane])
        mine = (LANE_ITEM.c.lane == lane, LANE_ITEM.c.subject == subject, LANE_ITEM.c.state == "quarantined")
        again = await tx.all(select(LANE_ITEM).where(*mine).order_by(LANE_ITEM.c.seq))
        behind = (HELD_ITEM.c.lane == lane, HELD_ITEM.c.subject == subject)
        waiting = await tx.all(select(HELD_ITEM).where(*behind).order_by(HELD_ITEM.c.id))
        rows: list[dict[str, object]] = []
        for row in (*again, *waiting):
            plain = {name: value for name, value in row._mapping.items() if name not in ("id", "acked_at")}
            numbers[lane] += 1
            fresh = {"seq": numbers[lane], "state": "ready", "replaces": plain.get("seq", 0), "at": real_now()}
            # The digest is of what is sent now: what was damaged on its way is whole again here.
            rows.append(plain | fresh | {"digest": digest_bytes(row.body)})
        await tx.execute(update(LANE_ITEM).where(*mine).values(state="acked", acked_at=real_now()))
        await tx.execute(delete(HELD_ITEM).where(*behind))
        if rows:
            await tx.execute(insert(LANE_ITEM), rows)
            await _give(tx, numbers)
        return len(rows)


@dataclass(frozen=True, slots=True)
class DossierState:
    """One event of dossier_service, as far as comparing needs it."""

    code: str
    lane: str
    epoch: int
    version: int
    event_no: int
    request_no: int
    digest: str
    ended: bool
    changed_at: datetime
    former_lane: str = ""


COPIED = tuple(name for name in DossierState.__slots__ if name != "former_lane")


async def copy_states(tx: Tx, *, states: Sequence[DossierState]) -> None:
    """Keep the newest state of each dossier, by ``event_no``, and the lanes that dossiers left."""
    left = [FormerLane(state.code, state.epoch - 1, state.former_lane) for state in states if state.former_lane]
    await note_former(tx, left)
    newest: dict[str, DossierState] = {}
    for state in states:
        if state.code not in newest or newest[state.code].event_no < state.event_no:
            newest[state.code] = state
    rows = [{name: getattr(state, name) for name in COPIED} for state in newest.values()]
    await tx.insert_newer(DOSSIER, rows, key="code", version="event_no")


@dataclass(frozen=True, slots=True)
class Participant:
    """A participant as the catalogue has it: the lanes it may hold from ``since`` on."""

    participant: str
    lanes: tuple[str, ...]
    version: int
    since: datetime


async def hold_lanes(tx: Tx, *, participants: Sequence[Participant]) -> None:
    """Keep the dated registry of who may hold which lane."""
    for each in participants:
        rows = await tx.all(
            select(HOLDING).where(
                HOLDING.c.until.is_(None),
                (HOLDING.c.participant == each.participant) | HOLDING.c.lane.in_(each.lanes),
            )
        )
        mine = {row.lane: row for row in rows if row.participant == each.participant}
        if any(row.version >= each.version for row in mine.values()):
            continue
        ending = [row.lane for row in rows if row.lane not in each.lanes or row.lane not in mine]
        await tx.execute(
            update(HOLDING).where(HOLDING.c.lane.in_(ending), HOLDING.c.until.is_(None)).values(until=each.since)
        )
        await tx.execute(
            update(HOLDING)
            .where(HOLDING.c.participant == each.participant, HOLDING.c.until.is_(None))
            .values(version=each.version)
        )
        fresh = [
            {"lane": lane, "since": each.since, "participant": each.participant, "version": each.version}
            for lane in each.lanes
            if lane not in mine
        ]
        if fresh:
            await tx.execute(insert(HOLDING), fresh)
