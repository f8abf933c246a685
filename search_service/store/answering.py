"""From a question to a page, whatever engine finds the candidates."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain, zip_longest
from typing import TypeVar

from search_service.model.answers import Filters, Found, Hit, facets, grouped
from search_service.model.because import why
from search_service.model.documents import PROCEDURE, Document
from search_service.model.plan import CANDIDATES, Plan, plan
from search_service.model.question import Reading, read
from search_service.model.ranking import BESIDE, LED, NAMED, NEAR, OTHERS, RELEVANT, SHARP
from search_service.store.shelf import Card, Shelf

T = TypeVar("T")
U = TypeVar("U")
MOST_BESIDE = 5
EVERYTHING = Filters()

Ask = Callable[[Plan], Awaitable[list[tuple[float, Card]]]]


async def answer(shelf: Shelf, ask: Ask, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
    """Answer with the documents from ``offset`` on; ``ask`` returns scores and cards of the best candidates."""
    reading = read(text, shelf.vocabulary)
    if filters.type in (None, PROCEDURE):
        cards, others = await _answers(shelf, ask, reading, filters, meanwhile=partial(_others, shelf, reading))
    else:
        others = _others(shelf, reading)
        cards = [card for _, card in others if filters.allow(card.document)]
    hits = grouped([card.document for card in cards], [card.title_key for card in cards])
    counted = chain(cards, (card for _, card in others)) if filters == EVERYTHING and not reading.empty else cards
    return Found(
        hits=_explained(hits[offset : offset + limit], reading),
        total=len(cards),
        more=len(hits) > offset + limit,
        facets=facets(card.document for card in counted),
        read_as=reading.read_as,
        beside=_beside(shelf, others, hits, reading) if filters == EVERYTHING and not offset else (),
    )


def _others(shelf: Shelf, reading: Reading) -> list[tuple[float, Card]]:
    """Return what is no procedure with how near it comes, nearest first; all of it when nothing was asked."""
    if reading.empty:
        cards = (card for card in shelf.cards.values() if card.document.type != PROCEDURE)
        found = [(0.0, card) for card in cards if not card.withdrawn]
    else:
        found = [(value, shelf.cards[one]) for one, value in shelf.beside(reading).items() if value >= OTHERS]
    return sorted(found, key=lambda pair: (-pair[0], pair[1].document.id))


def _beside(
    shelf: Shelf, others: Sequence[tuple[float, Card]], hits: Sequence[Hit], reading: Reading
) -> tuple[Hit, ...]:
    """Return the few that stand beside procedures: the checklist that the first one leads to, then the nearest.

    What is about the first one may be less near.
    """
    if reading.empty:
        return ()
    first = hits[0].document.id if hits else ""
    chosen = shelf.leading(first) + [
        card for value, card in others if value >= (LED if not first or first in card.document.leads else BESIDE)
    ]
    found = dict.fromkeys(card.document for card in chosen)
    return _explained([Hit(document) for document in list(found)[:MOST_BESIDE]], reading)


def _explained(hits: Sequence[Hit], reading: Reading) -> tuple[Hit, ...]:
    tell = why(reading)
    return tuple(Hit(hit.document, hit.also, tell(hit.document)) for hit in hits)


async def suggestions(shelf: Shelf, ask: Ask, text: str, limit: int) -> list[Document]:
    """Return what the words mean as they are, then what they may become."""
    if not text.strip():
        return []
    ways = await asyncio.gather(*(_not_withdrawn(shelf, ask, text, unfinished=one) for one in (False, True)))
    found: dict[str, Document] = {}
    for card in chain.from_iterable(zip_longest(*ways)):
        if card is not None and len(found) < limit:
            found.setdefault(card.title_key, card.document)
    return list(found.values())


async def _not_withdrawn(shelf: Shelf, ask: Ask, text: str, *, unfinished: bool) -> list[Card]:
    reading = read(text, shelf.vocabulary, unfinished=unfinished)
    cards = [] if reading.empty else (await _answers(shelf, ask, reading, Filters(), meanwhile=_nothing))[0]
    return [card for card in cards if not card.withdrawn]


def _nothing() -> None:
    """Do nothing meanwhile."""


async def _answers(
    shelf: Shelf, ask: Ask, reading: Reading, filters: Filters, *, meanwhile: Callable[[], T]
) -> tuple[list[Card], T]:
    """Return the procedures that answer, best first, and what ``meanwhile`` returned: done while the engine looks."""
    if reading.empty:
        return [card for card in shelf.in_order() if filters.allow(card.document)], meanwhile()
    if reading.code:
        cards = sorted(shelf.cards.values(), key=lambda card: card.document.id)
        near = [card for card in cards if card.document.id.startswith(reading.code)]
        return [card for card in near if filters.allow(card.document)][:CANDIDATES], meanwhile()
    wanted = plan(reading, shelf.vocabulary, filters)
    if wanted.empty:
        return [], meanwhile()
    found, named, done = await asyncio.gather(ask(wanted), _later(lambda: shelf.near(reading)), _later(meanwhile))
    scored = ranked(found, named, shelf, reading, filters)
    scored.sort(key=lambda pair: (pair[1].withdrawn, -pair[0], pair[1].document.id))
    return [card for _, card in scored], done


async def _later(work: Callable[[], U]) -> U:
    """Do ``work`` in its turn: gathered behind a question to the engine, it is done while that one looks."""
    return work()


def ranked(
    found: Sequence[tuple[float, Card]],
    near: Mapping[str, float],
    shelf: Shelf,
    reading: Reading,
    filters: Filters,
) -> list[tuple[float, Card]]:
    """Return what is relevant: by the engine's score (the best = 1) and by how ``near`` an everyday name is."""

    def prior(card: Card) -> float:
        return card.abroad if reading.foreign else card.at_home

    best = max((score for score, _ in found), default=0.0) or 1.0
    top = max((score * prior(card) for score, card in found), default=0.0) or 1.0
    scores = {card.document.id: score * prior(card) / top for score, card in found if score >= RELEVANT * best}
    for identity, value in near.items():
        card = shelf.cards[identity]
        if (identity in scores or value >= NEAR) and filters.allow(card.document):
            scores[identity] = scores.get(identity, 0.0) + NAMED * prior(card) * value**SHARP
    return [(score, shelf.cards[identity]) for identity, score in scores.items()]
