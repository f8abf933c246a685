"""What PostgreSQL alone can do to a service: be restarted, be away, hold a lock, refuse a value."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text

from kernel.db import Database
from kernel.errors import Invalid, Unavailable
from kernel.lease import Leases
from motcua.cluster.engines import Postgres
from tests.engines.schemas import make_tables
from tests.engines.shared import start
from tests.kernel.engines import NOTE, TABLES
from tests.ports import free_port


@pytest.fixture
async def url(postgres_url: str) -> str:
    found = f"{postgres_url}?options=-csearch_path%3Dpublic"
    make_tables(found, TABLES)
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, TABLES)
    yield database
    await database.close()


async def put(database: Database, n: int) -> None:
    async with database.begin() as tx:
        await tx.execute(insert(NOTE).values(subject="S", n=n))


async def numbers(database: Database) -> list[int]:
    async with database.read() as tx:
        return [row.n for row in await tx.all(select(NOTE.c.n).order_by(NOTE.c.n))]


async def end_connections(url: str) -> None:
    """End every connection of the pools, as a restart of the server does."""
    async with await psycopg.AsyncConnection.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_pooled_connections_that_died_are_replaced_unseen(database: Database, url: str) -> None:
    for n in range(3):
        await asyncio.gather(*(put(database, n * 10 + k) for k in range(4)))
        assert len(await numbers(database)) == (n + 1) * 4
        await end_connections(url)
    assert len(await numbers(database)) == 12
    await put(database, 99)


async def test_a_connection_lost_in_the_middle_undoes_and_says_so(database: Database, url: str) -> None:
    with pytest.raises(Unavailable) as lost:
        async with database.begin() as tx:
            await tx.execute(insert(NOTE).values(subject="S", n=1))
            await end_connections(url)
            await tx.execute(insert(NOTE).values(subject="S", n=2))
    assert (lost.value.code, lost.value.retry_after) == ("database_unavailable", 3)
    assert await numbers(database) == []


async def test_a_commit_whose_answer_is_lost_is_neither_done_nor_undone(database: Database, url: str) -> None:
    told: list[int] = []
    with pytest.raises(Unavailable) as lost:
        async with database.begin() as tx:
            tx.after_commit(lambda: told.append(1))
            await tx.execute(insert(NOTE).values(subject="S", n=1))
            await end_connections(url)
    assert lost.value.code == "outcome_unknown"
    assert told == []


async def test_a_server_that_is_away_is_unavailable_and_found_again(tmp_path: Path) -> None:
    server = Postgres(tmp_path, free_port())
    start(server)
    try:
        url = f"{server.url()}?options=-csearch_path%3Dpublic"
        make_tables(url, TABLES)
        database = await Database.open(url, TABLES)
        await put(database, 1)
        server.kill()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await put(database, 2)
            with pytest.raises(Unavailable):
                await numbers(database)
        await asyncio.to_thread(server.start)
        await put(database, 3)
        assert await numbers(database) == [1, 3]
        await database.close()
    finally:
        server.kill()
        server.remove()


async def test_opening_needs_no_server() -> None:
    database = await Database.open(f"postgresql+psycopg://nobody:x@127.0.0.1:{free_port()}/nothing", TABLES)
    with pytest.raises(Unavailable):
        await database.time()
    await database.close()


async def test_services_do_not_wait_for_each_other_and_replicas_do(postgres_url: str) -> None:
    metadata = MetaData()
    Table("some", metadata, Column("n", Integer, primary_key=True))
    databases = []
    for schema in ("one", "two", "one"):
        databases.append(await Database.open(f"{postgres_url}?options=-csearch_path%3D{schema}", metadata))
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA one; CREATE SCHEMA two")
    first, other, replica = databases
    entered = asyncio.Event()

    async def wait_for_the_lock() -> None:
        async with replica.begin():
            entered.set()

    async with first.begin():
        waiting = asyncio.create_task(wait_for_the_lock())
        async with asyncio.timeout(30), other.begin():
            pass
        assert not entered.is_set()
    async with asyncio.timeout(30):
        await waiting
    for database in databases:
        await database.close()


async def test_a_number_or_text_that_no_column_holds_is_the_callers_fault(database: Database) -> None:
    for wrong in (NOTE.c.n == 2**40, NOTE.c.subject == "a\0b"):
        with pytest.raises(Invalid):
            async with database.read() as tx:
                await tx.all(select(NOTE).where(wrong))
    await put(database, 1)


async def test_leases_follow_the_servers_clock(database: Database) -> None:
    async with database.read() as tx:
        server = (await tx.all(select(text("clock_timestamp()"))))[0][0]
    assert abs((await database.time() - server).total_seconds()) < 5
    leases = Leases(database, "one")
    await leases.acquire(["relay"])
    async with database.begin() as tx:
        assert await leases.still_held(tx, "relay")
        await tx.execute(text("UPDATE lease SET until = clock_timestamp()"))
        assert not await leases.still_held(tx, "relay")
