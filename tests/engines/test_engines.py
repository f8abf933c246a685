"""The engines of this run answer, and one that was killed comes back with what it had."""

from pathlib import Path

import psycopg

from kernel.files import Files
from motcua.cluster.engines import Elasticsearch, Kafka, Keycloak, Minio, Postgres, fetches, listens
from tests.engines.shared import start
from tests.ports import free_port


def test_every_engine_answers(
    postgres: Postgres, kafka_brokers: str, elasticsearch_url: str, keycloak: Keycloak, minio: Minio
) -> None:
    assert postgres.answers()
    assert listens(int(kafka_brokers.rpartition(":")[2]))
    assert fetches(f"{elasticsearch_url}/_cluster/health")
    assert fetches(f"{keycloak.url}/realms/master")
    assert minio.answers()
    assert {Kafka.name, Elasticsearch.name} == {"kafka", "elasticsearch"}


def test_a_killed_postgres_comes_back_with_what_was_committed(tmp_path: Path) -> None:
    engine = Postgres(tmp_path, free_port())
    start(engine)
    try:
        address = engine.url().replace("+psycopg", "")
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        engine.kill()
        engine.start()
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]
    finally:
        engine.kill()
        engine.remove()


async def test_a_killed_s3_server_comes_back_with_its_objects(tmp_path: Path) -> None:
    engine = Minio(tmp_path, free_port())
    start(engine)
    try:
        assert engine.user_file.stat().st_mode & 0o777 == engine.password_file.stat().st_mode & 0o777 == 0o600
        engine.make_bucket()
        files = Files.on_s3(engine.url(), credentials=engine.credentials)
        await files.put("dossier/a/1", b"kept")
        engine.kill()
        engine.start()
        engine.make_bucket()
        assert await files.read("dossier/a/1") == b"kept"
    finally:
        engine.kill()
