"""Fixtures of the contract suites, one per kind of engine."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from kernel.db import Database
from kernel.log import Log
from kernel.outbox import Outbox
from tests.engines.schemas import address, database_engine
from tests.kernel.engines import LOG_ENGINES, TABLES, TOPICS, LogEngine, OpenDatabase, encode
from tests.kernel.log_engines import KAFKA

__all__ = ["database_engine"]

# A machine that does other things too is no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(params=LOG_ENGINES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LogEngine]:
    address = f"sqlite+aiosqlite:///{tmp_path}/log.db"
    if request.param == "kafka":
        address = f"{KAFKA}{request.getfixturevalue('kafka_brokers')}/t{uuid.uuid4().hex[:8]}"
    found = LogEngine(address, TOPICS)
    yield found
    await found.stack.aclose()


@pytest.fixture
async def log(engine: LogEngine) -> Log:
    return await engine.open()


@pytest.fixture
def database_url(database_engine: str, tmp_path: Path) -> str:
    return address(tmp_path, TABLES)


@pytest.fixture
async def open_database(database_url: str) -> AsyncIterator[OpenDatabase]:
    async with AsyncExitStack() as stack:

        async def open_one(**options: object) -> Database:
            database = await Database.open(database_url, TABLES, **options)  # type: ignore[arg-type]
            stack.push_async_callback(database.close)
            return database

        yield open_one


@pytest.fixture
async def outbox() -> Outbox:
    return Outbox(TABLES.tables["outbox"], encode)


@pytest.fixture
async def database(open_database: OpenDatabase, outbox: Outbox) -> Database:
    return await open_database(sink=outbox)
