"""``motcua search reindex``: build the search index anew while the system serves.

Whoever writes the index holds the lease ``index``. Where nobody does, this command takes it and builds by itself;
else it leaves a request in search's own database and shows how far the serving process is with it.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kernel.db import Database
from kernel.errors import Problem
from kernel.lease import Leases
from motcua.progress import Steps
from search_service.main import open_index
from search_service.settings import SearchSettings
from search_service.store.index import Refused
from search_service.store.rows import METADATA
from search_service.usecases.indexing import LEASE, answer_reindex, ask_reindex, reindexing

LOOK = 0.3

app = typer.Typer(no_args_is_help=True, help="The search index.")

Show = Callable[[int, int], None]


class Busy(Exception):
    """Somebody else's request is being answered."""


@app.callback()
def search() -> None:
    """Keep ``reindex`` a command of its own name."""


@app.command()
def reindex(data: Annotated[Path, typer.Option("--data", help="The data folder.")] = Path("demo-data")) -> None:
    """Build the search index anew beside the old one and swap them; safe while the system serves."""
    console = Console(stderr=True, highlight=False)
    settings = SearchSettings(data=data.resolve())
    if not settings.database and not (settings.data / "services" / "search.db").exists():
        console.print(f"There is nothing to index below {data}: run it once, or set MOTCUA_DATABASE.")
        raise typer.Exit(1)
    try:
        with Steps(console) as steps:
            count = asyncio.run(rebuild(settings, lambda done, total: steps.show("documents", done, total)))
    except Busy:
        console.print("A reindex is under way already; this one was not begun.")
        raise typer.Exit(1) from None
    except Refused as refused:
        console.print(f"Not swapped: {refused}. The old index serves on.")
        raise typer.Exit(2) from None
    except Problem as problem:
        console.print(f"{problem.text.en} The old index serves on.")
        raise typer.Exit(1) from None
    print(f"The new index serves: {count} documents.")


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
