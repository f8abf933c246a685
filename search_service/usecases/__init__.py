"""What people and the log can do here: search, get suggestions, bring the catalogue in, build the index again."""

from collections.abc import Callable, Sequence

from kernel.db import Database, Tx
from search_service.model.answers import Filters, Found
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document
from search_service.store import rows
from search_service.store.index import Index

SUGGESTIONS = 8


async def search(*, index: Index, text: str, filters: Filters, offset: int, limit: int) -> Found:
    """Answer ``text`` (any text; empty = everything) with ``limit`` results from ``offset`` on."""
    return await index.search(text, filters, offset=offset, limit=limit)


async def suggest(*, index: Index, text: str) -> list[Document]:
    """Return at most eight documents for what is being typed."""
    return await index.suggest(text, SUGGESTIONS)


async def apply_catalogue(
    *, tx: Tx, revisions: Sequence[Revision], heads: Sequence[Head], committed: Callable[[], None]
) -> None:
    """Keep what the catalogue published; ``committed`` is called when it is durable. Safe to repeat, in any order."""
    if revisions:
        await rows.add_revisions(tx, revisions)
    if heads:
        await rows.move_heads(tx, heads)
    tx.after_commit(committed)


async def is_current(*, database: Database, index: Index) -> bool:
    """Tell whether the index is built, answers and lacks nothing."""
    if not index.usable:
        return False
    async with database.read() as tx:
        return await rows.count_waiting(tx) == 0
