"""Giving open dossiers another owner: each in one transaction, beside the serving processes (road.md 3.2)."""

from collections.abc import Sequence

from dossier_service.model.dossier import Dossier, advance
from dossier_service.model.happened import RefusalQueued
from dossier_service.model.rehoming import Heir, hand_on, handed_on_text
from dossier_service.model.reports import STALE_OWNER
from dossier_service.store import catalogue, dossiers, inbox, owners
from dossier_service.usecases.exchange import queue_snapshots
from dossier_service.usecases.reports import CONSUMER
from dossier_service.usecases.republish import Progress, untold
from dossier_service.usecases.tasks import queue_open_tasks
from kernel.clock import Clock
from kernel.db import Database, Tx
from kernel.digest import digest_bytes
from kernel.errors import Invalid, Text
from kernel.outbox import until_short

STEP = 20


async def rehome_dossiers(
    *,
    database: Database,
    clock: Clock,
    source: str,
    target: str,
    subject: str | None = None,
    share: float = 1.0,
    step: int = STEP,
    progress: Progress = untold,
) -> int:
    """Hand open dossiers of lane ``source`` on to lane ``target``; return how many were handed on now.

    ``subject`` = that dossier alone; ``share`` (0 to 1) = that part of them, always the same ones by their codes, so
    that it is safe to repeat. What has ended, or is on another lane, stays. Raises ``Invalid`` ``unknown_lane``.
    """
    async with database.read() as tx:
        await _check(tx, source, target)
        total = 1 if subject else await owners.count_open(tx, source)
    moved, done, after = 0, 0, ""
    while True:
        await until_short(database)
        async with database.begin() as tx:
            codes = [subject] if subject else await owners.open_codes(tx, source, after=after, limit=step)
            found = await dossiers.load(tx, [code for code in codes if subject or is_chosen(code, share)])
            going = [found[code] for code in sorted(found) if found[code].lane == source and not found[code].ended]
            await _hand_on(tx, going, target, clock)
        moved += len(going)
        done += len(codes)
        progress("dossiers", done, max(total, done))
        if subject or len(codes) < step:
            return moved
        after = codes[-1]


def is_chosen(code: str, share: float) -> bool:
    """Tell whether dossier ``code`` belongs to the part ``share`` of all; a greater part contains a smaller one."""
    return int(digest_bytes(f"rehome/{code}".encode())[:8], 16) < share * 2**32


async def _check(tx: Tx, source: str, target: str) -> None:
    for lane in (source, target):
        if not await catalogue.is_lane(tx, lane):
            raise Invalid("unknown_lane", Text(f"Không có làn {lane}.", f"There is no lane {lane}."))
    if source == target:
        raise Invalid("same_lane", Text("Hai làn phải khác nhau.", "The two lanes are the same."))


async def _hand_on(tx: Tx, going: Sequence[Dossier], target: str, clock: Clock) -> None:
    waiting = await inbox.parked(tx, [dossier.code for dossier in going])
    pairs, changes, former, told = [], [], [], []
    for before in going:
        heir = await _heir(tx, before, target)
        text = handed_on_text(heir.office_name)
        after, change, owner = hand_on(before, heir, at=clock.now())
        # What waited for an earlier report of the former owner will never be applied: it gets its verdict now.
        for row in waiting.get(before.code, []):
            await inbox.quarantine(tx, CONSUMER, inbox.record_of(row), STALE_OWNER)
        for version in (*(row.version for row in waiting.get(before.code, [])), 0):
            after = advance(after, delivery_no=after.delivery_no + 1)
            number = after.delivery_no
            told.append(RefusalQueued(before.code, before.lane, number, before.epoch, version, STALE_OWNER, text))
        pairs.append((before, advance(after, delivery_no=after.delivery_no + 1)))
        changes.append(change)
        former.append(owner)
    await dossiers.move(tx, pairs)
    await dossiers.add_history(tx, changes)
    await owners.add_former(tx, former)
    await inbox.unpark(tx, [(code, row.version) for code, rows in waiting.items() for row in rows])
    for event in (*changes, *told):
        tx.emit(event)
    await queue_snapshots(tx, [after for _, after in pairs])
    await queue_open_tasks(tx, [after for _, after in pairs])


async def _heir(tx: Tx, dossier: Dossier, target: str) -> Heir:
    """Return the new owner's office: the ward's desk if it decides and is on that lane by now, else the centre."""
    place = await catalogue.place(tx, dossier.place)
    revision = await catalogue.revision(tx, dossier.procedure, dossier.revision)
    of_the_ward = revision is not None and revision.competent_level == "commune"
    if of_the_ward and place is not None and place.lane == target:
        return Heir(target, place.office, place.office_name)
    return Heir(target, target, await catalogue.centre_of(tx, target))
