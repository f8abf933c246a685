"""Rules of the link: who may hold a lane, what a hello means, and how two sets of states are compared."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kernel.digest import digest_of
from kernel.errors import Conflict, Text

BUCKETS = 256
# gRPC and the log take 1 MiB; the frame around a body needs some of it.
MAX_BODY = 1024 * 1024 - 4096
ENDED = frozenset({"refused", "withdrawn", "stopped", "returned"})


@dataclass(frozen=True, slots=True)
class Position:
    """A lane's row as far as the link is concerned. Numbers are the last ones given; 0 = none yet."""

    lane: str
    link_epoch: int = 0
    journal_id: str = ""
    acked_seq: int = 0
    last_seq: int = 0
    last_report_seq: int = 0
    resync: bool = False
    lost_from: int = 0  # a journal went back: items after this number up to lost_to may be gone from it
    lost_to: int = 0
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a participant says of its journal when it connects."""

    journal_id: str
    last_report_seq: int
    last_seq: int
    link_epoch: int
    books_restored: bool = False


def starts_anew(position: Position, greeting: Greeting) -> bool:
    """Tell whether the nation lost its lane's rows: the journal holds more than the lane ever gave, or is unknown."""
    unknown = position.journal_id == "" and (greeting.last_seq > 0 or greeting.last_report_seq > 0)
    return unknown or greeting.last_seq > position.last_seq


def admit(position: Position, greeting: Greeting, *, now: datetime, grace: timedelta) -> Position:
    """Return the lane's position after ``greeting``; the newest connection wins, so the link epoch grows.

    A journal that is another one, or that does not fit what the nation holds, comes in as RESYNC: nothing is taken
    from it until both sides were compared. Raises ``Conflict`` (``other_journal``) while the known journal's link was
    alive within ``grace``: two adapters would answer for one office.
    """
    other = position.journal_id not in ("", greeting.journal_id)
    if other and position.last_seen is not None and now - position.last_seen < grace:
        raise Conflict(
            "other_journal",
            Text(
                "Một sổ ghi khác của làn này vừa kết nối. Hãy chờ rồi thử lại.",
                "Another journal of this lane was connected a moment ago. Wait and try again.",
            ),
        )
    lost = 0 if other or greeting.books_restored else greeting.last_seq
    behind = greeting.last_report_seq < position.last_report_seq or greeting.last_seq < position.acked_seq
    admitted = replace(
        position,
        link_epoch=max(position.link_epoch, greeting.link_epoch) + 1,
        journal_id=greeting.journal_id,
        last_seen=now,
    )
    if starts_anew(position, greeting):
        # The nation was restored: its lane starts again behind what the journal already holds. Without its rows
        # it does not know what the journal was given, so open requests count as lost.
        known = greeting.last_seq if position.journal_id else 0
        return replace(
            admitted,
            resync=True,
            acked_seq=greeting.last_seq,
            last_seq=greeting.last_seq,
            lost_from=position.lost_from if position.resync else known,
            lost_to=greeting.last_seq,
        )
    if other or behind or greeting.books_restored:
        since = min(lost, position.lost_from) if position.resync else lost
        return replace(admitted, resync=True, lost_from=since, lost_to=position.acked_seq)
    # What was journaled but not yet acked when the last link broke is acked by the greeting.
    return replace(admitted, acked_seq=greeting.last_seq)


# ---- what is said to the log ----


@dataclass(frozen=True, slots=True)
class LinkConnected:
    """A participant's newest link."""

    lane: str
    link_epoch: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The lane's link is gone and no newer one has taken its place."""

    lane: str
    link_epoch: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryAcked:
    """The participant has the delivery in its journal, on disk."""

    lane: str
    subject: str
    kind: str
    seq: int
    request_no: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RedeliveryWanted:
    """The participant's copy differs or is lost: put the whole state on the lane again."""

    lane: str
    subject: str
    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class ItemQuarantined:
    """The participant could not read this item; later ones of the subject wait behind it."""

    lane: str
    subject: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileStored:
    """A file from the participant is here and verified."""

    lane: str
    subject: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class UpwardReceived:
    """One report, snapshot or access note, stored; ``body`` is what goes to the log."""

    lane: str
    report_seq: int
    subject: str
    kind: str
    version: int
    body: bytes = field(repr=False)


# ---- comparing ----


@dataclass(frozen=True, slots=True)
class Held:
    """One dossier as one side holds it."""

    subject: str
    epoch: int
    version: int
    digest: str


def bucket_of(subject: str) -> int:
    """Return the bucket of a dossier: the first byte of SHA-256 of its code."""
    return hashlib.sha256(subject.encode()).digest()[0]


def bucket_digests(rows: Iterable[Held]) -> list[str]:
    """Return 256 digests, the empty string for an empty bucket; rows are ordered by subject."""
    buckets: dict[int, list[object]] = {}
    for row in sorted(rows, key=lambda each: each.subject):
        buckets.setdefault(bucket_of(row.subject), []).append([row.subject, row.epoch, row.version, row.digest])
    return [digest_of(buckets[number]) if number in buckets else "" for number in range(BUCKETS)]


@dataclass(frozen=True, slots=True)
class Difference:
    """Subjects whose state differs, and those that only the participant knows."""

    differing: tuple[str, ...]
    foreign: tuple[str, ...]


def differences(ours: Sequence[Held], theirs: Sequence[Held], *, unsettled: frozenset[str]) -> Difference:
    """Compare row by row. ``unsettled`` subjects have something under way and are left out."""
    mine: Mapping[str, Held] = {row.subject: row for row in ours}
    other: Mapping[str, Held] = {row.subject: row for row in theirs}
    return Difference(
        tuple(sorted(s for s, row in mine.items() if s not in unsettled and other.get(s) != row)),
        tuple(sorted(s for s in other if s not in mine and s not in unsettled)),
    )
