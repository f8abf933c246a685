"""One nation process on PostgreSQL and Kafka for fault tests: the same portal, its tables and log on real engines.

A seeded database is made once a worker and copied for each portal. The catalogue's topic is kept, with the positions
that read it; the other topics are made anew for each portal, so that none sees another's dossiers.
"""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from kafka.admin import KafkaAdminClient
from psycopg import sql

from motcua.cluster.engines import Kafka, Postgres
from motcua.migrate import prepare_roles, upgrade
from motcua.schemas import ROLES
from motcua.topics import create_and_check
from tests.engines.shared import shared, start
from tests.ports import free_port
from tests.running import ROOT, environment

CATALOGUE = "catalog.v1"
CONSUMERS = ("search", "dossiers", "citizen_service", "exchange")


@dataclass
class Nation:
    """A worker's broker, its seeded database and the data folder that goes with it."""

    postgres: Postgres
    kafka: Kafka
    folder: Path
    template: str = ""

    @property
    def seeded(self) -> Path:
        """The data folder of the seeded portal."""
        return self.folder / "seeded"

    def told(self, database: str) -> dict[str, str]:
        """Return the environment of a portal over ``database``."""
        return {
            "MOTCUA_DATABASE": f"{self.postgres.url(database)}?options=-csearch_path%3D{{schema}}",
            "MOTCUA_KAFKA": f"127.0.0.1:{self.kafka.port}",
            "MOTCUA_SINGLE_BROKER": "1",
            "MOTCUA_INSTANCE": "nation",
        }

    def seed(self) -> None:
        """Make the template: tables, catalogue, and everybody's copy of it."""
        if self.template:
            return
        name = f"t_seeded_{uuid.uuid4().hex[:12]}"
        prepare_roles(self.postgres.url(), dict.fromkeys(ROLES, self.postgres.password), database=name)
        upgrade(self.postgres.url(name))
        self._topics()
        done = subprocess.run(
            [sys.executable, "-m", "motcua", "seed", "--data", str(self.seeded)],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            env=environment(**self.told(name)),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with self._connected(name) as connection:
            found = connection.execute("SELECT count(*) FROM services_catalog.outbox").fetchone()
            assert found == (0,), "the catalogue is not all on the log"
        self.template = name

    def portal(self, data: Path) -> dict[str, str]:
        """Copy the seeded database and folder for one portal; return its environment."""
        self.seed()
        self._topics()
        name = f"t_{uuid.uuid4().hex[:16]}"
        with self._connected("postgres") as connection:
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(self.template)))
        with self._connected(name) as connection:
            for schema in CONSUMERS:
                gone = sql.SQL("DELETE FROM {}.position WHERE topic <> %s").format(sql.Identifier(schema))
                connection.execute(gone, [CATALOGUE])
                connection.execute(sql.SQL("DELETE FROM {}.lease").format(sql.Identifier(schema)))
        shutil.copytree(self.seeded, data)
        return self.told(name)

    def drop(self, told: dict[str, str]) -> None:
        """Drop the database of a portal that has ended."""
        name = told["MOTCUA_DATABASE"].partition("?")[0].rpartition("/")[2]
        with self._connected("postgres") as connection:
            gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(gone.format(sql.Identifier(name)))

    def _topics(self) -> None:
        brokers = f"127.0.0.1:{self.kafka.port}"
        admin = KafkaAdminClient(bootstrap_servers=brokers)
        try:
            there = [name for name in admin.list_topics() if name != CATALOGUE and not name.startswith("__")]
            if there:
                admin.delete_topics(there)
        finally:
            admin.close()
        create_and_check(brokers, replicas=1)

    @contextmanager
    def _connected(self, database: str) -> Iterator[psycopg.Connection]:
        address = self.postgres.url(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection


@contextmanager
def nation(folder: Path) -> Iterator[Nation]:
    """Give a worker its broker; the seeded database is made at the first use."""
    kafka = Kafka(folder, free_port())
    start(kafka)
    try:
        yield Nation(shared(Postgres), kafka, folder)
    finally:
        kafka.kill()
