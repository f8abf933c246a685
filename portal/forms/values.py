"""What a person typed becomes a value, or a problem with the words that say what to do.

Nothing here judges the value against the form: that is the API's. Here is only what a machine cannot read at all.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import phonenumbers

from portal.forms.dates import Problem, read_date

Posted = Mapping[str, list[str]]

OLD_MOBILE = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


ETH = re.compile(r"(?<!\w)[Ðð]")


@dataclass(frozen=True, slots=True)
class Read:
    """One field as read: its value (None = nothing was typed), or the problem that stopped the reading."""

    value: Any = None
    problem: Problem | None = None


def read(name: str, field: Mapping[str, Any], schema: Mapping[str, Any], posted: Posted, today: date) -> Read:
    """Return what was typed for the field ``name``; ``schema`` is the field's own part of the form's schema."""
    widget = field["widget"]
    if widget == "date":
        parts = (one(posted, f"{name}-d"), one(posted, f"{name}-m"), one(posted, f"{name}-y"))
        found = read_date(*parts, partial=bool(field.get("partial")), today=today)
        return Read(problem=found) if isinstance(found, Problem) else Read(found)
    if widget == "checkboxes":
        return Read([value for value in posted.get(name, []) if value] or None)
    if widget == "files":
        return Read(list(dict.fromkeys(value for value in posted.get(name, []) if value)) or None)
    if widget == "yesno":
        return Read({"yes": True, "no": False}.get(one(posted, name)))
    text = one(posted, name)
    if not text:
        return Read()
    return READERS.get(widget, read_text)(text, schema)


def one(posted: Posted, name: str) -> str:
    """Return the last posted value of ``name``, trimmed, in composed Unicode (NFC)."""
    values = posted.get(name) or [""]
    return unicodedata.normalize("NFC", values[-1]).strip()


def read_text(text: str, _schema: Mapping[str, Any]) -> Read:
    """Return text as typed."""
    return Read(text.replace("\r\n", "\n"))


def read_name(text: str, _schema: Mapping[str, Any]) -> Read:
    """Return a name exactly as typed, with single spaces: no tone is moved, and there is no word limit.

    Old Vietnamese fonts wrote the Icelandic letter Eth (Ð) for Đ. Only Vietnamese begins a word with it, so there it
    becomes Đ; within a word it stays.
    """
    return Read(ETH.sub(lambda letter: "Đ" if letter[0] == "Ð" else "đ", re.sub(r"\s+", " ", text)))


def has_eth(text: str) -> bool:
    """Tell whether a typed name has the letter of old fonts that is read as Đ."""
    return ETH.search(text) is not None


def read_id_number(text: str, _schema: Mapping[str, Any]) -> Read:
    """Return an identity number without the spaces and dots people put into it."""
    return Read(re.sub(r"[\s.\-]", "", text))


def read_phone(text: str, _schema: Mapping[str, Any]) -> Read:
    """Return a telephone number in E.164; old eleven-digit mobile numbers are given their present prefix."""
    digits = _dialled(text)
    if is_old_mobile(text):
        digits = OLD_MOBILE[digits[:4]] + digits[4:]
    try:
        number = phonenumbers.parse(digits, "VN")
    except phonenumbers.NumberParseException:
        return Read(problem=Problem("phone"))
    if not phonenumbers.is_possible_number(number):
        return Read(problem=Problem("phone"))
    return Read(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_old_mobile(text: str) -> bool:
    """Tell whether a telephone number has one of the eleven-digit prefixes that ended in 2018."""
    digits = _dialled(text)
    return len(digits) == 11 and digits[:4] in OLD_MOBILE


def _dialled(text: str) -> str:
    digits = re.sub(r"[^\d+]", "", text)
    return re.sub(r"^(?:\+?84|0084)0?(?=\d{9,10}$)", "0", digits)


def read_money(text: str, _schema: Mapping[str, Any]) -> Read:
    """Return whole đồng from ``1234567``, ``1.234.567``, ``1,234,567`` or ``1 234 567 đ``."""
    bare = re.sub(r"(?:\s|\u00a0|đồng|vnđ|vnd|đ)+", "", text.lower())
    if re.fullmatch(r"\d{1,15}|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+", bare):
        return Read(int(re.sub(r"\D", "", bare)))
    return Read(problem=Problem("money"))


def read_number(text: str, schema: Mapping[str, Any]) -> Read:
    """Return a number; the decimal mark is the comma, as people write it here, or a point."""
    bare = re.sub(r"[\s\u00a0]", "", text)
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?", bare):
        bare = bare.replace(".", "")
    if not re.fullmatch(r"-?\d{1,15}(?:[.,]\d{1,6})?", bare):
        return Read(problem=Problem("number"))
    amount = float(bare.replace(",", "."))
    if schema.get("type") == "integer" and not amount.is_integer():
        return Read(problem=Problem("number"))
    return Read(int(amount) if amount.is_integer() else amount)


READERS: Mapping[str, Callable[[str, Mapping[str, Any]], Read]] = {
    "name": read_name,
    "id_number": read_id_number,
    "phone": read_phone,
    "money": read_money,
    "number": read_number,
}
