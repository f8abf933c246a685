"""The code on a result's paper: anyone who holds the paper may ask with it whether the paper stands.

Fifteen drawn characters (2^73 codes) and one check character (ISO 7064, MOD 31,30). The alphabet has neither 0, O,
1, I nor L, so that nothing can be confused when the code is typed by hand; U is left out so that no words appear.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stdnum.iso7064 import mod_37_36

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
DRAWN = 15
_BETWEEN = re.compile(r"[\s.\-_‐‑−–—]+")


class Standing(StrEnum):
    """What a paper is worth today. ``replaced`` = a later dossier corrected it and its result was returned."""

    VALID = "valid"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Paper:
    """What a stranger who holds the paper is told; never whose it is nor what it says."""

    issuer: str
    number: str
    at: datetime
    standing: Standing


def draw_paper_code() -> str:
    """Return a new code, which nobody can guess."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    return drawn + mod_37_36.calc_check_digit(drawn, ALPHABET)


def normal_paper_code(typed: str) -> str | None:
    """Return the code a person typed (any case, any grouping), or None when it is none."""
    code = _BETWEEN.sub("", typed[:80].upper())
    if len(code) != DRAWN + 1 or not set(code) <= set(ALPHABET):
        return None
    return code if mod_37_36.is_valid(code, ALPHABET) else None


def grouped(code: str) -> str:
    """Return the code as it is printed: four groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
