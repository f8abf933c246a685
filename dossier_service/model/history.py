"""History: one hash chain per dossier over salted digests, so content can be erased and the chain still verifies."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossier_service.model.states import State
from kernel.digest import canonical, digest_bytes, digest_of

FIRST_PREV = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``n`` is the event_no; ``content`` and ``salt`` are erased together, ``content_digest`` stays.

    ``reported_at`` is what the owner's clock said before it was clamped to [previous step, received_at].
    """

    dossier: str
    n: int
    prev: str
    type: str
    epoch: int
    version: int
    occurred_at: datetime
    received_at: datetime
    content_digest: str
    hash: str
    salt: bytes | None
    content: bytes | None
    state: State
    status: int
    state_digest: str
    request_no: int | None = None
    reported_at: datetime | None = None
    recovered: bool = False
    late: bool = False
    drift: bool = False


def content_digest(salt: bytes, content: bytes) -> str:
    """Return SHA-256(16-byte salt || canonical content)."""
    return digest_bytes(salt + content)


def hash_of(entry: Entry) -> str:
    """Return the hash of one entry (exact.md 9)."""
    return digest_of(
        {
            "v": 1,
            "dossier": entry.dossier,
            "n": entry.n,
            "prev": entry.prev,
            "type": entry.type,
            "epoch": entry.epoch,
            "version": entry.version,
            "request_no": entry.request_no,
            "occurred_at": entry.occurred_at,
            "received_at": entry.received_at,
            "content": entry.content_digest,
        }
    )


def new_entry(*, content: dict[str, object], **columns: Any) -> Entry:
    """Extend the chain whose head is ``prev`` by one entry with a fresh salt.

    ``columns`` are the other fields of ``Entry``, without digests, hash and salt.
    """
    salt = secrets.token_bytes(16)
    text = canonical(content)
    entry = Entry(**columns, content_digest=content_digest(salt, text), hash="", salt=salt, content=text)
    object.__setattr__(entry, "hash", hash_of(entry))
    return entry


def _is_as_digested(entry: Entry) -> bool:
    salt, content = entry.salt, entry.content
    if salt is None or content is None:
        return True
    # Who edits a row by hand may leave a text where bytes were.
    return (
        isinstance(salt, bytes)
        and isinstance(content, bytes)
        and content_digest(salt, content) == (entry.content_digest)
    )


def faults_of(code: str, entries: Iterable[Entry], head: str) -> list[str]:
    """Return what is wrong with the chain of dossier ``code``: a hole, an edited row, edited content, a cut tail."""
    faults: list[str] = []
    prev, expected = FIRST_PREV, 1
    for entry in entries:
        where = f"{entry.dossier}: entry {entry.n}"
        if entry.n != expected:
            faults.append(f"{where}: expected number {expected}")
        if entry.prev != prev:
            faults.append(f"{where}: does not continue the chain")
        if entry.hash != hash_of(entry):
            faults.append(f"{where}: was changed after it was written")
        if not _is_as_digested(entry):
            faults.append(f"{where}: its content was changed")
        prev, expected = entry.hash, entry.n + 1
    if prev != head:
        faults.append(f"{code}: its {expected - 1} entries do not end at its head {head[:12]}: the tail is not whole")
    return faults
