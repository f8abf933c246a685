"""Bring a whole cluster up on this machine, take it down, and hold each of its processes by name."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from motcua.cluster.engines import Engine, Keycloak, Postgres
from motcua.cluster.layout import CLIENT_SECRET, DATABASE, REALM, SERVICES, Layout, Service
from motcua.schemas import OWNER

Progress = Callable[[str, int, int], None]
NOTED = "cluster.json"


def _silent(_what: str, _done: int, _total: int) -> None:
    return


class Cluster:
    """The engines and services of one layout. ``progress(what, done, total)`` is told of each step."""

    def __init__(self, layout: Layout, progress: Progress = _silent) -> None:
        self.layout = layout
        self.engines = layout.engines()
        self.services: dict[str, list[Service]] = {
            name: [Service(layout, name, number) for number in range(layout.replicas.get(name, 1))] for name in SERVICES
        }
        self._progress = progress

    @property
    def processes(self) -> dict[str, Engine]:
        """Every process by name (``postgres``, ``dossiers-0``)."""
        return self.engines | {each.name: each for group in self.services.values() for each in group}

    def up(self) -> None:
        """Start the engines, prepare them, start the services, wait until all are ready. Raises ``DidNotStart``."""
        self.start_engines()
        self.prepare()
        self.start_services()

    def start_engines(self) -> None:
        """Start the engines and the payment platform side by side and wait for each."""
        for engine in self.engines.values():
            engine.launch()
            self.note()
        for done, engine in enumerate(self.engines.values()):
            self._progress("engines", done, len(self.engines))
            engine.wait()
        self._progress("engines", len(self.engines), len(self.engines))

    def prepare(self) -> None:
        """Roles, tables, topics and realm: what is there already stays. The catalogue fills itself when it is empty."""
        steps = (self.make_tables, self.make_topics, self._realm)
        for done, step in enumerate(steps):
            self._progress("tables, topics, identities", done, len(steps))
            step()
        self._progress("tables, topics, identities", len(steps), len(steps))

    def start_services(self) -> None:
        """Start every replica and wait until all are ready; the catalogue first, whose facts the others copy."""
        everyone = [each for group in self.services.values() for each in group]
        first = self.services["catalog"][0]
        first.launch()
        first.wait()
        for service in everyone:
            if service is not first:
                service.launch()
            self.note()
        for done, service in enumerate(everyone):
            self._progress("services", done, len(everyone))
            service.wait()
        self._progress("services", len(everyone), len(everyone))

    def note(self) -> None:
        """Note every process, so that another command can end them."""
        pids = {name: each.process.pid for name, each in self.processes.items() if each.process is not None}
        noted = {"public_url": self.layout.public_url, "port": self.layout.port, "pids": pids}
        part = self.layout.data / f"{NOTED}.part"
        part.write_text(json.dumps(noted))
        part.replace(self.layout.data / NOTED)

    def down(self) -> None:
        """Stop the services, then the engines."""
        for service in reversed([each for group in self.services.values() for each in group]):
            if service.process is not None and service.process.poll() is None:
                service.process.terminate()
        for group in self.services.values():
            for service in group:
                service.stop()
        for engine in self.engines.values():
            engine.stop()
        (self.layout.data / NOTED).unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL everything."""
        for each in self.processes.values():
            each.kill()

    def make_tables(self) -> None:
        """Roles and tables; PostgreSQL runs."""
        from motcua.migrate import prepare_roles, upgrade

        postgres = self.engines["postgres"]
        assert isinstance(postgres, Postgres)
        prepare_roles(postgres.url(), self.layout.passwords(), database=DATABASE)
        upgrade(self.layout.database_url(OWNER))

    def make_topics(self) -> None:
        """Topics; Kafka runs."""
        from motcua.topics import create_and_check

        create_and_check(self.layout.engine_environment()["MOTCUA_KAFKA"], replicas=1)

    def _realm(self) -> None:
        from motcua.keycloak import Plan, bootstrap

        keycloak = self.engines["keycloak"]
        assert isinstance(keycloak, Keycloak)
        plan = Plan(
            url=keycloak.url,
            admin_password=keycloak.password,
            public_urls=(self.layout.public_url,),
            gateway_secret=self.layout.secret(CLIENT_SECRET),
            people=self.layout.people,
            realm=REALM,
        )
        bootstrap(plan)


def take_down(data: Path, progress: Progress = _silent) -> int:
    """End what ``up`` noted below ``data``, services first; return how many processes were ended."""
    path = data / NOTED
    if not path.exists():
        return 0
    pids: dict[str, int] = json.loads(path.read_text())["pids"]
    engines = [name for name in pids if "-" not in name]
    ended = 0
    for group in ([name for name in pids if name not in engines], engines):
        for name in group:
            ended += _signal(pids[name], signal.SIGINT if name == "postgres" else signal.SIGTERM)
        for name in group:
            progress("stopping", ended, len(pids))
            _await_end(pids[name])
    path.unlink()
    progress("stopping", len(pids), len(pids))
    return ended


def _signal(pid: int, number: int) -> int:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return 0
    return 1


def _await_end(pid: int, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while _signal(pid, 0) and time.monotonic() < end:
        if _is_zombie(pid):
            return
        time.sleep(0.1)
    _signal(pid, signal.SIGKILL)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
