"""Wiring of search."""

import contextlib

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.consume import Consumer
from kernel.db import Database
from kernel.lease import Leases
from kernel.log import Log
from kernel.web import Running
from search_service import usecases
from search_service.api import make_api
from search_service.events import TOPIC, applying
from search_service.settings import SearchSettings
from search_service.store.index import Index
from search_service.store.rows import METADATA
from search_service.usecases.indexing import Indexer
from search_service.usecases.missed import Missing

NAME = "search_service"


async def open_index(settings: SearchSettings) -> Index:
    """Return the engine that the settings choose; an Elasticsearch that is away is asked again later."""
    if settings.elasticsearch:
        from search_service.store.elastic_index import ElasticIndex

        return ElasticIndex(
            settings.elasticsearch,
            prefix=settings.elasticsearch_prefix,
            replicas=settings.elasticsearch_replicas,
            api_key=settings.elasticsearch_api_key.get_secret_value(),
            ca=settings.elasticsearch_ca,
        )
    from search_service.store.tantivy_index import TantivyIndex

    return await TantivyIndex.open(settings.index)


async def build(settings: SearchSettings, *, log: Log, clock: Clock, verifier: Verifier) -> Running:
    """Open the index and the rows. Ready when the catalogue has been read to its end and the index holds all of it."""
    database = await Database.open(settings.database_url("search"), METADATA)
    index = await open_index(settings)
    leases = Leases(database, settings.holder)
    indexer = Indexer(database=database, index=index, leases=leases)
    consumer = Consumer(
        name=NAME,
        topics=[TOPIC],
        log=log,
        database=database,
        leases=leases,
        apply=applying(indexer.wake),
    )
    missing = Missing(database=database, index=index, clock=clock)
    app = make_api(index=index, missing=missing)
    app.state.verifier = verifier

    async def ready() -> dict[str, bool]:
        return {
            "catalogue": await consumer.caught_up(),
            "index": await usecases.is_current(database=database, index=index),
        }

    async def close() -> None:
        with contextlib.suppress(Exception):
            await indexer.close()
        with contextlib.suppress(Exception):
            await missing.write()
        await index.close()
        await database.close()

    return Running(NAME, app, [consumer.run, indexer.run, missing.run], ready, close)
