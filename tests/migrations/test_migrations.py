"""The tables that migrations make are those that the services work with, forwards and back, for modest roles."""

import asyncio
import hashlib
import os
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, insert, inspect, select
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from kernel.db import Database
from kernel.lease import Leases
from motcua.cluster.engines import Postgres
from motcua.migrate import (
    VERSIONS,
    downgrade,
    metadata_of,
    pending,
    prepare_roles,
    standing,
    upgrade,
)
from motcua.migrating import app
from motcua.schemas import AUDITOR, OWNER, ROLES, SCHEMAS


@dataclass
class Place:
    """A database with its roles."""

    admin: str
    name: str
    passwords: dict[str, str]

    def url(self, role: str) -> str:
        address = make_url(self.admin).set(username=role, password=self.passwords[role], database=self.name)
        return address.render_as_string(hide_password=False)

    def connect(self, role: str) -> psycopg.Connection:
        return psycopg.connect(self.url(role).replace("+psycopg", ""), autocommit=True)


@pytest.fixture(scope="module")
def passwords(postgres: Postgres) -> dict[str, str]:
    """Roles belong to the whole server, which other workers use too."""
    return {role: hashlib.sha256(f"{postgres.password} {role}".encode()).hexdigest() for role in ROLES}


@pytest.fixture
def place(postgres: Postgres, passwords: dict[str, str]) -> Iterator[Place]:
    name = f"m_{uuid.uuid4().hex[:12]}"
    prepare_roles(postgres.url(), passwords, database=name)
    yield Place(postgres.url(), name, passwords)
    with psycopg.connect(postgres.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def differences(place: Place, schema: str) -> list[object]:
    url = make_url(place.url(OWNER)).update_query_dict({"options": f"-csearch_path={schema}"})
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata_of(schema))
    engine.dispose()
    return list(found)


def tables(place: Place, schema: str) -> set[str]:
    engine = create_engine(place.url(OWNER), poolclass=NullPool)
    found = set(inspect(engine).get_table_names(schema=schema))
    engine.dispose()
    return found


def test_up_makes_the_tables_of_every_service_down_takes_them_back_and_up_makes_them_again(place: Place) -> None:
    owner = place.url(OWNER)
    assert all(each.pending for each in standing(owner))
    upgrade(owner)
    assert {schema: differences(place, schema) for schema in SCHEMAS} == {key: [] for key in SCHEMAS}
    assert not any(each.pending for each in standing(owner))
    downgrade(owner)
    assert {schema: tables(place, schema) for schema in SCHEMAS} == {key: {VERSIONS} for key in SCHEMAS}
    assert all(pending(place.url(schema), schema) for schema in SCHEMAS)
    upgrade(owner)
    assert not any(pending(place.url(schema), schema) for schema in SCHEMAS)


async def test_two_that_migrate_at_once_do_not_collide(place: Place) -> None:
    owner = place.url(OWNER)
    program = "import os; from motcua.migrate import upgrade; upgrade(os.environ['MOTCUA_DATABASE'])"
    told = {**os.environ, "MOTCUA_DATABASE": owner}
    rivals = [await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=told) for _ in range(3)]
    assert await asyncio.gather(*(rival.wait() for rival in rivals)) == [0, 0, 0]
    assert not any(each.pending for each in standing(owner))


async def test_a_service_works_with_its_own_rows_and_nothing_else(place: Place) -> None:
    upgrade(place.url(OWNER))
    database = await Database.open(place.url("dossiers"), metadata_of("dossiers"))
    assert await Leases(database, "one").acquire(["relay"]) == {"relay"}
    await database.close()
    refused = (
        "SELECT * FROM exchange.lane",
        "SELECT * FROM gateway.session",
        "CREATE TABLE dossiers.mine (n int)",
        "CREATE TABLE public.mine (n int)",
        "CREATE TEMP TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "DROP TABLE dossiers.lease",
        "TRUNCATE dossiers.lease",
        f"UPDATE dossiers.{VERSIONS} SET version_num = ''",
        "SET ROLE motcua_owner",
    )
    with place.connect("dossiers") as connection:
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


async def test_the_auditor_reads_every_schema_and_writes_none(place: Place) -> None:
    upgrade(place.url(OWNER))
    for schema in SCHEMAS:
        url = f"{place.url(AUDITOR)}?options=-csearch_path%3D{schema}"
        some = next(iter(metadata_of(schema).sorted_tables))
        database = await Database.open(url, metadata_of(schema))
        async with database.read() as tx:
            assert await tx.all(select(some)) == []
        with pytest.raises(Exception, match=r"read-only|permission denied"):
            async with database.begin() as tx:
                await tx.execute(insert(some).values({column.name: None for column in some.columns}))
        await database.close()


def test_roles_can_be_prepared_again_with_other_passwords(place: Place) -> None:
    upgrade(place.url(OWNER))
    prepare_roles(place.admin, place.passwords, database=place.name)
    assert not pending(place.url("search"), "search")


def test_the_command_brings_up_and_shows(place: Place) -> None:
    run = CliRunner().invoke
    told = {"MOTCUA_DATABASE": place.url(OWNER)}
    assert run(app, ["status"], env=told).exit_code == 1
    made = run(app, [], env=told)
    assert made.exit_code == 0, made.output
    shown = run(app, ["status"], env=told)
    assert shown.exit_code == 0 and shown.output.count("up to date") == len(SCHEMAS)
    assert run(app, ["down", "--schema", "search", "--to", "base"], env=told).exit_code == 0
    assert run(app, ["status"], env=told).exit_code == 1
