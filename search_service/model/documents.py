"""What is searched: a document, what of it is indexed, and the card that a result shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from functools import lru_cache
from typing import Any

from search_service.model.lexicon import Lexicon, Starting, lexicon
from search_service.model.text import Syllable, pairs, syllables

LEAD = 10
ONLINE = "yes"
SCORED = ("plain", "lead", "exact", "plain_pairs", "lead_pairs", "exact_pairs")
MATCHED = ("everyday", "phrases", "about")
NARROWING = ("type", "field", "level", "applicant", "agency", "online")
PROCEDURE = "procedure"
LIFE_EVENT = "life_event"
KINDS = (PROCEDURE, "question", "guide", LIFE_EVENT)
_LISTS = ("executors", "levels", "applicants", "everyday", "leads")


class Mark(IntFlag):
    """Why a document comes earlier or later among equals."""

    WITHDRAWN = 1
    FILEABLE = 2
    FOREIGN = 4
    LOCAL = 8
    INTERNAL = 16


@dataclass(frozen=True, slots=True)
class Document:
    """One public thing that can be found. A procedure's ``id`` is its code; ``version`` grows with every change.

    Of other kinds ``plain_title_en`` is the English title, ``text`` what is said (a question's answer), ``address``
    their page and ``leads`` the codes of procedures that lead to them. A procedure's ``text`` says who it is for;
    what is empty (``term_amount`` 0) is not published.
    """

    id: str
    version: int
    type: str
    title: str
    plain_title: str = ""
    plain_title_en: str = ""
    field: str = ""
    issuer: str = ""
    executors: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    applicants: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()
    fileable: bool = False
    withdrawn: bool = False
    successor: str = ""
    text: str = ""
    text_en: str = ""
    address: str = ""
    leads: tuple[str, ...] = ()
    competent_level: str = ""
    term_amount: int = 0
    term_unit: str = ""
    term: str = ""
    term_en: str = ""
    fee: str = ""
    fee_en: str = ""

    def __hash__(self) -> int:
        """Versions tell documents of one id apart."""
        return hash((self.id, self.version))


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a document is indexed: ``exact`` and ``plain`` of the title, the rest plain only.

    ``phrases`` are the everyday names as wholes, joined by ``_``: who says one of them means this document.
    """

    exact: tuple[str, ...]
    plain: tuple[str, ...]
    everyday: tuple[str, ...]
    phrases: tuple[str, ...]
    about: tuple[str, ...]
    marks: Mark
    weight: int
    title_key: str = field(repr=False)

    @property
    def lead(self) -> tuple[str, ...]:
        """The title's first words: what a long title is about, before it counts its cases."""
        return self.plain[:LEAD]

    @property
    def lead_pairs(self) -> list[str]:
        """The neighbours in ``lead``."""
        return pairs(list(self.lead))

    @property
    def exact_pairs(self) -> list[str]:
        """The title's neighbours with diacritics."""
        return pairs(list(self.exact))

    @property
    def plain_pairs(self) -> list[str]:
        """The title's neighbours without diacritics."""
        return pairs(list(self.plain))


def terms(document: Document) -> Terms:
    """Return what is indexed of ``document``; what is no procedure is found by its names alone."""
    words = lexicon()
    title = kept(syllables(document.title), words)
    if document.type != PROCEDURE:
        return Terms((), (), (), (), (), Mark(0), 0, " ".join(part.exact for part in title))
    everyday: list[str] = []
    phrases: list[str] = []
    for phrase in (document.plain_title, document.plain_title_en, *document.everyday):
        plain = [part.plain for part in kept(syllables(phrase), words)]
        everyday += [*plain, *pairs(plain)]
        phrases.append("_".join(plain))
    about = [word for text in (document.field, document.issuer, *document.executors) for word in _about(text)]
    return Terms(
        exact=tuple(part.exact for part in title),
        plain=tuple(part.plain for part in title),
        everyday=tuple(dict.fromkeys(everyday)),
        phrases=tuple(phrase for phrase in dict.fromkeys(phrases) if phrase),
        about=tuple(dict.fromkeys(about)),
        marks=_marks(document, words),
        weight=words.weights.get(document.id, 0),
        title_key=" ".join(part.exact for part in title),
    )


def names(document: Document) -> list[tuple[Syllable, ...]]:
    """Return the everyday names of ``document`` as wholes."""
    return [name for _, name in named(document)]


def named(document: Document) -> list[tuple[str, tuple[Syllable, ...]]]:
    """Return the everyday names of ``document`` as they are written, each with its words."""
    words = lexicon()
    own = document.plain_title if document.type == PROCEDURE else document.title
    given = (own, document.plain_title_en, *document.everyday)
    return [(text, tuple(name)) for text in given if (name := kept(syllables(text), words))]


def searched(found: Terms) -> dict[str, Sequence[str]]:
    """Return the words of each field that is searched: ``SCORED`` by BM25, ``MATCHED`` only for being there."""
    return {name: getattr(found, name) for name in (*SCORED, *MATCHED)}


def narrowing(document: Document) -> dict[str, Sequence[str]]:
    """Return the values of each field that filters narrow by."""
    return {
        "type": (document.type,),
        "field": (document.field,),
        "level": document.levels,
        "applicant": document.applicants,
        "agency": (document.issuer,),
        "online": (ONLINE,) if document.fileable else (),
    }


def document_of(body: Mapping[str, Any]) -> Document:
    """Return the document whose fields were written as JSON (``dataclasses.asdict``)."""
    return Document(**{**body, **{name: tuple(body.get(name, ())) for name in _LISTS}})


@lru_cache(maxsize=5_000)
def _about(text: str) -> tuple[str, ...]:
    """Return the words of a field's or an agency's name; the same few come again and again."""
    return tuple(part.plain for part in kept(syllables(text), lexicon()))


def kept(parts: Sequence[Syllable], words: Lexicon) -> list[Syllable]:
    """Write abbreviations out and take the stop words of documents away."""
    return [part for part in words.expand(parts) if part.exact not in words.stop_everywhere]


def _marks(document: Document, words: Lexicon) -> Mark:
    marks = Mark(0)
    if document.withdrawn:
        marks |= Mark.WITHDRAWN
    if document.fileable:
        marks |= Mark.FILEABLE
    title = syllables(document.title)
    abroad = speaks_of(words.foreign_titles, title) and not speaks_of(words.home_titles, title)
    if abroad or document.issuer in words.foreign_issuers:
        marks |= Mark.FOREIGN
    if document.issuer.startswith(("UBND", "Sở ", "Trung tâm")):
        marks |= Mark.LOCAL
    if document.id.startswith(("5.", "6.")):
        marks |= Mark.INTERNAL
    return marks


def speaks_of(phrases: Starting, parts: Sequence[Syllable]) -> bool:
    """Tell whether one of ``phrases`` occurs in ``parts`` (a part without diacritics fits any word of its letters)."""
    for start, part in enumerate(parts):
        for phrase in phrases.get(part.plain, ()):
            window = parts[start : start + len(phrase)]
            if len(window) == len(phrase) and all(map(_fits, window, phrase)):
                return True
    return False


def _fits(part: Syllable, own: Syllable) -> bool:
    return part.exact == own.exact or (part.bare and part.plain == own.plain)
