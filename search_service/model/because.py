"""Why a document is among the results, in words that a person can check: the name or the words that it shares."""

from collections.abc import Callable, Iterable, Sequence
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


Keys = frozenset[str]


class Seen(NamedTuple):
    """What of a document can be recognised: its names, its title's words, what it is about; each with its keys.

    A word has two keys: as it is written, and without diacritics, ended by ``*``.
    """

    names: tuple[tuple[str, Keys, int], ...]
    named: Keys
    title: tuple[tuple[str, Keys], ...]
    titled: Keys
    about: tuple[tuple[str, Keys], ...]


def because(document: Document, reading: Reading) -> Because | None:
    """Return why ``document`` answers what was read, or None when nothing was asked."""
    return why(reading)(document)


def why(reading: Reading) -> Callable[[Document], Because | None]:
    """Return what tells of each document why it answers what was read."""
    said, every, meant = _telling(reading.said), _keys(reading.said), _telling(reading.meant)

    def tell(document: Document) -> Because | None:
        if reading.code:
            return Because("code", document.id)
        seen = _seen(document)
        if found := _by_name(seen, said, every) or _by_title(seen, said):
            return found
        if found := _by_title(seen, meant):
            return Because("meaning", found.words)
        return next((Because("about", text) for text, own in seen.about if own & said), None)

    return tell


def _by_name(seen: Seen, said: Keys, every: Keys) -> Because | None:
    """The name of which most was said, unless the title shares more words; ``every`` counts words that say little."""
    if not seen.named & said:
        return None
    share, common, found = max(
        (len(own & every) / size, len(own & every), text) for text, own, size in seen.names if own & said
    )
    title = len(seen.titled & said)
    return Because("name", found) if (share >= NEARLY or not title) and common >= title else None


def _by_title(seen: Seen, said: Keys) -> Because | None:
    if not seen.titled & said:
        return None
    return Because("title", " ".join(dict.fromkeys(word for word, own in seen.title if own & said)))


def _telling(parts: Sequence[Syllable]) -> Keys:
    """Return the keys of the words that say something, of all of them when none does."""
    lists = lexicon()
    telling = [
        part
        for part in parts
        if part.exact not in lists.stop_questions and not (part.bare and part.plain in lists.stop_bare)
    ]
    return _keys(telling or parts)


def _keys(parts: Iterable[Syllable]) -> Keys:
    """Return the key of each word that was said: one without diacritics stands for any of its letters."""
    return frozenset(f"{part.plain}*" if part.bare else part.exact for part in parts)


def _own(parts: Iterable[Syllable]) -> Keys:
    return frozenset(key for part in parts for key in (part.exact, f"{part.plain}*"))


@lru_cache(REMEMBERED)
def _seen(document: Document) -> Seen:
    lists = lexicon()
    names = tuple((text, _own(name), len(name)) for text, name in named(document))
    title = tuple((word, _own([syllable(word)])) for word in words(document.title))
    about = ((text, _own(kept(syllables(text), lists))) for text in (document.field, document.issuer) if text)
    return Seen(
        names,
        frozenset().union(*(own for _, own, _ in names)),
        title,
        frozenset().union(*(own for _, own in title)),
        tuple(about),
    )
