"""What the index holds, as words: which syllables and pairs exist and how rare they are. Corrects typing slips."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

_LETTERS = "abcdefghiklmnopqrstuvxy"
_SOUNDS = (("ch", "tr"), ("s", "x"), ("d", "gi"), ("d", "r"), ("r", "gi"), ("l", "n"), ("v", "d"))
_ENDS = (("n", "ng"), ("t", "c"), ("i", "y"), ("nh", "n"))


class Vocabulary:
    """Counts, by plain form, the documents that hold each syllable and each pair."""

    def __init__(self) -> None:
        self.documents = 0
        self._singles: Counter[str] = Counter()
        self._pairs: Counter[str] = Counter()
        self._phrases: Counter[str] = Counter()
        self._sorted: list[str] | None = None

    def add(self, singles: Iterable[str], pairs: Iterable[str], phrases: Iterable[str] = ()) -> None:
        """Count one document's syllables, pairs and everyday names."""
        self.documents += 1
        self._phrases.update(set(phrases))
        self._singles.update(set(singles))
        self._pairs.update(set(pairs))
        self._sorted = None

    def remove(self, singles: Iterable[str], pairs: Iterable[str], phrases: Iterable[str] = ()) -> None:
        """Take one document's counts back."""
        self.documents -= 1
        self._phrases.subtract(set(phrases))
        self._singles.subtract(set(singles))
        self._pairs.subtract(set(pairs))
        self._sorted = None

    def knows(self, term: str) -> bool:
        """Tell whether any document holds the syllable or pair."""
        return (self._pairs[term] if "_" in term else self._singles[term]) > 0

    def names(self, phrase: str) -> bool:
        """Tell whether ``phrase`` (syllables joined by ``_``) is an everyday name of a document."""
        return self._phrases[phrase] > 0

    def together(self, left: str, right: str) -> int:
        """Return the number of documents in which the two are neighbours."""
        return self._pairs[f"{left}_{right}"]

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a syllable or pair (BM25's, always positive)."""
        count = self._pairs[term] if "_" in term else self._singles[term]
        return math.log(1 + (self.documents - count + 0.5) / (count + 0.5))

    def completions(self, start: str, limit: int) -> list[str]:
        """Return the most frequent syllables that begin with ``start``."""
        if self._sorted is None:
            self._sorted = sorted(word for word, count in self._singles.items() if count > 0)
        first = bisect_left(self._sorted, start)
        last = bisect_left(self._sorted, start + "\uffff")
        return sorted(self._sorted[first:last], key=lambda word: -self._singles[word])[:limit]

    def correction(self, plain: str, before: str | None, after: str | None) -> str | None:
        """Return the syllable meant by an unknown one: one slip away, best by its neighbours, then by frequency."""
        best, score = None, 0.0
        for candidate in _one_slip_away(plain):
            count = self._singles[candidate]
            if count <= 0:
                continue
            near = self._near(candidate, before, after)
            value = near * 1000 + math.log1p(count)
            if value > score:
                best, score = candidate, value
        return best

    def confusion(self, plain: str, before: str | None, after: str | None, *, least: int = 3) -> str | None:
        """Return a syllable that fits the neighbours where ``plain``, though a word, does not (``tam chu``)."""
        if self._near(plain, before, after):
            return None
        best, score = None, least - 1
        for candidate in (*_sounds_like(plain), *_one_slip_away(plain)):
            near = self._near(candidate, before, after) if self._singles[candidate] > 0 else 0
            if near > score:
                best, score = candidate, near
        return best

    def _near(self, plain: str, before: str | None, after: str | None) -> int:
        left = self.together(before, plain) if before else 0
        right = self.together(plain, after) if after else 0
        return left + right


def _one_slip_away(word: str) -> set[str]:
    if not 2 <= len(word) <= 8 or not word.isascii():
        return set()
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    deletes = {left + right[1:] for left, right in splits if right}
    swaps = {left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1}
    replaces = {left + letter + right[1:] for left, right in splits if right for letter in _LETTERS}
    inserts = {left + letter + right for left, right in splits for letter in _LETTERS}
    return {found for found in deletes | swaps | replaces | inserts if len(found) > 1} - {word}


def _sounds_like(word: str) -> set[str]:
    found = set()
    for one, other in _SOUNDS:
        for old, new in ((one, other), (other, one)):
            if word.startswith(old):
                found.add(new + word[len(old) :])
    for one, other in _ENDS:
        for old, new in ((one, other), (other, one)):
            if word.endswith(old):
                found.add(word[: -len(old)] + new)
    return found - {word}
