"""The embedded engine: tantivy folders under ``DATA/index``, one of them current."""

import asyncio
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import ParamSpec, TypeVar

import tantivy

from search_service.model.answers import NOTHING, Filters, Found, facets, grouped
from search_service.model.documents import Document
from search_service.model.lexicon import edition
from search_service.model.question import Reading, Term, read
from search_service.model.ranking import RELEVANT
from search_service.store.generation import SCHEMA, Card, Generation

P = ParamSpec("P")
T = TypeVar("T")

CURRENT = "current"
CANDIDATES = 250
BATCH = 2_000
EXACT = 0.5
LEAD = 1.2
PAIR = 1.3
NAME = 2.0
ABOUT = 0.25
TIE = 0.2


class TantivyIndex:
    """Searches in well under a millisecond, so it answers on the event loop; writes run on a thread."""

    def __init__(self, folder: Path, generation: Generation | None) -> None:
        self._folder = folder
        self._generation = generation
        self._writing = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "index")

    @classmethod
    async def open(cls, folder: Path) -> "TantivyIndex":
        """Open what is current and of this edition; a missing, old or broken index is not usable."""
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        return cls(folder, await asyncio.to_thread(_current, folder))

    @property
    def usable(self) -> bool:
        """False while there is no complete index of this edition."""
        return self._generation is not None

    async def upsert(self, documents: Sequence[Document]) -> None:
        """Put newer documents in. Raises ``RuntimeError`` before the first ``rebuild``."""
        async with self._writing:
            generation = self._generation
            if generation is None:
                raise RuntimeError("the index has not been built yet")
            newer = generation.newer(documents)
            if newer:
                generation.show(await self._off_loop(generation.write, newer))

    async def rebuild(self, documents: Iterable[Document]) -> int:
        """Build beside, check the count, swap the pointer, forget the old folder."""
        async with self._writing:
            name = f"{edition()}.{SCHEMA}-{uuid.uuid4().hex[:12]}"
            fresh, count = await self._off_loop(_built, self._folder / name, documents)
            await self._off_loop(_point, self._folder, name)
            old, self._generation = self._generation, fresh
            await self._off_loop(_clean, self._folder, name, old)
            return count

    async def _off_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run on the one writing thread: what was cancelled here still ends before the next begins."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    def count(self) -> int:
        """Return the number of documents."""
        return len(self._generation.cards) if self._generation else 0

    async def close(self) -> None:
        """Wait for a write in progress and for background merges."""
        async with self._writing:
            if self._generation is not None:
                await self._off_loop(self._generation.close)
            self._thread.shutdown()

    def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        """Answer with the documents from ``offset`` on."""
        if self._generation is None:
            return NOTHING
        reading = read(text, self._generation.vocabulary)
        cards = self._answers(self._generation, reading, filters)
        hits = grouped([card.document for card in cards], [card.title_key for card in cards])
        return Found(
            hits=tuple(hits[offset : offset + limit]),
            total=len(cards),
            more=len(hits) > offset + limit,
            facets=facets(card.document for card in cards),
            read_as=reading.read_as,
        )

    def suggest(self, text: str, limit: int) -> list[Document]:
        """Return what the words mean as they are, then what they may become."""
        if self._generation is None or not text.strip():
            return []
        ways = []
        for unfinished in (False, True):
            reading = read(text, self._generation.vocabulary, unfinished=unfinished)
            cards = [] if reading.empty else self._answers(self._generation, reading, Filters())
            ways.append([card for card in cards if not card.withdrawn])
        found: dict[str, Document] = {}
        for card in chain.from_iterable(zip_longest(*ways)):
            if card is not None and len(found) < limit:
                found.setdefault(card.title_key, card.document)
        return list(found.values())

    def _answers(self, generation: Generation, reading: Reading, filters: Filters) -> list[Card]:
        if reading.empty:
            return [card for card in generation.in_order() if filters.allow(card.document)]
        if reading.code:
            cards = sorted(generation.cards.values(), key=lambda card: card.document.id)
            near = [card for card in cards if card.document.id.startswith(reading.code)]
            return [card for card in near if filters.allow(card.document)][:CANDIDATES]
        query = _query(generation, reading, filters)
        if query is None:
            return []
        found = generation.found(query, CANDIDATES)
        least = RELEVANT * max((score for score, _ in found), default=0.0)
        scored = [
            (score * (card.abroad if reading.foreign else card.at_home), card)
            for score, card in found
            if score >= least
        ]
        scored.sort(key=lambda pair: (pair[1].withdrawn, -pair[0], pair[1].document.id))
        return [card for _, card in scored]


