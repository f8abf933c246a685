"""Many rows in one statement, and many statements in one trip: the same on both engines."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError

from kernel.db import BigId, Database, Question, UtcDateTime
from kernel.errors import Invalid
from tests.engines.schemas import address, make_tables

SETS = MetaData()
KEPT = Table(
    "kept",
    SETS,
    Column("key", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("text", String),
    Column("small", Integer),
    Column("big", BigId),
    Column("yes", Boolean),
    Column("body", LargeBinary),
    Column("at", UtcDateTime),
    Column("day", Date),
)
ONCE = Table("once", SETS, Column("id", Integer, primary_key=True), Column("name", String), UniqueConstraint("name"))
BY_KEY = Question(select(KEPT).order_by(KEPT.c.key), KEPT.c.key)
BY_NAME = Question(select(ONCE), ONCE.c.name)
AT = datetime(2026, 11, 22, 1, 2, 3, 456789, UTC)

rows = st.lists(
    st.fixed_dictionaries(
        {
            "version": st.integers(0, 2**31 - 1),
            "text": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            "small": st.none() | st.integers(-(2**31), 2**31 - 1),
            "big": st.none() | st.integers(-(2**63), 2**63 - 1),
            "yes": st.none() | st.booleans(),
            "body": st.none() | st.binary(),
            "at": st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),
            "day": st.none() | st.dates(),
        }
    ),
    min_size=1,
    max_size=8,
)


class Stale(Exception):
    """What a test expects."""


def row(key: str, version: int = 1, **others: Any) -> dict[str, Any]:
    return {"key": key, "version": version, "text": None, **others}


@pytest.fixture
async def database(database_engine: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(address(tmp_path, SETS), SETS)
    yield database
    await database.close()


async def kept(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        return {found.key: found.version for found in await tx.all(select(KEPT).order_by(KEPT.c.key))}


class TestSets:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(rows)
    async def test_what_is_inserted_comes_back(self, database: Database, values: list[dict[str, Any]]) -> None:
        wanted = [{"key": f"{number:03}", **value} for number, value in enumerate(values)]
        async with database.begin() as tx:
            await tx.execute(KEPT.delete())
            await tx.insert(KEPT, wanted)
        async with database.read() as tx:
            asked = (await tx.ask((BY_KEY, [one["key"] for one in wanted])))[0]
            assert [one._asdict() for one in asked] == wanted
            assert [one._asdict() for one in await tx.all(select(KEPT).order_by(KEPT.c.key))] == wanted

    async def test_times_are_kept_in_utc_and_naive_ones_are_refused(self, database: Database) -> None:
        there = AT.astimezone(timezone(timedelta(hours=7)))
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a", at=there), row("b", at=AT)])
            [found] = await tx.ask((BY_KEY, ["a", "b"]))
        assert [(one.at, one.at.tzinfo) for one in found] == [(AT, UTC)] * 2
        with pytest.raises(Exception, match="zone"):
            async with database.begin() as tx:
                await tx.insert(KEPT, [row("c", at=AT.replace(tzinfo=None))])
        assert await kept(database) == {"a": 1, "b": 1}

    async def test_every_question_of_a_trip_gets_its_own_rows(self, database: Database) -> None:
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a"), row("b", 2)])
            await tx.insert(ONCE, [{"id": 1, "name": "x"}])
            asked = await tx.ask((BY_KEY, ["b", "c"]), (BY_NAME, {"x"}), (BY_KEY, []), (BY_NAME, ["y"]))
        assert [[one[:2] for one in found] for found in asked] == [[("b", 2)], [(1, "x")], [], []]

    async def test_rows_are_written_where_they_are_as_known(self, database: Database) -> None:
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a"), row("b"), row("c", 7)])
            changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
                ({"key": "a", "version": 1}, {"version": 2}),
                ({"key": "b", "version": 1}, {"version": 3, "day": date(2026, 11, 22)}),
                ({"key": "c", "version": 1}, {"version": 9}),
            ]
            assert await tx.change(KEPT, changes) == 2
            assert await tx.change(KEPT, []) == 0
        assert await kept(database) == {"a": 2, "b": 3, "c": 7}

    async def test_one_row_that_is_not_as_known_undoes_everything(self, database: Database) -> None:
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a"), row("b", 7)])
        known = [({"key": key, "version": 1}, {"version": 2}) for key in ("a", "b")]
        with pytest.raises(Stale):
            async with database.begin() as tx:
                await tx.must_change(KEPT, known, Stale)
                await tx.insert(KEPT, [row("c")])
        assert await kept(database) == {"a": 1, "b": 7}
        async with database.begin() as tx:
            await tx.must_change(KEPT, known[:1], Stale)
        assert await kept(database) == {"a": 2, "b": 7}

    async def test_only_what_is_newer_writes_over(self, database: Database) -> None:
        for rows in ([row("a", 2), row("b", 2)], [row("a", 1), row("b", 3), row("c", 1)], []):
            async with database.begin() as tx:
                await tx.insert_newer(KEPT, rows, key="key", version="version")
        assert await kept(database) == {"a": 2, "b": 3, "c": 1}

    async def test_a_refused_row_undoes_the_transaction_and_the_connection_goes_on(self, database: Database) -> None:
        for _ in range(3):
            with pytest.raises(IntegrityError):
                async with database.begin() as tx:
                    await tx.insert(KEPT, [row("a")])
                    await tx.insert(ONCE, [{"id": 1, "name": "x"}, {"id": 2, "name": "x"}])
                    await tx.insert(KEPT, [row("b")])
            assert await kept(database) == {}
        async with database.begin() as tx:
            await tx.insert(ONCE, [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}])
            assert [len(found) for found in await tx.ask((BY_NAME, ["x", "y"]))] == [2]

    async def test_a_refused_row_undoes_its_savepoint_alone(self, database: Database) -> None:
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a")])
            for key in ("b", "c"):
                with pytest.raises(IntegrityError):
                    async with tx.savepoint():
                        await tx.insert(KEPT, [row(key)])
                        await tx.insert(KEPT, [row("a")])
            with pytest.raises(Stale):
                async with tx.savepoint():
                    await tx.must_change(KEPT, [({"key": "a", "version": 5}, {"version": 6})], Stale)
            async with tx.savepoint():
                await tx.insert(KEPT, [row("d")])
        assert await kept(database) == {"a": 1, "d": 1}

    async def test_an_exception_among_rows_on_their_way_leaves_nothing(self, database: Database) -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with database.begin() as tx:
                    await tx.insert(KEPT, [row("a")])
                    raise ZeroDivisionError
        assert await kept(database) == {}
        async with database.begin() as tx:
            await tx.insert(KEPT, [row("a")])
        assert await kept(database) == {"a": 1}


@pytest.mark.parametrize("bad", [{"small": 2**31}, {"big": 2**63}, {"text": "a\0b"}])
async def test_a_value_that_no_column_holds_is_the_askers_fault(postgres_url: str, bad: dict[str, Any]) -> None:
    url = f"{postgres_url}?options=-csearch_path%3Dpublic"
    make_tables(url, SETS)
    database = await Database.open(url, SETS)
    try:
        with pytest.raises(Invalid):
            async with database.begin() as tx:
                await tx.insert(KEPT, [row("a") | bad, row("b") | dict.fromkeys(bad)])
        assert await kept(database) == {}
    finally:
        await database.close()
