"""What the exchange tells: delivered, a full snapshot is wanted, a file is here, a link is up or down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dossier_service.model.dossier import Dossier, advance
from dossier_service.model.happened import AccessRecorded, DossierChanged, SnapshotQueued
from dossier_service.model.reports import deliver
from dossier_service.store import catalogue, dossiers, inbox, owners
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.reports import Decode, retry_parked
from kernel.db import Tx


@dataclass(frozen=True, slots=True)
class Delivered:
    """The owner of ``lane`` has journaled the hand-over of ``code``; an empty ``lane`` is the present owner's."""

    code: str
    at: datetime
    lane: str = ""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A participant's link came up or was lost."""

    participant: str
    link_epoch: int
    connected: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody of the owner's office opened the dossier."""

    code: str
    participant: str
    role: str
    office: str
    why: str
    at: datetime


async def note_delivered(*, tx: Tx, desk: Desk, events: Sequence[Delivered]) -> None:
    """Write "received by the office" once per dossier."""
    held = await dossiers.load(tx, {event.code for event in events})
    pairs: list[tuple[Dossier, Dossier]] = []
    changes: list[DossierChanged] = []
    for event in sorted(events, key=lambda event: event.code):
        dossier = held.pop(event.code, None)
        if dossier is not None and event.lane not in ("", dossier.lane):
            held[event.code] = dossier  # a former owner's acknowledgement says nothing of the present one
            continue
        applied = deliver(dossier, at=event.at, received_at=desk.clock.now()) if dossier else None
        if dossier is not None and applied is not None:
            pairs.append((dossier, applied.dossier))
            changes += applied.changes
    await dossiers.move(tx, pairs)
    await dossiers.add_history(tx, changes)
    for change in changes:
        tx.emit(change)
    codes = [before.code for before, _ in pairs]
    tx.after_commit(lambda: desk.changes.ring(codes))


async def send_snapshots(*, tx: Tx, codes: Iterable[str]) -> None:
    """Put the whole state of these dossiers on their lanes again."""
    held = await dossiers.load(tx, set(codes))
    pairs = []
    for code in sorted(held):
        after = advance(held[code], delivery_no=held[code].delivery_no + 1)
        pairs.append((held[code], after))
    await dossiers.move(tx, pairs)
    await queue_snapshots(tx, [after for _, after in pairs])


async def queue_snapshots(tx: Tx, whole: Iterable[Dossier]) -> None:
    """Put each dossier as it is now, with its history and requests, on its lane."""
    for dossier in whole:
        tx.emit(
            SnapshotQueued(
                dossier,
                await dossiers.filed_for(tx, dossier.code),
                await dossiers.history_of(tx, dossier.code),
                await dossiers.requests_of(tx, dossier.code),
            )
        )


async def note_files(*, tx: Tx, desk: Desk, codes: Iterable[str], decode: Decode) -> None:
    """Try again the reports that waited for a file."""
    await retry_parked(tx=tx, desk=desk, codes=codes, decode=decode)


async def note_links(*, tx: Tx, events: Sequence[LinkChanged]) -> None:
    """Keep whether each participant is reachable."""
    for event in events:
        await inbox.put_link(
            tx,
            participant=event.participant,
            link_epoch=event.link_epoch,
            connected=event.connected,
            at=event.at,
        )


async def note_accesses(*, tx: Tx, events: Sequence[Access]) -> None:
    """Write down who opened which dossier; of foreign or unknown dossiers nothing is kept.

    A former owner's officers count: whoever saw the data is shown.
    """
    held = await dossiers.load(tx, {event.code for event in events})
    lanes = await catalogue.lanes_of(tx, sorted({event.participant for event in events}))
    former = await owners.former_of(tx, [code for code, dossier in held.items() if dossier.epoch > 1])
    seen_by = {
        code: {dossier.lane, *(row.lane for row in former.get(code, {}).values())} for code, dossier in held.items()
    }
    mine = [event for event in events if seen_by.get(event.code, set()) & lanes[event.participant]]
    rows = [
        {"code": event.code, "role": event.role, "office": event.office, "why": event.why, "at": event.at}
        for event in mine
    ]
    for event, number in zip(mine, await inbox.add_accesses(tx, rows), strict=True):
        if number:
            tx.emit(
                AccessRecorded(
                    event.code, held[event.code].owner, number, event.role, event.office, event.why, event.at
                )
            )
