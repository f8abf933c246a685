"""Assisted filing: who acts for whom, what the helper may still see, and the code by which the person takes over.

A helped person without an account of their own is known by an opaque owner that nobody can sign in as. What is filed
stays theirs: with the claim code on the printed receipt they, or a relative, take it to their own space, once.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dossier_service.model.dossier import Dossier, advance
from dossier_service.model.happened import DossierChanged
from dossier_service.model.noting import noted

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, no 1/I/L
LENGTH, GROUP = 12, 4
CLAIM_DAYS = 90
CODES_AT_MOST = 5
ISSUE_FOR = timedelta(days=7)
TRIES = 100
LOCKED_FOR = timedelta(hours=1)
CLAIMED = "dossier_claimed"
HELP_ENDED = "help_ended"


class ConsentWay(StrEnum):
    """How the helped person said yes."""

    SPOKEN = "spoken"
    SIGNED = "signed"
    FINGERPRINT = "fingerprint"


class Allows(StrEnum):
    """What the helper may do after filing: nothing, see how far it is, or also act for the person."""

    NOTHING = "nothing"
    FOLLOW = "follow"
    ACT = "act"


class ToldBy(StrEnum):
    """How news reach the helped person: their own or a relative's telephone, or somebody tells them.

    By ``…_call`` a recorded voice calls instead of a text message.
    """

    PHONE = "phone"
    PHONE_CALL = "phone_call"
    RELATIVE = "relative"
    RELATIVE_CALL = "relative_call"
    NEIGHBOUR = "neighbour"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the helped person agreed to: who they are, how they said yes, what the helper may see, how news come.

    ``id_number`` may be unknown; ``contact`` is a telephone (E.164), or who tells the person.
    """

    name: str
    id_number: str | None
    way: ConsentWay
    note: str
    allows: Allows
    told_by: ToldBy
    contact: str


def new_code() -> str:
    """Return a fresh claim code in groups of four: 59 bits, no letter that looks like a digit."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def normal_claim(text: str) -> str:
    """Return what a person typed as the code is kept: capitals, no spaces or dashes."""
    return "".join(letter for letter in text.upper() if letter.isalnum())[:64]


def digest_of_claim(code: str, salt: bytes) -> bytes:
    """Return the slow digest of a code (about 20 ms); blocking, so that a copy of the table opens nothing."""
    return hashlib.scrypt(normal_claim(code).encode(), salt=salt, n=2**13, r=8, p=1)


def same_digest(found: bytes, kept: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(found, kept)


def claim_until(now: datetime) -> datetime:
    """Return until when a code that is issued at ``now`` works."""
    return now + timedelta(days=CLAIM_DAYS)


def hand_over(dossier: Dossier, owner: str, *, at: datetime) -> tuple[Dossier, DossierChanged]:
    """Return the dossier as ``owner``'s own, with its history entry; state and version stay. ``at`` is aware."""
    note = "Người được giúp (hoặc người thân) nhận hồ sơ về không gian của mình."
    return noted(advance(dossier, owner=owner), CLAIMED, note=note, at=at)


def note_end(dossier: Dossier, *, at: datetime) -> tuple[Dossier, DossierChanged]:
    """Return the dossier with the entry that the helper's right was ended before the case closed."""
    return noted(dossier, HELP_ENDED, note="Quyền theo dõi của người làm hộ đã dừng.", at=at)


def helped_note(helper: str, place: str) -> str:
    """Return the line of the history that says who filed for the person, and where (Vietnamese)."""
    return f"Nộp hộ bởi {helper} tại {place}."
