"""Rate an index by the questions whose right answers are known."""

from collections.abc import Sequence

from search_service.model.answers import Filters, Hit
from search_service.model.rating import Question, Rated, shared
from search_service.store.index import Index

DEPTH = 20


async def rate_index(*, index: Index, questions: Sequence[Question]) -> list[Rated]:
    """Ask ``index`` every question; documents under one title are one answer."""
    return [await _rated(index, question) for question in questions]


async def _rated(index: Index, question: Question) -> Rated:
    found = await index.search(question.text, Filters(), offset=0, limit=DEPTH)
    rank = next((place for place, hit in enumerate(found.hits, 1) if question.codes & _codes(hit)), 0)
    titles = [hit.document.title for code in sorted(question.codes) for hit in await _under(index, code)]
    return Rated(question, rank, max((shared(question.text, title) for title in titles), default=0.0))


async def _under(index: Index, code: str) -> tuple[Hit, ...]:
    return (await index.search(code, Filters(), offset=0, limit=1)).hits


def _codes(hit: Hit) -> set[str]:
    return {one.id for one in (hit.document, *hit.also)}
