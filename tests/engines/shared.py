"""One PostgreSQL, Kafka, Elasticsearch, Keycloak and S3 server for a whole run of pytest, whatever its workers.

The first worker that needs an engine starts it; the run's own process ends them all. A test that kills an engine
starts one of its own (``motcua.cluster.engines``) instead of these.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from motcua.cluster.engines import DidNotStart, Elasticsearch, Engine, Kafka, Keycloak, Minio, Postgres
from motcua.cluster.packages import Missing
from tests.ports import free_port

FOLDER = "MOTCUA_TEST_ENGINES"
WATCH = """
(
    while kill -0 "$1" 2>/dev/null; do sleep 2; done
    for noted in "$2"/*.pid; do test -e "$noted" && kill -9 -- "-$(cat "$noted")"; done
    rm -rf "$2"
) >/dev/null 2>&1 </dev/null &
"""
E = TypeVar("E", bound=Engine)
_STARTED: list[Engine] = []  # kept, so that no engine is collected while it runs


def set_up(config: pytest.Config) -> None:
    """Make the run's folder; workers inherit it in their environment."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="motcua-engines-")
        os.chmod(folder, 0o755)
        os.environ[FOLDER] = folder
        # A run that is itself killed ends nothing; so somebody stays who does.
        subprocess.run(["/bin/sh", "-c", WATCH, "watch", str(os.getpid()), folder], check=True, start_new_session=True)


def tear_down(config: pytest.Config) -> None:
    """End every engine of this run and delete what they wrote."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(FOLDER))
    for engine in _STARTED:
        engine.kill()
    for noted in folder.glob("*.json"):
        try:
            os.killpg(json.loads(noted.read_text())["pid"], signal.SIGKILL)
        except ProcessLookupError:
            continue
    Postgres(folder, 0).remove()
    shutil.rmtree(folder, ignore_errors=True)


def shared(kind: type[E]) -> E:
    """Return the run's engine of this kind, started. Skips (or fails, where engines are required) without it."""
    folder = Path(os.environ[FOLDER])
    noted = folder / f"{kind.name}.json"
    with (folder / f"{kind.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if noted.exists():
            return kind(folder, json.loads(noted.read_text())["port"])
        engine = kind(folder, free_port())
        start(engine)
        assert engine.process is not None
        _STARTED.append(engine)
        (folder / f"{kind.name}.pid").write_text(str(engine.process.pid))
        noted.write_text(json.dumps({"port": engine.port, "pid": engine.process.pid}))
        return engine


def start(engine: Engine) -> None:
    """Start an engine; skips (or fails, where engines are required) on a machine that cannot have it."""
    try:
        with or_skip():
            engine.start()
    except DidNotStart:
        engine.kill()
        raise


@contextmanager
def or_skip() -> Iterator[None]:
    """Skip for an engine that this machine cannot have, with its reason; fail where engines are required."""
    try:
        yield
    except Missing as missing:
        if "engines" in os.environ.get("MOTCUA_REQUIRE", ""):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The run's PostgreSQL."""
    return shared(Postgres)


@contextmanager
def fresh_database(postgres: Postgres) -> Iterator[str]:
    """A database of its own, as a SQLAlchemy address; dropped in the end."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    admin = postgres.url().replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres.url(name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database of its own on the run's PostgreSQL."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def kafka_brokers() -> str:
    """The run's Kafka, as host:port. Topics are shared by all tests: use names of your own."""
    return f"127.0.0.1:{shared(Kafka).port}"


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    """The run's Elasticsearch. Indexes are shared by all tests: use names of your own."""
    return shared(Elasticsearch).url


@pytest.fixture(scope="session")
def keycloak() -> Keycloak:
    """The run's Keycloak. Realms are shared by all tests: use names of your own."""
    return shared(Keycloak)


@pytest.fixture(scope="session")
def minio() -> Minio:
    """The run's S3 server. Buckets are shared by all tests: use names of your own."""
    return shared(Minio)


@pytest.fixture
def s3_settings(minio: Minio) -> dict[str, str]:
    """The environment of a process that keeps its files in a fresh bucket of its own on the run's S3 server."""
    bucket = f"t-{uuid.uuid4().hex[:16]}"
    minio.make_bucket(bucket)
    return minio.settings(bucket)


@pytest.fixture
def s3_url(s3_settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket of its own on the run's S3 server; this process has its credentials in the environment."""
    for name, value in s3_settings.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return s3_settings["MOTCUA_S3"]
