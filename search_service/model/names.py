"""Everyday names as wholes: how near a question comes to one of a document's, word by word, rare words first.

BM25 over all everyday words of a document would not know that "tách" and "sổ" stand in one name and "mất" in another.
"""

import math
from collections.abc import Iterable, Sequence

from search_service.model.text import Syllable

SAID = 0.65
LIGHT = 0.4
BARE = 0.95
OTHER_TONE = 0.15
LEAST = 0.25

Name = tuple[Syllable, ...]


class Names:
    """The everyday names of all documents. ``light`` are words that say little in a question (their exact forms)."""

    def __init__(self, light: frozenset[str]) -> None:
        self._light = light
        self._names: dict[int, tuple[str, Name]] = {}
        self._with: dict[str, dict[int, str]] = {}
        self._of: dict[str, list[int]] = {}
        self._next = 0
        self._weights: dict[str, float] = {}
        self._totals: dict[int, float] = {}

    def put(self, identity: str, names: Iterable[Name]) -> None:
        """Let ``names`` be those of the document ``identity``."""
        self.drop(identity)
        for name in names:
            number, self._next = self._next, self._next + 1
            self._names[number] = (identity, name)
            self._of.setdefault(identity, []).append(number)
            for part in name:
                self._with.setdefault(part.plain, {})[number] = part.exact
        self._weights, self._totals = {}, {}

    def drop(self, identity: str) -> None:
        """Forget the names of a document."""
        for number in self._of.pop(identity, ()):
            _, name = self._names.pop(number)
            for part in name:
                self._with.get(part.plain, {}).pop(number, None)
        self._weights, self._totals = {}, {}

    def near(self, said: Sequence[Syllable]) -> dict[str, float]:
        """Return how near ``said`` comes to the nearest name of each document: up to 1, nothing below ``LEAST``."""
        words = {part.plain: part for part in said}
        whole = sum(self._weight(part) for part in words.values())
        common: dict[int, float] = {}
        for part in words.values():
            weight = self._weight(part)
            for number, exact in self._with.get(part.plain, {}).items():
                common[number] = common.get(number, 0.0) + weight * _alike(part, exact)
        nearest: dict[str, float] = {}
        for number, found in common.items():
            identity, name = self._names[number]
            value = found / (SAID * whole + (1 - SAID) * self._total(number, name))
            if value >= LEAST and value > nearest.get(identity, 0.0):
                nearest[identity] = min(value, 1.0)
        return nearest

    def _total(self, number: int, name: Name) -> float:
        if number not in self._totals:
            self._totals[number] = sum(self._weight(part) for part in {part.plain: part for part in name}.values())
        return self._totals[number]

    def _weight(self, part: Syllable) -> float:
        found = self._weights.get(part.exact)
        if found is None:
            held = len(self._with.get(part.plain, ()))
            found = math.log(1 + len(self._names) / (held + 1)) * (LIGHT if part.exact in self._light else 1.0)
            self._weights[part.exact] = found
        return found


def _alike(part: Syllable, exact: str) -> float:
    if part.exact == exact:
        return 1.0
    return BARE if part.bare or exact == part.plain else OTHER_TONE
