"""The text of the QR code on an identity card, as a scanner types it: fields between bars.

Number | old number | name | birth ddmmyyyy | sex | address | day of issue ddmmyyyy. Newer cards say more after these;
that is left out. Reading the chip itself (NFC) is not here.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

FEWEST = 6
SEXES = {"nam": "male", "nữ": "female"}


@dataclass(frozen=True, slots=True)
class Card:
    """What the card says of its holder; ``gender`` is empty where it is neither of the two words."""

    number: str
    name: str
    birth_date: date
    gender: str
    address: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Why the text is no card's: ``form``, ``number``, ``name`` or ``birth``."""

    why: str


def read_card(text: str) -> Card | Unread:
    """Return the card whose QR code says ``text``, or why it cannot be one."""
    fields = [" ".join(part.split()) for part in unicodedata.normalize("NFC", text).split("|")]
    if len(fields) < FEWEST:
        return Unread("form")
    number, _old, name, birth, sex, address = fields[:FEWEST]
    if not re.fullmatch(r"\d{12}", number, re.ASCII):
        return Unread("number")
    if not re.search(r"[^\W\d_]", name) or re.search(r"\d", name) or len(name) > 100:
        return Unread("name")
    born = _day(birth)
    if born is None:
        return Unread("birth")
    return Card(number, name, born, SEXES.get(sex.casefold(), ""), address[:200])


def _day(text: str) -> date | None:
    if not re.fullmatch(r"\d{8}", text, re.ASCII):
        return None
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None
