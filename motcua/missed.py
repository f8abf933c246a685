"""What search did not answer, for an operator's terminal: read from search's own tables, with today's index."""

from kernel.clock import Clock
from kernel.db import Database
from search_service.main import open_index
from search_service.model.answers import short_title
from search_service.model.missed import LEAST
from search_service.settings import SearchSettings
from search_service.store.rows import METADATA
from search_service.usecases.missed import Shown, hide_missed, list_missed


async def lines(settings: SearchSettings, week: str | None) -> list[str]:
    """Return the list of ``week`` (None = the newest), a line a question."""
    database = await Database.open(settings.database_url("search"), METADATA)
    try:
        index = await open_index(settings)
        try:
            await index.refresh()
            found = await list_missed(database=database, index=index, clock=Clock(), week=week)
        finally:
            await index.close()
    finally:
        await database.close()
    head = f"{found.week}{' (still counting)' if found.counting else ''}: asked by at least {LEAST}, not answered"
    return [head, *map(_line, found.results)] if found.results else [f"{found.week}: nothing that {LEAST} had"]


async def hidden(settings: SearchSettings, question: str) -> int:
    """Show ``question`` no more; return in how many weeks it was shown."""
    database = await Database.open(settings.database_url("search"), METADATA)
    try:
        return await hide_missed(database=database, question=question)
    finally:
        await database.close()


def _line(one: Shown) -> str:
    since = ""
    if one.found is not None and one.found.because is not None:
        document = one.found.document
        since = f"  -> {document.id} {short_title(document)} (by “{one.found.because.words}”)"
    return f"{one.missed.askers:5}  {one.missed.question}{since}"
