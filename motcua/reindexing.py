"""Build the search index anew while the system serves.

Whoever writes the index holds the lease ``index``. Where nobody does, the command takes it and builds by itself;
else it leaves a request in search's own database and shows how far the serving process is with it.
"""

import asyncio
import os
import socket
from collections.abc import Callable

from kernel.db import Database
from kernel.lease import Leases
from search_service.main import open_index
from search_service.settings import SearchSettings
from search_service.store.index import Refused
from search_service.store.rows import METADATA
from search_service.usecases.indexing import LEASE, answer_reindex, ask_reindex, reindexing

LOOK = 0.3

Show = Callable[[int, int], None]


class Busy(Exception):
    """Somebody else's request is being answered."""


async def rebuild(settings: SearchSettings, show: Show) -> int:
    """Build anew, here or in the serving process; return the number of documents.

    Raises ``Busy``, ``Refused`` (the counts differ), ``kernel.errors.Unavailable`` (an engine is away).
    """
    database = await Database.open(settings.database_url("search"), METADATA)
    leases = Leases(database, f"reindex-{socket.gethostname()}-{os.getpid()}-{id(database)}")
    request = 0
    try:
        while LEASE not in await leases.acquire([LEASE]):
            request = request or await ask_reindex(database=database)
            if not request:
                raise Busy
            state = await reindexing(database=database)
            if state.answered >= request:
                if state.said:
                    raise Refused(state.said)
                return state.total
            show(state.done, state.total)
            await asyncio.sleep(LOOK)
        return await _here(settings, database, leases, show)
    finally:
        await leases.release([LEASE])
        await database.close()


async def _here(settings: SearchSettings, database: Database, leases: Leases, show: Show) -> int:
    await ask_reindex(database=database)
    index = await open_index(settings)
    watching = asyncio.create_task(_watch(database, show))
    try:
        await index.refresh()
        return await answer_reindex(database=database, index=index, leases=leases)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await index.close()


async def _watch(database: Database, show: Show) -> None:
    while True:
        state = await reindexing(database=database)
        show(state.done, state.total)
        await asyncio.sleep(LOOK)
