"""What a search answers with, whatever engine found it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from search_service.model.because import Because
from search_service.model.documents import ONLINE, Document
from search_service.model.text import syllables

FACETS = ("type", "field", "level", "applicant", "agency", "online")
MOST_VALUES = 50
BEGINNING = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """Each is one value or None; all given ones must hold."""

    type: str | None = None
    field: str | None = None
    level: str | None = None
    applicant: str | None = None
    agency: str | None = None
    online: str | None = None

    def allow(self, document: Document) -> bool:
        """Tell whether ``document`` passes every filter."""
        return (
            (self.type is None or document.type == self.type)
            and (self.field is None or document.field == self.field)
            and (self.level is None or self.level in document.levels)
            and (self.applicant is None or self.applicant in document.applicants)
            and (self.agency is None or document.issuer == self.agency)
            and (self.online is None or (self.online == ONLINE) is document.fileable)
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; ``also`` are other documents under the very same title (other places' versions, mostly)."""

    document: Document
    also: tuple[Document, ...] = ()
    because: Because | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page. ``total`` counts every relevant document; ``facets`` are over all of them, most frequent first.

    ``beside`` are the nearest of other kinds: they take no place from ``hits``.
    """

    hits: tuple[Hit, ...]
    total: int
    more: bool
    facets: dict[str, list[tuple[str, int]]]
    read_as: str = ""
    beside: tuple[Hit, ...] = ()


NOTHING = Found((), 0, False, {name: [] for name in FACETS})


def facets(documents: Iterable[Document]) -> dict[str, list[tuple[str, int]]]:
    """Count the values of every facet over ``documents``."""
    among = list(documents)
    counts = {
        "type": Counter([one.type for one in among]),
        "field": Counter([one.field for one in among]),
        "level": Counter(chain.from_iterable([one.levels for one in among])),
        "applicant": Counter(chain.from_iterable([one.applicants for one in among])),
        "agency": Counter([one.issuer for one in among]),
        "online": Counter([ONLINE for one in among if one.fileable]),
    }
    return {
        name: sorted(((value, n) for value, n in found.items() if value), key=lambda pair: (-pair[1], pair[0]))[
            :MOST_VALUES
        ]
        for name, found in counts.items()
    }


def grouped(documents: Sequence[Document], keys: Sequence[str]) -> list[Hit]:
    """Put documents with the same title (``keys``) under the first of them, keeping the order."""
    places: dict[str, list[Document]] = {}
    for document, key in zip(documents, keys, strict=True):
        places.setdefault(f"{document.type} {key}", []).append(document)
    return [Hit(first, tuple(rest)) for first, *rest in places.values()]


def short_title(document: Document) -> str:
    """Return the everyday title, or the official one without its leading "Thủ tục"."""
    if document.plain_title:
        return document.plain_title
    title = document.title.strip()
    if [part.exact for part in syllables(title[:BEGINNING])[:2]] == ["thu3", "tuc5"]:
        title = title[len("thủ tục") :].lstrip(" :.-") or title
    return title[:1].upper() + title[1:]
