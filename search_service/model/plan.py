"""What a question asks of an index, in terms that every engine has: so that all engines answer alike."""

from collections.abc import Iterator
from dataclasses import dataclass

from search_service.model.answers import Filters
from search_service.model.documents import NARROWING
from search_service.model.question import Reading, Term
from search_service.model.vocabulary import Vocabulary

CANDIDATES = 250
EXACT = 0.5
LEAD = 1.2
PAIR = 1.3
NAME = 2.0
ABOUT = 0.25
TIE = 0.2


@dataclass(frozen=True, slots=True)
class Way:
    """One term in one field. ``constant``: a match scores ``score``; else BM25 (k1 1.2, b 0.75) times ``score``."""

    field: str
    value: str
    score: float
    constant: bool = False


Clause = tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Clauses that add up, each its best way and ``TIE`` of its others; ``starts``: one of these must match, too."""

    clauses: tuple[Clause, ...]
    starts: Clause
    only: tuple[tuple[str, str], ...]

    @property
    def empty(self) -> bool:
        """No document can answer."""
        return not (self.clauses or self.starts)


def plan(reading: Reading, vocabulary: Vocabulary, filters: Filters) -> Plan:
    """Return what to ask for ``reading``, narrowed by ``filters``."""
    clauses: list[Clause] = []
    for term in reading.singles:
        if vocabulary.knows(term.plain):
            clauses += _single(term, vocabulary.rarity(term.plain) * term.weight)
    for term in reading.pairs:
        if vocabulary.knows(term.plain):
            clauses += _pair(term, vocabulary.rarity(term.plain) * term.weight * PAIR)
    clauses += [(Way("phrases", term.plain, term.weight * NAME, True),) for term in reading.names]
    starts = tuple(Way("plain", word, 1.0) for word in reading.starts)
    given = ((name, getattr(filters, name)) for name in NARROWING)
    return Plan(tuple(clauses), starts, tuple((name, value) for name, value in given if value is not None))


def _single(term: Term, rarity: float) -> Iterator[Clause]:
    yield (
        Way("plain", term.plain, term.weight),
        Way("everyday", term.plain, rarity, True),
        Way("about", term.plain, rarity * ABOUT, True),
    )
    yield (Way("lead", term.plain, term.weight * LEAD),)
    if term.exact:
        yield (Way("exact", term.exact, term.weight * EXACT),)


def _pair(term: Term, rarity: float) -> Iterator[Clause]:
    yield (Way("plain_pairs", term.plain, term.weight * PAIR), Way("everyday", term.plain, rarity, True))
    yield (Way("lead_pairs", term.plain, term.weight * PAIR * LEAD),)
    if term.exact:
        yield (Way("exact_pairs", term.exact, term.weight * PAIR * EXACT),)
