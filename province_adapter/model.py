"""Words and rules of the adapter that need no input or output."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from kernel.digest import digest_of

BUCKETS = 256
PROTOCOL = 1
SOFTWARE = "motcua-adapter/0.1"
KINDS = ("handover", "request_filed", "report_refused", "send_snapshot", "snapshot", "task_opened")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the journal stands. Numbers are the last ones given; 0 = none yet."""

    journal_id: str
    last_seq: int
    last_report_seq: int
    receipted: int
    link_epoch: int
    cursor: int  # the office's last change that is journaled
    resync: bool
    books_restored: bool  # the office's books are older than this journal, and the nation does not know yet


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery as it came, checked against its digest; ``bad`` says why it cannot be read."""

    seq: int
    subject: str
    kind: str
    body: bytes = field(repr=False)
    replaces: int = 0
    bad: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing the office did; ``has_files``: its files must be at the nation before it is reported."""

    number: int
    subject: str
    kind: str
    body: bytes = field(repr=False)
    has_files: bool


@dataclass(frozen=True, slots=True)
class State:
    """One dossier in the office's books."""

    subject: str
    epoch: int
    version: int
    digest: str


def bucket_of(subject: str) -> int:
    """Return the bucket of a dossier: the first byte of SHA-256 of its code."""
    return hashlib.sha256(subject.encode()).digest()[0]


def bucket_digests(states: Iterable[State]) -> list[str]:
    """Return 256 digests, the empty string for an empty bucket; the nation computes the same over its copy."""
    buckets: dict[int, list[object]] = {}
    for state in sorted(states, key=lambda each: each.subject):
        row = [state.subject, state.epoch, state.version, state.digest]
        buckets.setdefault(bucket_of(state.subject), []).append(row)
    return [digest_of(buckets[number]) if number in buckets else "" for number in range(BUCKETS)]


def pause(tries: int, *, first: float, longest: float) -> float:
    """Return how many seconds to wait after ``tries`` failures: doubling, with jitter, never over ``longest``."""
    ceiling: float = min(first * 2 ** min(tries, 30), longest)
    return ceiling * random.uniform(0.5, 1.0)
