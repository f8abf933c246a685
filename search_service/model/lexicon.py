"""The room's word lists, read once: ``words.toml`` and ``common.toml``."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from search_service.model.text import Syllable, syllable, syllables

Phrases = dict[tuple[str, ...], list[tuple[tuple[Syllable, ...], tuple[Syllable, ...]]]]


Starting = dict[str, list[tuple[Syllable, ...]]]


class Lexicon:
    """Abbreviations, chat spellings, synonyms, stop words, marks of foreign matters and weights by code."""

    def __init__(self, words: Mapping[str, Any], common: Mapping[str, Any]) -> None:
        self.abbreviations = {key: tuple(syllables(text)) for key, text in words["abbreviations"].items()}
        self.chat = {key: tuple(syllables(text)) for key, text in words["chat"].items()}
        self.synonyms = _by_length(
            (self.expand(syllables(said)), self.expand(syllables(meant))) for said, meant in words["synonyms"].items()
        )
        self.longest = max(self.synonyms)
        stop = words["stop"]
        self.stop_everywhere = frozenset(syllable(word).exact for word in stop["everywhere"])
        self.stop_questions = frozenset(syllable(word).exact for word in stop["questions"]) | self.stop_everywhere
        self.stop_bare = frozenset(stop["bare"])
        self.foreign_titles = _by_start(words["foreign"]["title"])
        self.home_titles = _by_start(words["foreign"]["home"])
        self.foreign_questions = _by_start(words["foreign"]["question"])
        self.foreign_issuers = frozenset(words["foreign"]["issuers"])
        self.weights = {code: int(weight) for weight, codes in common["weights"].items() for code in codes.split()}
        self.own_words = (
            frozenset(plain for phrases in self.synonyms.values() for said in phrases for plain in said)
            | self.stop_bare
            | {syllable(key).plain for key in (*self.chat, *self.abbreviations)}
            | {syllable(word).plain for word in (*stop["questions"], *stop["everywhere"])}
        )

    def expand(self, parts: Iterable[Syllable]) -> tuple[Syllable, ...]:
        """Write out the abbreviations in ``parts``."""
        found: list[Syllable] = []
        for part in parts:
            found.extend(self.abbreviations.get(part.exact, (part,)))
        return tuple(found)

    def synonym(self, parts: tuple[Syllable, ...]) -> tuple[Syllable, ...] | None:
        """Return what the law calls ``parts``; a part without diacritics stands for any word of its letters."""
        phrases = self.synonyms.get(len(parts))
        if phrases is None:
            return None
        plain = tuple(part.plain for part in parts)
        for said, meant in phrases.get(plain, ()):
            if all(part.bare or part.exact == own.exact for part, own in zip(parts, said, strict=True)):
                return meant
        return None


def _by_start(texts: Iterable[str]) -> Starting:
    found: Starting = {}
    for text in texts:
        phrase = tuple(syllables(text))
        found.setdefault(phrase[0].plain, []).append(phrase)
    return found


def _by_length(entries: Iterable[tuple[tuple[Syllable, ...], tuple[Syllable, ...]]]) -> dict[int, Phrases]:
    found: dict[int, Phrases] = {}
    for said, meant in entries:
        key = tuple(part.plain for part in said)
        found.setdefault(len(said), {}).setdefault(key, []).append((said, meant))
    return found


@cache
def lexicon() -> Lexicon:
    """Return the word lists of this room."""
    return Lexicon(tomllib.loads(_text("words.toml")), tomllib.loads(_text("common.toml")))


@cache
def edition() -> str:
    """Return a digest of everything an index depends on besides its documents."""
    parts = (_text(name) for name in ("words.toml", "common.toml", "text.py", "documents.py"))
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


def _text(name: str) -> str:
    return files("search_service.model").joinpath(name).read_text(encoding="utf-8")