def _query(generation: Generation, reading: Reading, filters: Filters) -> tantivy.Query | None:
    schema, vocabulary = generation.schema, generation.vocabulary
    wanted: list[tuple[tantivy.Occur, tantivy.Query]] = []
    for term in reading.singles:
        if vocabulary.knows(term.plain):
            rarity = vocabulary.rarity(term.plain) * term.weight
            wanted += [(tantivy.Occur.Should, query) for query in _single(schema, term, rarity)]
    for term in reading.pairs:
        if vocabulary.knows(term.plain):
            rarity = vocabulary.rarity(term.plain) * term.weight * PAIR
            wanted += [(tantivy.Occur.Should, query) for query in _pair(schema, term, rarity)]
    wanted += [
        (tantivy.Occur.Should, _constant(schema, "phrases", term.plain, term.weight * NAME)) for term in reading.names
    ]
    if reading.starts:
        starts = [tantivy.Query.term_query(schema, "plain", word, "freq") for word in reading.starts]
        wanted.append((tantivy.Occur.Must, tantivy.Query.disjunction_max_query(starts)))
    if not wanted:
        return None
    both = [(tantivy.Occur.Must, tantivy.Query.boolean_query(wanted))]
    for name in ("type", "field", "level", "applicant", "agency"):
        value = getattr(filters, name)
        if value is not None:
            only = tantivy.Query.term_query(schema, name, value, "basic")
            both.append((tantivy.Occur.Must, tantivy.Query.const_score_query(only, 0.0)))
    return tantivy.Query.boolean_query(both) if len(both) > 1 else both[0][1]


def _single(schema: tantivy.Schema, term: Term, rarity: float) -> list[tantivy.Query]:
    ways = [
        _boosted(schema, "plain", term.plain, term.weight),
        _constant(schema, "everyday", term.plain, rarity),
        _constant(schema, "about", term.plain, rarity * ABOUT),
    ]
    sums = [
        tantivy.Query.disjunction_max_query(ways, TIE),
        _boosted(schema, "lead", term.plain, term.weight * LEAD),
    ]
    if term.exact:
        sums.append(_boosted(schema, "exact", term.exact, term.weight * EXACT))
    return sums


def _pair(schema: tantivy.Schema, term: Term, rarity: float) -> list[tantivy.Query]:
    ways = [
        _boosted(schema, "plain_pairs", term.plain, term.weight * PAIR),
        _constant(schema, "everyday", term.plain, rarity),
    ]
    sums = [
        tantivy.Query.disjunction_max_query(ways, TIE),
        _boosted(schema, "lead_pairs", term.plain, term.weight * PAIR * LEAD),
    ]
    if term.exact:
        sums.append(_boosted(schema, "exact_pairs", term.exact, term.weight * PAIR * EXACT))
    return sums


def _boosted(schema: tantivy.Schema, name: str, value: str, boost: float) -> tantivy.Query:
    return tantivy.Query.boost_query(tantivy.Query.term_query(schema, name, value, "freq"), boost)


def _constant(schema: tantivy.Schema, name: str, value: str, score: float) -> tantivy.Query:
    return tantivy.Query.const_score_query(tantivy.Query.term_query(schema, name, value, "freq"), score)


def _current(folder: Path) -> Generation | None:
    pointer = folder / CURRENT
    if not pointer.exists():
        return None
    name = pointer.read_text(encoding="utf-8").strip()
    if not name.startswith(f"{edition()}.{SCHEMA}-") or not (folder / name / "meta.json").exists():
        return None
    try:
        return Generation(folder / name)
    except (ValueError, OSError, KeyError, TypeError):
        return None


def _built(folder: Path, documents: Iterable[Document]) -> tuple[Generation, int]:
    generation = Generation(folder)
    expected = 0
    source = iter(documents)
    while batch := list(islice(source, BATCH)):
        generation.show(generation.write(batch))
        expected += len(batch)
    if not expected:
        generation.show(generation.write([]))
    if len(generation.cards) != expected:
        raise RuntimeError(f"the new index holds {len(generation.cards)} documents, expected {expected}")
    return generation, expected


def _point(folder: Path, name: str) -> None:
    part = folder / f"{CURRENT}.part"
    part.write_text(name, encoding="utf-8")
    part.replace(folder / CURRENT)


def _clean(folder: Path, name: str, old: Generation | None) -> None:
    if old is not None:
        old.close()
    for other in folder.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other, ignore_errors=True)
