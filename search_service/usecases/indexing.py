"""Keep the index as the rows are: follow changes, build it anew when it is lost, old or asked for.

One process at a time writes, the holder of the lease ``index``; every process follows what was written.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import structlog

from kernel.db import Database
from kernel.lease import Leases
from search_service.model.documents import Document
from search_service.model.reindexing import Reindexing
from search_service.store import rows
from search_service.store.index import Index, Refused

BATCH = 1_000
POLL = 2.0
LONGEST_PAUSE = 5.0
LEASE = "index"

Progress = Callable[[int, int], Awaitable[None]]

logger = structlog.get_logger()


async def index_waiting(*, database: Database, index: Index) -> int:
    """Put what the index lacks into it and return how many; the index commits before the rows say so."""
    async with database.read() as tx:
        documents = await rows.waiting(tx, BATCH)
    if documents:
        await index.upsert(documents)
        async with database.begin() as tx:
            await rows.mark_indexed(tx, {one.id: one.version for one in documents})
    return len(documents)


async def reindex(*, database: Database, index: Index, progress: Progress) -> int:
    """Build the whole index again beside the old one, with what changes meanwhile, and swap; return its size.

    ``progress`` is awaited with (documents so far, of how many) after each batch; what it raises ends the building.
    Raises ``Refused`` when the new index does not hold what the rows say; the old one serves on then.
    """
    written: dict[str, int] = {}

    async def batches() -> AsyncIterator[list[Document]]:
        async with database.read() as tx:
            total = await rows.count_shown(tx)
        await progress(0, total)
        after = ""
        while documents := await _page(database, after):
            yield documents
            written.update({one.id: one.version for one in documents})
            after = documents[-1].id
            await progress(len(written), max(total, len(written)))
        while documents := await _changed(database, written):
            yield documents
            written.update({one.id: one.version for one in documents})
            await progress(len(written), max(total, len(written)))

    async def expected() -> int:
        async with database.read() as tx:
            now = await rows.versions(tx)
        return len(now.keys() & written.keys())

    count = await index.rebuild(batches(), expected=expected)
    async with database.begin() as tx:
        await rows.mark_indexed(tx, written)
    return count


async def _page(database: Database, after: str) -> list[Document]:
    async with database.read() as tx:
        return await rows.shown(tx, after=after, limit=BATCH)


async def _changed(database: Database, written: dict[str, int]) -> list[Document]:
    async with database.read() as tx:
        now = await rows.versions(tx)
        changed = [code for code, version in now.items() if version > written.get(code, 0)]
        return await rows.those(tx, changed[:BATCH]) if changed else []


async def ask_reindex(*, database: Database) -> int:
    """Ask whoever writes to build the index anew; return the number of the request, or 0 if one is waiting already."""
    async with database.begin() as tx:
        state = await rows.reindexing(tx)
        if state.waiting:
            return 0
        await rows.note_reindexing(tx, Reindexing(state.asked + 1, state.answered, 0, 0, ""))
        return state.asked + 1


async def reindexing(*, database: Database) -> Reindexing:
    """Return how far the building is."""
    async with database.read() as tx:
        return await rows.reindexing(tx)


class Lost(Exception):
    """Another process writes the index now."""


async def answer_reindex(*, database: Database, index: Index, leases: Leases) -> int:
    """Build the index anew, noting progress in the rows, and answer every waiting request; the lease must be held.

    Raises ``Refused`` (requests are answered with the reason), ``Lost``, or what else went wrong (they wait on).
    """

    async def progress(done: int, total: int) -> None:
        if LEASE not in await leases.acquire([LEASE]):
            raise Lost
        await _note(database, lambda state: replace(state, done=done, total=total))

    asked = (await reindexing(database=database)).asked
    try:
        count = await reindex(database=database, index=index, progress=progress)
    except Refused as refused:
        said = str(refused)
        await _note(database, lambda state: replace(state, answered=asked, said=said))
        raise
    await _note(database, lambda state: replace(state, answered=asked, done=count, total=count, said=""))
    return count


async def _note(database: Database, change: Callable[[Reindexing], Reindexing]) -> None:
    async with database.begin() as tx:
        await rows.note_reindexing(tx, change(await rows.reindexing(tx)))


class Indexer:
    """Follows the rows with the index. An index engine that is away delays freshness and nothing else."""

    def __init__(self, *, database: Database, index: Index, leases: Leases) -> None:
        self._database = database
        self._index = index
        self._leases = leases
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
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _follow(self) -> None:
        """One turn: see what others did, write what is ours to write, wait for more."""
        self._changed.clear()
        writes = LEASE in await self._leases.acquire([LEASE])
        await self._index.refresh()
        if writes:
            if await self._wanted():
                count = await answer_reindex(database=self._database, index=self._index, leases=self._leases)
                logger.info("index_built", documents=count)
            while await index_waiting(database=self._database, index=self._index):
                await self._leases.acquire([LEASE])
        try:
            await asyncio.wait_for(self._changed.wait(), POLL)
        except TimeoutError:
            return

    async def _wanted(self) -> bool:
        if not self._index.usable:
            return True
        async with self._database.read() as tx:
            lost = self._index.count() < await rows.count_indexed(tx)
            return lost or (await rows.reindexing(tx)).waiting

    async def close(self) -> None:
        """Let another process write at once."""
        await self._leases.release([LEASE])
