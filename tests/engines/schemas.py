"""A schema of its own on the run's PostgreSQL for a test: ten times quicker than a database.

A suite that runs on both engines lists ``database_engine`` in its conftest and takes its addresses from ``address``.
"""

import hashlib
from collections.abc import Container, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import MetaData, NullPool, create_engine
from sqlalchemy.engine import make_url

from motcua.cluster.engines import Postgres
from tests.engines.shared import shared

_CHOSEN = {"engine": "sqlite"}
_MADE: list[str] = []


@pytest.fixture(params=["sqlite", "postgres"])
def database_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run each test of the suite on both engines; schemas made by ``address`` are dropped in the end."""
    engine = str(request.param)
    if engine == "sqlite":
        yield engine
        return
    server = shared(Postgres)
    _CHOSEN["engine"] = engine
    try:
        yield engine
    finally:
        _CHOSEN["engine"] = "sqlite"
        with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            while _MADE:
                connection.execute(f'DROP SCHEMA "{_MADE.pop().rpartition("%3D")[2]}" CASCADE')


def address(folder: Path, tables: MetaData, name: str = "service") -> str:
    """Return the SQLAlchemy address of the database of ``folder``: the same folder has the same one again."""
    url = address_on(_CHOSEN["engine"], folder, tables, name, known=_MADE)
    if _CHOSEN["engine"] != "sqlite" and url not in _MADE:
        _MADE.append(url)
    return url


def address_on(
    engine: str, folder: Path, tables: MetaData, name: str = "service", *, known: Container[str] = ()
) -> str:
    """Return ``address`` on the engine named; what a session-wide fixture makes stays until the server ends."""
    if engine == "sqlite":
        return f"sqlite+aiosqlite:///{folder / name}.db"
    server = shared(Postgres)
    schema = f"t_{hashlib.sha256(f'{folder}/{name}'.encode()).hexdigest()[:24]}"
    url = f"{server.url()}?options=-csearch_path%3D{schema}"
    if url not in known:
        with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA "{schema}"')
        make_tables(url, tables)
    return url


def make_tables(url: str, tables: MetaData) -> None:
    """Create a service's tables as its migrations would."""
    if make_url(url).get_backend_name() == "sqlite":
        return
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        tables.create_all(connection, checkfirst=False)
    engine.dispose()
