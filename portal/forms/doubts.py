"""Gentle doubts about an answer: what is probably a slip is asked about, perhaps with an offer, and stops nobody.

A name is never rewritten, an identity number never refused; only the person decides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.i18n import Words

MAIL_SLIPS = {
    "gmai.com": "gmail.com", "gmial.com": "gmail.com", "gamil.com": "gmail.com", "gmail.con": "gmail.com",
    "gmail.co": "gmail.com", "gmail.vn": "gmail.com", "gmail.com.vn": "gmail.com", "yaho.com": "yahoo.com",
    "yahoo.con": "yahoo.com", "hotmai.com": "hotmail.com", "outlok.com": "outlook.com", "iclound.com": "icloud.com",
}  # fmt: skip
# The first three digits: the province of birth registration, by the General Statistics Office's code before July 2025.
PROVINCES = {
    "001", "002", "004", "006", "008", "010", "011", "012", "014", "015", "017", "019",
    "020", "022", "024", "025", "026", "027", "030", "031", "033", "034", "035", "036",
    "037", "038", "040", "042", "044", "045", "046", "048", "049", "051", "052", "054",
    "056", "058", "060", "062", "064", "066", "067", "068", "070", "072", "074", "075",
    "077", "079", "080", "082", "083", "084", "086", "087", "089", "091", "092", "093",
    "094", "095", "096",
}  # fmt: skip
LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about an answer; ``better`` is what could be meant instead, or nothing."""

    text: str
    better: str = ""


def doubt(name: str, field: Mapping[str, Any], answers: Mapping[str, Any], t: Words, *, today: date) -> Doubt | None:
    """Return what is doubtful about the answer to the field ``name``; ``answers`` are those beside it."""
    value = answers.get(name)
    if not isinstance(value, str):
        return None
    match field["widget"]:
        case "email":
            return _mail(value, t)
        case "name":
            return _capitals(value, t)
        case "id_number" if re.fullmatch(r"\d{12}", value):
            beside = name.removesuffix("id_number")
            birth = str(answers.get(f"{beside}birth_date") or "")
            return _identity(value, birth, str(answers.get(f"{beside}gender") or ""), t, today)
    return None


def titled(name: str) -> str:
    """Return a name with each word's first letter large: ``H' LINH NIÊ`` becomes ``H' Linh Niê``."""
    return LETTERS.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), name)


def _mail(value: str, t: Words) -> Doubt | None:
    before, _, domain = value.rpartition("@")
    right = MAIL_SLIPS.get(domain.lower())
    return Doubt(t("filing.mail_slip", domain=right), f"{before}@{right}") if right else None


def _capitals(value: str, t: Words) -> Doubt | None:
    better = titled(value)
    if better == value or not value.isupper():
        return None
    return Doubt(t("filing.name_capitals"), better)


def _identity(value: str, birth: str, gender: str, t: Words, today: date) -> Doubt | None:
    century, sex = divmod(int(value[3]), 2)
    year = 1900 + 100 * century + int(value[4:6])
    if value[:3] not in PROVINCES:
        return Doubt(t("filing.id_slip"))
    if year > today.year:
        return Doubt(t("filing.id_year_slip", year=year))
    if birth and int(birth[:4]) != year:
        return Doubt(t("filing.id_birth_slip", year=year, told=birth[:4]))
    if gender in ("male", "female") and (gender == "female") != bool(sex):
        return Doubt(t("filing.id_sex_slip"))
    return None
