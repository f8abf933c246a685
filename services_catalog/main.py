"""Wiring of the catalogue."""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.db import Database
from kernel.lease import Leases
from kernel.log import Log
from kernel.outbox import Outbox, Relay, until_short
from kernel.web import Running
from services_catalog import usecases
from services_catalog.api import make_api
from services_catalog.events import encode
from services_catalog.model.procedures import ImportReport
from services_catalog.settings import CatalogSettings
from services_catalog.store import METADATA, OUTBOX
from services_catalog.store import procedures as store
from services_catalog.store.information import read_information
from services_catalog.store.seed import read_editorial
from services_catalog.usecases import information

NAME = "services_catalog"
PATIENCE = 30.0


async def build(settings: CatalogSettings, *, log: Log, clock: Clock, verifier: Verifier) -> Running:
    """Open the catalogue; seed it first when it is empty (``seed_when_empty``)."""
    database, outbox = await _open(settings)
    async with database.read() as tx:
        empty = await store.is_empty(tx)
    if empty and settings.seed_when_empty:
        await usecases.seed_catalogue(
            database=database, seed=settings.seed, procedures=settings.procedures, at=clock.now()
        )
    ours = read_information(settings.information)
    await information.announce_information(database=database, information=ours)
    leases = Leases(database, settings.holder)
    relay = make_relay(database=database, outbox=outbox, log=log, leases=leases)
    app = make_api(
        database=database,
        procedures=settings.procedures,
        seed=settings.seed,
        information=settings.information,
        clock=clock,
        demo=settings.demo,
    )
    app.state.verifier = verifier
    return Running(NAME, app, [relay.run], _ready(database), database.close)


def make_relay(*, database: Database, outbox: Outbox, log: Log, leases: Leases) -> Relay:
    """Return the catalogue's relay: the topic is compacted, so a late repeat is followed by what is in force."""
    overtaken = partial(_overtaken, database)
    return Relay(source=NAME, database=database, outbox=outbox, log=log, leases=leases, overtaken=overtaken)


async def _overtaken(database: Database, subjects: Collection[str]) -> None:
    await usecases.repeat_current(database=database, subjects=subjects)


def _ready(database: Database) -> Callable[[], Awaitable[dict[str, bool]]]:
    async def ready() -> dict[str, bool]:
        async with database.read() as tx:
            return {"database": True, "catalogue": not await store.is_empty(tx)}

    return ready


async def _open(settings: CatalogSettings) -> tuple[Database, Outbox]:
    outbox = Outbox(OUTBOX, encode)
    return await Database.open(settings.database_url("services_catalog"), METADATA, sink=outbox), outbox


async def seed(
    settings: CatalogSettings, *, clock: Clock, progress: usecases.Progress | None = None
) -> usecases.SeedReport:
    """Seed the catalogue of ``settings.data`` while nothing else runs; the relay publishes at the next start."""
    database, _ = await _open(settings)
    try:
        ours = read_information(settings.information)
        await information.announce_information(database=database, information=ours)
        return await usecases.seed_catalogue(
            database=database,
            seed=settings.seed,
            procedures=settings.procedures,
            at=clock.now(),
            progress=progress,
        )
    finally:
        await database.close()


async def until_published(settings: CatalogSettings) -> None:
    """Wait until everything that the catalogue said is on the log, as long as a serving process's relay gets on."""
    database, _ = await _open(settings)
    try:
        await until_short(database, below=1, patience=PATIENCE)
    finally:
        await database.close()


async def republish(
    settings: CatalogSettings, *, subject: str | None = None, progress: usecases.Progress = usecases.untold
) -> int:
    """Say everything again through the outbox; the serving process's relay publishes it. Returns how many events."""
    database, _ = await _open(settings)
    try:
        return await usecases.republish(database=database, subject=subject, progress=progress)
    finally:
        await database.close()


async def import_file(
    settings: CatalogSettings, path: Path, *, clock: Clock, withdraw_missing: bool = False
) -> ImportReport:
    """Import a catalogue file into the catalogue of ``settings.data``. Raises ``Invalid`` for a file that is none."""
    database, _ = await _open(settings)
    try:
        return await usecases.import_catalogue(
            database=database,
            path=path,
            editorial=read_editorial(settings.procedures),
            at=clock.now(),
            withdraw_missing=withdraw_missing,
        )
    finally:
        await database.close()
