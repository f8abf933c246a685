"""A dossier comes to another lane: what still waits on the old one is no work any more (road.md 2.1, 3.2).

Lanes are dense, so an item is never taken off: its body is changed where it lies. What was to be sent becomes the
notice that the dossier was handed on; the order of the dossier holds on both lanes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, select, update

from exchange.store import DOSSIER, FORMER_LANE, HELD_ITEM, LANE_ITEM
from kernel.db import Tx
from kernel.digest import digest_bytes

WORK = ("handover", "request_filed", "send_snapshot", "snapshot")
UNSENT = ("ready", "quarantined")
NOTICE = "report_refused"

Notice = Callable[[str, str, int], bytes]
"""Makes the body of a notice from the dossier's code, the lane it is for and the epoch that is over."""


@dataclass(frozen=True, slots=True)
class FormerLane:
    """Dossier ``code`` was on ``lane`` in ``epoch``, which is over."""

    code: str
    epoch: int
    lane: str

    def row(self) -> dict[str, object]:
        """Return the columns."""
        return {"code": self.code, "epoch": self.epoch, "lane": self.lane}


async def leave_lanes(tx: Tx, *, epochs: Mapping[str, int], notice: Notice) -> None:
    """Make notices of what waits for the owners of earlier epochs; ``epochs`` is the newest one by dossier.

    Called when the new owner's snapshot is on its lane, before the copy of where dossiers are is moved.
    """
    rows = await tx.all(select(DOSSIER.c.code, DOSSIER.c.epoch, DOSSIER.c.lane).where(DOSSIER.c.code.in_(epochs)))
    await note_former(tx, [FormerLane(row.code, row.epoch, row.lane) for row in rows if row.epoch < epochs[row.code]])
    for table, key in ((LANE_ITEM, ("lane", "seq")), (HELD_ITEM, ("id",))):
        waiting = [table.c.subject.in_(epochs), table.c.kind.in_(WORK)]
        if table is LANE_ITEM:
            waiting.append(LANE_ITEM.c.state.in_(UNSENT))
        columns = [table.c.subject, table.c.epoch, table.c.lane, *(table.c[name] for name in key if name != "lane")]
        for row in await tx.all(select(*columns).where(*waiting)):
            if row.epoch < epochs[row.subject]:
                await _turn(
                    tx,
                    table,
                    [table.c[name] == getattr(row, name) for name in key],
                    notice(row.subject, row.lane, epochs[row.subject] - 1),
                )


async def _turn(tx: Tx, table: Table, place: Sequence[ColumnElement[bool]], body: bytes) -> None:
    told = {"kind": NOTICE, "request_no": 0, "body": body, "digest": digest_bytes(body), "size": len(body)}
    await tx.execute(update(table).where(*place).values(**told))


async def note_former(tx: Tx, lanes: Sequence[FormerLane]) -> None:
    """Keep where dossiers were; what is known stays."""
    if lanes:
        await tx.execute(tx.insert_unless(FORMER_LANE).on_conflict_do_nothing(), [each.row() for each in lanes])


async def is_former(tx: Tx, *, code: str, lanes: Sequence[str]) -> bool:
    """Tell whether dossier ``code`` once was on one of ``lanes``."""
    mine = (FORMER_LANE.c.code == code, FORMER_LANE.c.lane.in_(lanes))
    return await tx.first(select(FORMER_LANE.c.epoch).where(*mine).limit(1)) is not None
