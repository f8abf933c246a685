"""Building the index anew while the service serves, by command and by itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from kernel.db import Database
from kernel.lease import Leases
from motcua.reindexing import Busy, rebuild
from search_service.main import open_index
from search_service.settings import SearchSettings
from search_service.store.rows import METADATA
from search_service.usecases.indexing import LEASE, Lost, answer_reindex, ask_reindex, reindex, reindexing
from tests.search_service.conftest import Service, both, head, revision, serving

Engine = dict[str, str]


def settings_of(data: Path, engine: Engine) -> SearchSettings:
    return SearchSettings(data=data, **engine)  # type: ignore[arg-type]


def nothing(done: int, total: int) -> None:
    """Show nothing."""


async def indexes(engine: Engine) -> dict[str, list[str]]:
    """Return the indexes of this prefix with their aliases."""
    async with httpx.AsyncClient() as client:
        found = (await client.get(f"{engine['elasticsearch']}/{engine['elasticsearch_prefix']}-*/_alias")).json()
    return {name: list(entry["aliases"]) for name, entry in found.items()}


@contextlib.asynccontextmanager
async def rows_of(data: Path, engine: Engine) -> AsyncIterator[Database]:
    database = await Database.open(settings_of(data, engine).database_url("search"), METADATA)
    try:
        yield database
    finally:
        await database.close()


async def test_a_command_rebuilds_while_the_service_serves_and_takes_changes(
    tmp_path: Path, service: Service, engine: Engine
) -> None:
    await service.publish(*(m for n in range(1, 40) for m in both(f"1.0000{n:02}", title=f"Nuôi voi số {n}")))
    command = asyncio.create_task(rebuild(settings_of(tmp_path, engine), nothing))
    number = 1
    while not command.done():
        number += 1
        await service.publish(revision("1.000001", number, title=f"Nuôi voi lần {number}"))
        await service.publish(head("1.000001", number, number), *both(f"1.001{number:03}", title="Nuôi hổ"))
        assert (await service.get("/query", q="nuôi voi"))["total"] == 39
    assert await command >= 39
    await service.settled()
    assert (await service.get("/query", q="1.000001"))["results"][0]["title"] == f"Nuôi voi lần {number}"
    assert (await service.get("/query", q=""))["total"] == 39 + number - 1
    if engine:
        assert list((await indexes(engine)).values()) == [[f"{engine['elasticsearch_prefix']}-documents"]]


async def test_a_command_builds_by_itself_where_nobody_serves(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, **engine) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    assert await rebuild(settings_of(tmp_path, engine), nothing) == 1
    async with serving(tmp_path, **engine) as service:
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]


async def test_the_second_of_two_is_refused(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, **engine) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    async with rows_of(tmp_path, engine) as database:
        first = Leases(database, "another command")
        assert await first.acquire([LEASE])
        assert await ask_reindex(database=database)
        with pytest.raises(Busy):
            await rebuild(settings_of(tmp_path, engine), nothing)
        await first.release([LEASE])
    assert await rebuild(settings_of(tmp_path, engine), nothing) == 1


async def test_a_build_killed_in_the_middle_leaves_nothing_for_long(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, **engine) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    async with rows_of(tmp_path, engine) as database:
        index, leases = await open_index(settings_of(tmp_path, engine)), Leases(database, "killed")
        await index.refresh()
        if engine:
            name = f"{engine['elasticsearch_prefix']}-documents-20200101t000000-killed"
            async with httpx.AsyncClient() as client:
                (await client.put(f"{engine['elasticsearch']}/{name}")).raise_for_status()
        else:
            (tmp_path / "index" / "half-built").mkdir()
        assert await answer_reindex(database=database, index=index, leases=leases) == 1
        assert not (await reindexing(database=database)).waiting
        await index.close()
    if engine:
        assert len(await indexes(engine)) == 1
    else:
        assert len([one for one in (tmp_path / "index").iterdir() if one.is_dir()]) == 1


async def test_who_lost_the_lease_stops_and_the_old_index_serves_on(tmp_path: Path, engine: Engine) -> None:
    async with serving(tmp_path, **engine) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))

    async def lost(done: int, total: int) -> None:
        if done:
            raise Lost

    async with rows_of(tmp_path, engine) as database:
        index = await open_index(settings_of(tmp_path, engine))
        await index.refresh()
        with pytest.raises(Lost):
            await reindex(database=database, index=index, progress=lost)
        await index.close()
    async with serving(tmp_path, **engine) as service:
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]
    if engine:
        assert len(await indexes(engine)) == 1
