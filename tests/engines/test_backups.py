"""A back-up of PostgreSQL and S3 is put back whole into another database and bucket, and never over rows."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, insert, select, text

from dossier_service.store.tables import COUNTER
from exchange.store import LANE
from gateway.sessions import METADATA as GATEWAY
from gateway.sessions import SESSION
from kernel.db import Database
from kernel.files import Files
from kernel.settings import Settings
from motcua.backups.manifest import Unusable
from motcua.backups.work import back_up, restore
from motcua.cluster.engines import Minio, Postgres
from motcua.operating.places import PLACES

KEY = "dossier/H26-261122-0001/" + "a" * 64
TABLES = {place.schema: place.tables for place in PLACES.values()} | {"gateway": GATEWAY}


def silent(_what: str, _done: int, _total: int) -> None:
    return


def make_tables(url: str) -> None:
    for schema, tables in TABLES.items():
        engine = create_engine(f"{url}?options=-csearch_path%3D{schema}", poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))
            tables.create_all(connection)


@pytest.fixture
def second_url(postgres: Postgres) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(postgres.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres.url(name)
    with psycopg.connect(postgres.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def settings_for(data: Path, url: str, bucket: str) -> Settings:
    data.mkdir()
    return Settings(data=data, database=f"{url}?options=-csearch_path%3D{{schema}}", s3=bucket)


def test_postgres_and_s3_come_back_without_sessions_and_with_lanes_that_begin_anew(
    tmp_path: Path, postgres_url: str, second_url: str, minio: Minio, s3_url: str
) -> None:
    settings, backup = settings_for(tmp_path / "data", postgres_url, s3_url), tmp_path / "backup"
    (settings.data / "clock.json").write_text('{"offset_seconds": 0}')
    make_tables(postgres_url)
    now = datetime.now(UTC)
    rows = {
        "exchange": insert(LANE).values(lane="H26", journal_id="j", acked_seq=7, last_seq=9, last_report_seq=4),
        "dossiers": insert(COUNTER).values(lane="H26", day=now.date() - timedelta(days=9), last=3),
        "gateway": insert(SESSION).values(id="s", subject="p", sealed=b"x", seen_at=now, until=now),
    }
    for schema, row in rows.items():
        engine = create_engine(settings.database_url(schema), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(row)
    asyncio.run(Files.on_s3(s3_url).put(KEY, b"paper"))
    manifest = back_up(settings, backup, owner=postgres_url, progress=silent)
    assert manifest.database == "postgresql"
    assert {part.path for part in manifest.parts} == {"clock.json", "database.dump", f"files/{KEY}"}

    with pytest.raises(Unusable, match="not empty"):
        full = settings_for(tmp_path / "full", postgres_url, s3_url)
        restore(full, backup, owner=postgres_url, provinces=True, progress=silent)
    bucket = f"t-{uuid.uuid4().hex[:16]}"
    minio.make_bucket(bucket)
    again = settings_for(tmp_path / "again", second_url, minio.url(bucket))
    make_tables(second_url)
    done = restore(again, backup, owner=second_url, provinces=True, progress=silent)
    assert (done.lanes, done.cut_at) == (1, manifest.cut_at)

    async def look() -> None:
        assert await Files.on_s3(minio.url(bucket)).read(KEY) == b"paper"
        found = {}
        for schema, table in (("exchange", LANE), ("dossiers", COUNTER), ("gateway", SESSION)):
            database = Database(again.database_url(schema), TABLES[schema])
            async with database.read() as tx:
                found[schema] = await tx.all(select(table))
            await database.close()
        (lane,) = found["exchange"]
        assert (lane.journal_id, lane.acked_seq, lane.last_report_seq) == ("", 7, 4)
        assert sorted(row.last for row in found["dossiers"])[:2] == [3, done.skipped]
        assert found["gateway"] == []

    asyncio.run(look())
