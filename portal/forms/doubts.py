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
# Numbers that belong to two people in every form that asks for both.
TWO_PEOPLE = (
    {"mother_id_number", "father_id_number"},
    {"my_id_number", "partner_id_number"},
    {"requester_id_number", "deceased_id_number"},
    {"requester_id_number", "mother_id_number"},
    {"requester_id_number", "father_id_number"},
)
OLDEST = 110
MARRIAGE_AGE = 18  # of a woman; a man's is 20 (Law on Marriage and Family 52/2014/QH13, Article 8)
PARENT_AGES = {"mother_birth_date": (13, 60), "father_birth_date": (13, 90)}
FOREIGN_BIRTH = "2.000528"  # registering a birth with a foreign element
BIRTH_NATIONALITIES = ("child_nationality", "mother_nationality", "father_nationality")
LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about an answer; ``better`` is what could be meant, ``see`` a procedure that may fit better."""

    text: str
    better: str = ""
    see: str = ""


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
        case "id_number" if _said_of_another(name, value, answers):
            return Doubt(t("doubting.same_id"))
        case "date" if name.endswith("birth_date"):
            return _age(name, value, answers, t, today)
        case "select" if name in BIRTH_NATIONALITIES and value != "VN":
            return Doubt(t("doubting.foreign_birth"), see=FOREIGN_BIRTH)
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


def _said_of_another(name: str, value: str, answers: Mapping[str, Any]) -> bool:
    others = {other for pair in TWO_PEOPLE if name in pair for other in pair - {name}}
    return any(answers.get(other) == value for other in others)


def _age(name: str, value: str, answers: Mapping[str, Any], t: Words, today: date) -> Doubt | None:
    if (age := _years(value, today.isoformat())) > OLDEST:
        return Doubt(t("doubting.very_old", age=age))
    if name == "partner_birth_date" and age < MARRIAGE_AGE:
        return Doubt(t("doubting.too_young_to_marry", age=age))
    child = str(answers.get("child_birth_date") or "")
    if name in PARENT_AGES and child:
        youngest, oldest = PARENT_AGES[name]
        age = _years(value, child)
        if age < 0:
            return Doubt(t("doubting.parent_later"))
        if not youngest <= age <= oldest:
            return Doubt(t("doubting.parent_age", age=age))
    return None


def _years(born: str, then: str) -> int:
    """Return the whole years between two dates; of a date without day or month, as if it were the same day."""
    early = len(born) == len(then) == 10 and then[5:] < born[5:]
    return int(then[:4]) - int(born[:4]) - early


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
