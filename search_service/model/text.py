"""One text pipeline for every index and every question: Vietnamese text -> syllables.

A syllable has two forms. ``exact`` keeps the diacritics in an order of our own: letters with their quality marks,
then one digit for the tone, so that ``hoà`` and ``hòa`` are the same ``hoa2``. ``plain`` has no diacritics at all
(đ becomes d, which no Unicode folding does). ``y`` and ``i`` at the end of a syllable are one letter (kí = ký).
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

TONES = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
MARKS = {digit: mark for mark, digit in TONES.items()}
VOWELS = frozenset("aăâeêioôơuưy")
_WORD = re.compile(r"[^\W_]+")
_LONE_Y = re.compile(r"^((?:ngh|ng|nh|gh|kh|ch|tr|th|ph|[bcdđghklmnprstvx])?)y$")


class Syllable(NamedTuple):
    """One written syllable (or number, or foreign word)."""

    exact: str
    plain: str

    @property
    def bare(self) -> bool:
        """Written without any diacritic: it may stand for any word of the same letters."""
        return self.exact == self.plain


def words(text: str) -> list[str]:
    """Return the words of ``text`` as written, lower case, NFC."""
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def syllables(text: str) -> list[Syllable]:
    """Return the syllables of ``text`` in order."""
    return [syllable(word) for word in words(text)]


@lru_cache(maxsize=20_000)
def syllable(word: str) -> Syllable:
    """Return the two forms of one lower-case word."""
    tone, letters = "", []
    for char in unicodedata.normalize("NFD", word):
        if char in TONES:
            tone = TONES[char]
        else:
            letters.append(char)
    base = unicodedata.normalize("NFC", "".join(letters))
    base = _LONE_Y.sub(r"\1i", base)
    if base == "qui":
        base = "quy"
    return Syllable(base + tone, fold(base))


def fold(text: str) -> str:
    """Return ``text`` without diacritics, đ as d."""
    bare = (char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return "".join(bare).replace("đ", "d").replace("Đ", "D")


def spelled(base: str, tone: str) -> str:
    """Return the written form of a syllable: ``spelled("hoa", "2")`` is ``hòa``. ``tone`` is "" or a digit 1-5."""
    if not tone:
        return base
    start = 2 if base.startswith(("gi", "qu")) and sum(char in VOWELS for char in base) > 1 else 0
    places = [i for i, char in enumerate(base) if char in VOWELS and i >= start]
    if not places:
        return base
    marked = [i for i in places if base[i] in "ăâêôơư"]
    if marked:
        place = marked[-1]
    elif len(places) == 1:
        place = places[0]
    elif len(places) > 2 or base[-1] not in VOWELS:
        place = places[1]
    else:
        place = places[0]
    return unicodedata.normalize("NFC", base[: place + 1] + MARKS[tone] + base[place + 1 :])


def pairs(parts: list[str]) -> list[str]:
    """Return each two neighbours joined: most of what word segmentation would give, without its model."""
    return [f"{left}_{right}" for left, right in pairwise(parts)]
