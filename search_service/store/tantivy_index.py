"""The embedded engine: tantivy folders under ``DATA/index``, one of them current."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import tantivy

from search_service.model.answers import NOTHING, Filters, Found
from search_service.model.documents import Document
from search_service.model.lexicon import edition
from search_service.model.plan import CANDIDATES, TIE, Clause, Plan, Way
from search_service.store.answering import answer, suggestions
from search_service.store.generation import SCHEMA, Generation
from search_service.store.index import Refused
from search_service.store.shelf import Card

P = ParamSpec("P")
T = TypeVar("T")

CURRENT = "current"


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

    async def refresh(self) -> None:
        """Open what another process (a command) built meanwhile."""
        async with self._writing:
            name = await self._off_loop(_pointed, self._folder)
            held = self._generation.folder.name if self._generation else None
            if name and name != held and (fresh := await self._off_loop(_current, self._folder)):
                old, self._generation = self._generation, fresh
                if old is not None:
                    await self._off_loop(old.close)

    async def upsert(self, documents: Sequence[Document]) -> None:
        """Put newer documents in. Raises ``RuntimeError`` before the first ``rebuild``."""
        async with self._writing:
            generation = self._generation
            if generation is None:
                raise RuntimeError("the index has not been built yet")
            newer = generation.shelf.newer(documents)
            if newer:
                generation.show(await self._off_loop(generation.write, newer))

    async def rebuild(
        self, batches: AsyncIterable[Sequence[Document]], *, expected: Callable[[], Awaitable[int]]
    ) -> int:
        """Build beside, check the count, swap the pointer, forget the old folder."""
        async with self._writing:
            name = f"{edition()}.{SCHEMA}-{uuid.uuid4().hex[:12]}"
            fresh: Generation = await self._off_loop(Generation, self._folder / name)
            async for batch in batches:
                fresh.show(await self._off_loop(fresh.write, fresh.shelf.newer(batch)))
            fresh.show(await self._off_loop(fresh.write, []))
            count, wanted = len(fresh.shelf.cards), await expected()
            if count != wanted:
                raise Refused(f"the new index holds {count} documents, the rows say {wanted}")
            await self._off_loop(_point, self._folder, name)
            old, self._generation = self._generation, fresh
            await self._off_loop(_clean, self._folder, name, old)
            return count

    async def _off_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run on the one writing thread: what was cancelled here still ends before the next begins."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    def count(self) -> int:
        """Return the number of documents."""
        return len(self._generation.shelf.cards) if self._generation else 0

    async def close(self) -> None:
        """Wait for a write in progress and for background merges."""
        async with self._writing:
            if self._generation is not None:
                await self._off_loop(self._generation.close)
            self._thread.shutdown()

    async def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        """Answer with the documents from ``offset`` on; with nothing before the first ``rebuild``."""
        generation = self._generation
        if generation is None:
            return NOTHING
        return await answer(generation.shelf, _asking(generation), text, filters, offset=offset, limit=limit)

    async def suggest(self, text: str, limit: int) -> list[Document]:
        """Return what the words mean as they are, then what they may become."""
        generation = self._generation
        return [] if generation is None else await suggestions(generation.shelf, _asking(generation), text, limit)


def _asking(generation: Generation) -> Callable[[Plan], Awaitable[list[tuple[float, Card]]]]:
    async def ask(plan: Plan) -> list[tuple[float, Card]]:
        return generation.found(_query(generation.schema, plan), CANDIDATES)

    return ask


def _query(schema: tantivy.Schema, plan: Plan) -> tantivy.Query:
    wanted = [(tantivy.Occur.Should, _best(schema, clause, TIE)) for clause in plan.clauses]
    if plan.starts:
        wanted.append((tantivy.Occur.Must, _best(schema, plan.starts, 0.0)))
    both = [(tantivy.Occur.Must, tantivy.Query.boolean_query(wanted))]
    for name, value in plan.only:
        only = tantivy.Query.term_query(schema, name, value, "basic")
        both.append((tantivy.Occur.Must, tantivy.Query.const_score_query(only, 0.0)))
    return tantivy.Query.boolean_query(both) if len(both) > 1 else both[0][1]


def _best(schema: tantivy.Schema, clause: Clause, tie: float) -> tantivy.Query:
    ways = [_way(schema, way) for way in clause]
    return ways[0] if len(ways) == 1 else tantivy.Query.disjunction_max_query(ways, tie)


def _way(schema: tantivy.Schema, way: Way) -> tantivy.Query:
    term = tantivy.Query.term_query(schema, way.field, way.value, "freq")
    if way.constant:
        return tantivy.Query.const_score_query(term, way.score)
    return tantivy.Query.boost_query(term, way.score)


def _pointed(folder: Path) -> str:
    pointer = folder / CURRENT
    return pointer.read_text(encoding="utf-8").strip() if pointer.exists() else ""


def _current(folder: Path) -> Generation | None:
    name = _pointed(folder)
    if not name.startswith(f"{edition()}.{SCHEMA}-") or not (folder / name / "meta.json").exists():
        return None
    try:
        return Generation(folder / name)
    except (ValueError, OSError, KeyError, TypeError):
        return None


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
