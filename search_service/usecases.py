"""What people and the log can do here: search, get suggestions, bring the catalogue in, build the index again."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from kernel.db import Database, Tx
from search_service.model.answers import Filters, Found
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document
from search_service.store import rows
from search_service.store.index import Index

BATCH = 2_000
POLL = 5.0
SUGGESTIONS = 8

logger = structlog.get_logger()


def search(*, index: Index, text: str, filters: Filters, offset: int, limit: int) -> Found:
    """Answer ``text`` (any text; empty = everything) with ``limit`` results from ``offset`` on."""
    return index.search(text, filters, offset=offset, limit=limit)


def suggest(*, index: Index, text: str) -> list[Document]:
    """Return at most eight documents for what is being typed."""
    return index.suggest(text, SUGGESTIONS)


async def apply_catalogue(
    *, tx: Tx, revisions: Sequence[Revision], heads: Sequence[Head], committed: Callable[[], None]
) -> None:
    """Keep what the catalogue published; ``committed`` is called when it is durable. Safe to repeat, in any order."""
    if revisions:
        await rows.add_revisions(tx, revisions)
    if heads:
        await rows.move_heads(tx, heads)
    tx.after_commit(committed)


async def index_waiting(*, database: Database, index: Index) -> int:
    """Put what the index lacks into it and return how many; the index commits before the rows say so."""
    async with database.read() as tx:
        documents = await rows.waiting(tx, BATCH)
    if documents:
        await index.upsert(documents)
        async with database.begin() as tx:
            await rows.mark_indexed(tx, documents)
    return len(documents)


async def reindex(*, database: Database, index: Index) -> int:
    """Build the whole index again beside the old one and swap; return the number of documents.

    What changed meanwhile is marked as lacking afterwards, so nothing that was put into the old index is lost.
    """
    async with database.read() as tx:
        documents = await rows.everything(tx)
    count = await index.rebuild(documents)
    async with database.begin() as tx:
        await rows.mark_nothing_indexed(tx)
        await rows.mark_indexed(tx, documents)
    return count


async def is_current(*, database: Database, index: Index) -> bool:
    """Tell whether the index is built and lacks nothing."""
    if not index.usable:
        return False
    async with database.read() as tx:
        return await rows.count_waiting(tx) == 0


class Indexer:
    """Follows the rows with the index. An index engine that is away delays freshness and nothing else."""

    def __init__(self, *, database: Database, index: Index) -> None:
        self._database = database
        self._index = index
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Say that rows were committed."""
        self._changed.set()

    async def run(self) -> None:
        """Follow for ever; survives every failure of database and engine."""
        pause = 0.2
        while True:
            try:
                await self._follow()
                pause = 0.2
            except Exception as error:
                logger.warning("indexing_failed", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30.0)

    async def _follow(self) -> None:
        if not self._index.usable:
            count = await reindex(database=self._database, index=self._index)
            logger.info("index_built", documents=count)
        while True:
            self._changed.clear()
            if await index_waiting(database=self._database, index=self._index):
                continue
            try:
                await asyncio.wait_for(self._changed.wait(), POLL)
            except TimeoutError:
                continue
