"""A typed address, from house or hamlet to province, read as the names that wards are found by.

People write what stands on their papers: a hamlet in front, a district that is gone, short forms, a name in one word.
Each reading is tried in turn until one finds a place; the first is the text as it stands.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from services_catalog.model.places import fold

SHORT = {
    "p": "phường",
    "q": "quận",
    "x": "xã",
    "h": "huyện",
    "t": "tỉnh",
    "tt": "thị trấn",
    "tx": "thị xã",
    "tp": "thành phố",
    "tphcm": "thành phố hồ chí minh",
    "hcm": "hồ chí minh",
    "hn": "hà nội",
}
DOTTED = ("p", "q", "x", "h", "t")  # these stand for a unit only before a dot or a number
UNITS = ("đặc khu", "thành phố", "thị trấn", "thị xã", "phường", "quận", "huyện", "tỉnh", "xã")
BELOW = (
    *("tổ dân phố", "khu phố", "căn hộ", "tòa nhà", "số nhà", "thôn", "xóm", "ấp", "bản", "buôn", "bon", "làng"),
    *("phum", "sóc", "khóm", "tổ", "khu", "đường", "phố", "ngõ", "ngách", "hẻm", "số"),
)
LAND = {"dao", "hon"}  # an island is often written with the word in front
UNIT_WORDS = {fold(unit) for unit in UNITS}
BELOW_WORDS = {fold(unit) for unit in BELOW}
NO_NAME = re.compile(rf"\b(?:{'|'.join(UNITS)})\b(?!\s+\d)")
MOST_WORDS, FEWEST_LEFT, SHORTEST_JOINED = 16, 3, 4

Part = tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a place's name must have; with ``joined`` a term may be several words of the name written as one."""

    terms: tuple[str, ...]
    joined: bool = False

    def fits(self, name: str) -> bool:
        """Tell whether a name as shown, with its district and province, has every term; a unit's kind is no name."""
        folded, bare = _bare(name)
        return all(self._has(term, folded, bare) for term in self.terms)

    def is_said_by(self, name: str) -> bool:
        """Tell whether the terms stand in a name one after another, as they were typed."""
        return f" {' '.join(term for term in self.terms if term not in UNIT_WORDS)} " in _bare(name)[1]

    def _has(self, term: str, folded: str, bare: str) -> bool:
        if term in UNIT_WORDS or term[-1].isdigit():
            return f" {term} " in folded
        return f" {term}" in bare or (self.joined and _written_as_one(term, bare.split()))


def readings(typed: str) -> list[Reading]:
    """Return how a typed address may be meant, the nearest to the text first."""
    return [reading for reading in dict.fromkeys(_readings(_parts(_words(typed)))) if reading.terms]


def _readings(parts: list[Part]) -> Iterator[Reading]:
    yield Reading(tuple(term for kind, words in parts for term in _terms(kind, words)))
    named = [(kind, words) for kind, words in parts if kind not in BELOW_WORDS] or parts
    names = tuple(term for kind, words in named for term in _names(kind, words))
    yield Reading(tuple(term for kind, words in parts for term in _names(kind, words)))
    yield Reading(names)
    for start in range(1, len(names) - FEWEST_LEFT + 1):
        yield Reading(names[start:])
    yield Reading(names, joined=True)


def _terms(kind: str, words: list[str]) -> list[str]:
    """Return the words of a part with its kind; a number goes with the kind before it."""
    if kind and words[0].isdigit():
        return [f"{kind} {words[0]}", *words[1:]]
    return [kind, *words] if kind in UNIT_WORDS else [*kind.split(), *words]


def _names(kind: str, words: list[str]) -> list[str]:
    """Return the words of a part without its kind, but for a number."""
    if kind in UNIT_WORDS and words[0].isdigit():
        return _terms(kind, words)
    return words[1:] if words[0] in LAND and len(words) > 1 else words


def _parts(words: list[str]) -> list[Part]:
    """Return (kind, words) of each part of an address, folded. A kind is one only where a name follows it."""
    accents = any(word != fold(word) for word in words)
    kinds = {kind if accents else fold(kind) for kind in (*UNITS, *BELOW)}

    def kind_at(at: int) -> int:
        return next((n for n in (3, 2, 1) if at + n <= len(words) and " ".join(words[at : at + n]) in kinds), 0)

    parts: list[Part] = []
    at = 0
    while at < len(words):
        long = kind_at(at)
        if long and at + long < len(words) and not kind_at(at + long):
            parts.append((fold(" ".join(words[at : at + long])), []))
            at += long
        elif not parts:
            parts.append(("", []))
        parts[-1][1].append(fold(words[at]))
        at += 1
    return parts


def _words(typed: str) -> list[str]:
    """Return the words of a typed text, lower case with their accents, short forms written out."""
    text = unicodedata.normalize("NFC", typed).lower()
    text = re.sub(r"\b([pqx])\.?\s*(\d+)\b", lambda found: f"{SHORT[found[1]]} {found[2]}", text)
    text = re.sub(rf"\b({'|'.join(DOTTED)})\.\s*(?=\w)", lambda found: f"{SHORT[found[1]]} ", text)
    words = re.findall(r"[^\W_]+", text)
    return [part for word in words for part in (word if word in DOTTED else SHORT.get(word, word)).split()][:MOST_WORDS]


@lru_cache(20_000)
def _bare(name: str) -> tuple[str, str]:
    """Return a name folded, and folded without the kinds of its units, each between spaces."""
    lower = unicodedata.normalize("NFC", name).lower()
    return f" {fold(name)} ", f" {fold(NO_NAME.sub(' ', lower))} "


def _written_as_one(term: str, words: list[str]) -> bool:
    long_enough = len(term) >= SHORTEST_JOINED
    return long_enough and any("".join(words[at : at + n]) == term for n in (2, 3) for at in range(len(words)))
