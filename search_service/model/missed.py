"""Questions that search did not answer, without those who asked them.

What may stand for a person is taken away before anything is kept: numbers, addresses, long strings, names after a
family name or a title. The words of a question are kept only when ``LEAST`` different askers said the same in a week.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from search_service.model.text import fold, words

LEAST = 5
MOST_OF_ONE = 40
MOST_QUESTIONS = 50_000
KEPT_WEEKS = 52
LONGEST_WORD = 12
MOST_WORDS = 10

_ADDRESSED = re.compile(r"\S*(?:@|://|www\.)\S*")
_FAMILIES = frozenset(
    {"nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô", "dương"}
    | {"lý", "đoàn", "đinh", "lâm", "trịnh", "mai", "đào", "hà", "trương", "lương", "phùng", "tạ", "châu", "quách"}
    | {"thái", "cao", "kiều", "ksor", "siu", "rcom"}
)
_SURELY = frozenset(fold(name) for name in ["nguyễn", "trần", "phạm", "huỳnh", "hoàng", "trương"])
_MIDDLE = frozenset({"văn", "thị", "van", "thi"})
_TITLES = frozenset({"ông", "bà", "anh", "chị", "em", "cô", "chú", "bác", "cháu", "bé", "tên", "h", "y"})
_NAME_WORDS = 3


@dataclass(frozen=True, slots=True)
class Note:
    """One asker's word that a question was not answered, nothing personal left in ``question``."""

    question: str
    address: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A question of a week, how many different askers had it, and what search answered first when it was published."""

    week: str
    question: str
    askers: int
    first: str


def week_of(day: date) -> str:
    """Return the ISO week of a day, as ``2026-W47``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def normalised(text: str) -> str:
    """Return what may be kept of a question: its plain words in order; "" when nothing or too much is left."""
    typed = unicodedata.normalize("NFC", _ADDRESSED.sub(" ", text))
    kept = _without_names([word for part in typed.split() for word in _parts(part)])
    shown = [word for word in kept if word.isalpha() and len(word) <= LONGEST_WORD]
    return " ".join(shown) if 0 < len(shown) <= MOST_WORDS and sum(map(len, shown)) > 1 else ""


def _parts(part: str) -> list[str]:
    """Return the words of what stands between spaces, as written; all of it goes when there is a digit in it."""
    if any(char.isdigit() for char in part):
        return [part]
    lower = words(part)
    return [word.capitalize() if part[:1].isupper() else word for word in lower]


def _without_names(given: list[str]) -> list[str]:
    """Take away the words of a person's name: what follows a family name or a title and looks like one."""
    kept: list[str] = []
    place = 0
    while place < len(given):
        length = _name_at(given, place)
        if not length:
            kept.append(given[place].lower())
        place += length or 1
    return kept


def _name_at(given: list[str], place: int) -> int:
    word, after = given[place], given[place + 1 : place + 1 + _NAME_WORDS]
    capitals = next((count for count, other in enumerate(after) if not other[:1].isupper()), len(after))
    low = word.lower()
    if low in _TITLES and capitals:
        return 1 + capitals
    if low not in _FAMILIES and fold(low) not in _SURELY:
        return 0
    if word[:1].isupper() and capitals:
        return 1 + capitals
    if after and after[0].lower() in _MIDDLE:
        return 1 + len(after)
    return 1 + len(after) if fold(low) in _SURELY and len(after) > 1 else 0
