"""Why a document is among the results, in words that a person can check: the name or the words that it shares."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from search_service.model.documents import Document, kept, named
from search_service.model.lexicon import lexicon
from search_service.model.question import Reading
from search_service.model.text import Syllable, syllable, syllables, words

NEARLY = 0.75
REMEMBERED = 4_000

Kind = Literal["name", "title", "meaning", "code", "about"]


@dataclass(frozen=True, slots=True)
class Because:
    """``words`` are, by ``kind``: an everyday name, words of the title, what the law calls it, its code, its field."""

    kind: Kind
    words: str


class Seen(NamedTuple):
    """What of a document can be recognised: its names with their words, its title's words, what it is about."""

    names: tuple[tuple[str, tuple[Syllable, ...]], ...]
    title: tuple[tuple[str, Syllable], ...]
    about: tuple[tuple[str, tuple[Syllable, ...]], ...]


def because(document: Document, reading: Reading) -> Because | None:
    """Return why ``document`` answers what was read, or None when nothing was asked."""
    if reading.code:
        return Because("code", document.id)
    seen = _seen(document)
    said = _telling(reading.said)
    if found := _by_name(seen, said, _keys(reading.said)) or _by_title(seen, said):
        return found
    if found := _by_title(seen, _telling(reading.meant)):
        return Because("meaning", found.words)
    return next((Because("about", text) for text, own in seen.about if _common(own, said)), None)


def _by_name(seen: Seen, said: Set[str], every: Set[str]) -> Because | None:
    """The name of which most was said, unless the title shares more words; ``every`` counts words that say little."""
    telling = [(text, name) for text, name in seen.names if _common(name, said)]
    shares = ((_common(name, every) / len(name), _common(name, every), text) for text, name in telling)
    share, common, found = max(shares, default=(0.0, 0, ""))
    title = _common([part for _, part in seen.title], said)
    return Because("name", found) if common and (share >= NEARLY or not title) and common >= title else None


def _by_title(seen: Seen, said: Set[str]) -> Because | None:
    shared = dict.fromkeys(word for word, part in seen.title if _said(part, said))
    return Because("title", " ".join(shared)) if shared else None


def _common(parts: Sequence[Syllable], said: Set[str]) -> int:
    return len({part.plain for part in parts if _said(part, said)})


def _said(part: Syllable, said: Set[str]) -> bool:
    """Tell whether a word was said: as it is written, or without its diacritics."""
    return part.exact in said or f"{part.plain}*" in said


def _telling(parts: Sequence[Syllable]) -> Set[str]:
    """Return the words that say something, all of them when none does; ``*`` ends those without diacritics."""
    lists = lexicon()
    telling = [
        part
        for part in parts
        if part.exact not in lists.stop_questions and not (part.bare and part.plain in lists.stop_bare)
    ]
    return _keys(telling or parts)


def _keys(parts: Iterable[Syllable]) -> Set[str]:
    return {f"{part.plain}*" if part.bare else part.exact for part in parts}


@lru_cache(REMEMBERED)
def _seen(document: Document) -> Seen:
    lists = lexicon()
    about = ((text, kept(syllables(text), lists)) for text in (document.field, document.issuer) if text)
    return Seen(
        tuple(named(document)),
        tuple((word, syllable(word)) for word in words(document.title)),
        tuple((text, tuple(parts)) for text, parts in about),
    )
