"""History: one hash chain per dossier over salted digests, so content can be erased and the chain still verifies."""

import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dossier_service.model.states import State
from kernel.digest import canonical, digest_bytes, digest_of

FIRST_PREV = "0" * 64
SALT = 16
SALTS_AT_ONCE = 256

_salts: list[bytes] = []
os.register_at_fork(after_in_child=_salts.clear)


class Entry(NamedTuple):
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


def _fresh_salt() -> bytes:
    """Return 16 random bytes; the system is asked for many at once, for each question lets other threads in."""
    if not _salts:
        drawn = secrets.token_bytes(SALT * SALTS_AT_ONCE)
        _salts.extend(drawn[at : at + SALT] for at in range(0, len(drawn), SALT))
    return _salts.pop()


def content_digest(salt: bytes, content: bytes) -> str:
    """Return SHA-256(16-byte salt || canonical content)."""
    return digest_bytes(salt + content)


def hash_of(entry: Entry) -> str:
    """Return the hash of one entry (exact.md 9)."""
    return _hash_of(entry._asdict())


def _hash_of(columns: Mapping[str, Any]) -> str:
    return digest_of(
        {
            "v": 1,
            "dossier": columns["dossier"],
            "n": columns["n"],
            "prev": columns["prev"],
            "type": columns["type"],
            "epoch": columns["epoch"],
            "version": columns["version"],
            "request_no": columns["request_no"],
            "occurred_at": columns["occurred_at"],
            "received_at": columns["received_at"],
            "content": columns["content_digest"],
        }
    )


def new_entry(*, content: dict[str, object], request_no: int | None = None, **columns: Any) -> Entry:
    """Extend the chain whose head is ``prev`` by one entry with a fresh salt.

    ``columns`` are the other fields of ``Entry``, without digests, hash and salt.
    """
    salt, text = _fresh_salt(), canonical(content)
    columns |= {"request_no": request_no, "content_digest": content_digest(salt, text), "salt": salt, "content": text}
    return Entry(**columns, hash=_hash_of(columns))


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
