"""The contract of leases, for every database engine."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from kernel.db import Database
from kernel.lease import Leases
from tests.kernel.engines import TABLES, OpenDatabase, until

SHORT = timedelta(seconds=0.4)


async def stored_until(database: Database, name: str) -> object:
    table = TABLES.tables["lease"]
    async with database.read() as tx:
        row = await tx.first(select(table.c.until).where(table.c.name == name))
    return row[0] if row else None


async def test_one_holder_has_a_name_at_a_time(database: Database) -> None:
    one, two = Leases(database, "one"), Leases(database, "two")
    assert await one.acquire(["a", "b"]) == {"a", "b"}
    assert await two.acquire(["b", "c"]) == {"c"}
    assert await one.acquire(["a", "b", "c"]) == {"a", "b"}


async def test_of_many_that_race_one_wins(open_database: OpenDatabase) -> None:
    databases = [await open_database() for _ in range(3)]
    rivals = [Leases(database, f"holder-{n}") for n, database in enumerate(databases * 4)]
    held = await asyncio.gather(*(rival.acquire(["relay"]) for rival in rivals))
    assert sum(map(len, held)) == 1


async def test_an_expired_lease_is_taken_over_and_the_old_holder_sees_it(database: Database) -> None:
    one, two = Leases(database, "one", ttl=SHORT), Leases(database, "two")
    assert await one.acquire(["relay"]) == {"relay"}

    async def taken() -> bool:
        return await two.acquire(["relay"]) == {"relay"}

    await until(taken, 5)
    async with database.begin() as tx:
        assert not await one.still_held(tx, "relay")
        assert await two.still_held(tx, "relay")
    assert await one.acquire(["relay"]) == set()


async def test_a_renewed_lease_is_kept_past_its_first_end(database: Database) -> None:
    one, two = Leases(database, "one", ttl=SHORT), Leases(database, "two")
    deadline = asyncio.get_running_loop().time() + 3 * SHORT.total_seconds()
    while asyncio.get_running_loop().time() < deadline:
        assert await one.acquire(["relay"]) == {"relay"}
        assert await two.acquire(["relay"]) == set()
        await asyncio.sleep(0.01)


async def test_nothing_is_written_while_a_lease_is_young(database: Database) -> None:
    one = Leases(database, "one")
    await one.acquire(["relay"])
    first = await stored_until(database, "relay")
    for _ in range(20):
        assert await one.acquire(["relay"]) == {"relay"}
    assert await stored_until(database, "relay") == first


async def test_a_released_lease_is_free_at_once(database: Database) -> None:
    one, two = Leases(database, "one"), Leases(database, "two")
    await one.acquire(["relay", "other"])
    await two.release(["relay"])
    assert await two.acquire(["relay"]) == set()
    await one.release(["relay"])
    assert await two.acquire(["relay"]) == {"relay"}
    assert await one.acquire(["relay", "other"]) == {"other"}


async def test_the_same_holder_has_its_leases_back_after_a_restart(database: Database) -> None:
    await Leases(database, "one-process").acquire(["relay"])
    assert await Leases(database, "one-process").acquire(["relay"]) == {"relay"}
