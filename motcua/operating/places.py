"""Where each service keeps its tables: one place that opens them by the service's name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import MetaData

from citizen_service.store import METADATA as CITIZEN
from dossier_service.store.tables import METADATA as DOSSIERS
from exchange.store import METADATA as EXCHANGE
from kernel.db import Database
from kernel.settings import Settings
from search_service.store.rows import METADATA as SEARCH
from services_catalog.store import METADATA as CATALOG


@dataclass(frozen=True, slots=True)
class Place:
    """One service's schema and tables."""

    schema: str
    tables: MetaData

    @property
    def consumes(self) -> bool:
        """Tell whether the service reads the log."""
        return "position" in self.tables.tables

    @property
    def publishes(self) -> bool:
        """Tell whether the service has an outbox."""
        return "outbox" in self.tables.tables


PLACES = {
    "catalog": Place("services_catalog", CATALOG),
    "search": Place("search", SEARCH),
    "dossiers": Place("dossiers", DOSSIERS),
    "citizen": Place("citizen_service", CITIZEN),
    "exchange": Place("exchange", EXCHANGE),
}


class Unknown(Exception):
    """There is no such service, or no portal in the data folder; the text says it to a person."""


def place_of(name: str) -> Place:
    """Return the place of a service. Raises ``Unknown``."""
    if name not in PLACES:
        raise Unknown(f"There is no service {name}: give one of {', '.join(PLACES)}")
    return PLACES[name]


def holds_portal(settings: Settings) -> bool:
    """Tell whether there are tables to read; with PostgreSQL it is taken for granted."""
    return bool(settings.database) or (settings.data / "services" / "dossiers.db").exists()


@asynccontextmanager
async def tables_of(settings: Settings, name: str) -> AsyncIterator[Database]:
    """Open the tables of the service ``name`` for a while, without creating anything. Raises ``Unknown``."""
    place = place_of(name)
    url = settings.database_url(place.schema)
    if not settings.database and not (settings.data / "services" / f"{place.schema}.db").exists():
        raise Unknown(f"{settings.data} holds no tables of {name}")
    database = Database(url, place.tables, readers=1)
    try:
        yield database
    finally:
        await database.close()
