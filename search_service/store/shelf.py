"""What a process keeps of its index in memory: a card of each document and the words of all; ranking needs both."""

from collections.abc import Sequence
from typing import NamedTuple

from search_service.model.documents import LIFE_EVENT, PROCEDURE, Document, Terms, names, terms
from search_service.model.lexicon import lexicon
from search_service.model.names import Names
from search_service.model.question import Reading
from search_service.model.ranking import MEANT, factor
from search_service.model.vocabulary import Vocabulary


class Card(NamedTuple):
    """What ranking and results need of a document without asking the index."""

    document: Document
    at_home: float
    abroad: float
    withdrawn: bool
    weight: int
    title_key: str


class Shelf:
    """Cards by document id. Belongs to the event loop."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.vocabulary = Vocabulary()
        self.names = Names(lexicon().stop_questions)
        self.others = Names(lexicon().stop_questions)
        self._led: dict[str, dict[str, None]] = {}
        self._browsing: list[Card] | None = None

    def newer(self, documents: Sequence[Document]) -> list[Document]:
        """Return those documents that are newer than what is here, the newest of each id."""
        latest: dict[str, Document] = {}
        for document in documents:
            card = self.cards.get(document.id)
            held = latest.get(document.id) or (card.document if card else None)
            if held is None or document.version > held.version:
                latest[document.id] = document
        return list(latest.values())

    def put(self, document: Document, found: Terms | None = None) -> None:
        """Show ``document`` in place of its older version; ``found`` are its terms, if they are known already."""
        found = found or terms(document)
        self._forget(document.id)
        self.cards[document.id] = Card(
            document,
            factor(found.marks, found.weight, foreign=False),
            factor(found.marks, found.weight, foreign=True),
            document.withdrawn,
            found.weight,
            found.title_key,
        )
        self._browsing = None
        if document.type != PROCEDURE:
            self.others.put(document.id, () if document.withdrawn else names(document))
            if document.type == LIFE_EVENT and not document.withdrawn:
                for code in document.leads:
                    self._led.setdefault(code, {})[document.id] = None
            return
        self.vocabulary.add((*found.plain, *_singles(found)), (*found.plain_pairs, *_pairs(found)), found.phrases)
        self.names.put(document.id, names(document))

    def beside(self, reading: Reading) -> dict[str, float]:
        """Return how near the question comes to each life event, guide and question, as said or as meant."""
        return _nearest(self.others, reading)

    def near(self, reading: Reading) -> dict[str, float]:
        """Return how near the question comes to an everyday name of each document, as said or as meant."""
        return _nearest(self.names, reading)

    def leading(self, code: str) -> list[Card]:
        """Return the checklists of life events to which a procedure leads."""
        return [self.cards[identity] for identity in self._led.get(code, ())]

    def in_order(self) -> list[Card]:
        """Return every procedure in the order for browsing: common ones first, withdrawn ones last, then by title."""
        if self._browsing is None:
            self._browsing = sorted(
                (card for card in self.cards.values() if card.document.type == PROCEDURE),
                key=lambda card: (card.withdrawn, -card.weight, card.title_key, card.document.id),
            )
        return self._browsing

    def _forget(self, identity: str) -> None:
        card = self.cards.pop(identity, None)
        if card is None:
            return
        if card.document.type != PROCEDURE:
            for code in card.document.leads:
                self._led.get(code, {}).pop(identity, None)
            return
        found = terms(card.document)
        self.vocabulary.remove((*found.plain, *_singles(found)), (*found.plain_pairs, *_pairs(found)), found.phrases)


def _nearest(names: Names, reading: Reading) -> dict[str, float]:
    found = names.near(reading.said)
    if reading.meant != reading.said:
        for identity, value in names.near(reading.meant).items():
            found[identity] = max(found.get(identity, 0.0), MEANT * value)
    return found


def _singles(found: Terms) -> list[str]:
    return [*(term for term in found.everyday if "_" not in term), *found.about]


def _pairs(found: Terms) -> list[str]:
    return [term for term in found.everyday if "_" in term]
