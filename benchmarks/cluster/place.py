"""What is measured, as real processes: PostgreSQL, Kafka, ``motcua serve exchange`` and ``motcua serve dossiers``.

Nothing else runs: no Elasticsearch, no Keycloak, no browser, no other service.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.processes import Failed, family
from motcua.cluster.cluster import Cluster
from motcua.cluster.engines import Engine, Postgres
from motcua.cluster.layout import DATABASE, Layout, Service
from motcua.pki import Authority
from tests.ports import free_ports

SPAN = 345
REPORTS, EVENTS = "province.reports.v1", "dossier.events.v1"
CONSUMER = f"dossiers.{REPORTS}"
MEASURED = ("exchange", "dossiers")
STARTS_WITHIN = 90.0


def say(text: str) -> None:
    """Tell on stderr how far it is."""
    print(f"  {text}", file=sys.stderr, flush=True)


def until(true: Callable[[], bool], what: str, *, seconds: float, every: float = 0.05) -> None:
    """Wait. Raises ``Failed`` after ``seconds``."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Failed(f"not in {seconds:g} s: {what}")
        time.sleep(every)


class Place:
    """Two engines, two services and a superuser's connection that only looks."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder, free_ports(SPAN))
        folder.mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(self.layout)
        self.engines = {name: self.cluster.engines[name] for name in ("postgres", "kafka")}
        self.services: dict[str, Service] = {name: self.cluster.services[name][0] for name in MEASURED}
        self.authority = Authority.open(folder / "pki")
        self.brokers = f"127.0.0.1:{self.engines['kafka'].port}"
        self.exchange = f"127.0.0.1:{self.layout.port_of('exchange') + 2}"

    @property
    def address(self) -> str:
        """The superuser's address of the portal's database."""
        postgres = self.engines["postgres"]
        assert isinstance(postgres, Postgres)
        return postgres.url(DATABASE).replace("+psycopg", "")

    def connect(self) -> psycopg.Connection:
        """Return a connection of the superuser, in autocommit."""
        return psycopg.connect(self.address, autocommit=True)

    def start_engines(self) -> None:
        """Start both engines; make roles, tables and topics."""
        for engine in self.engines.values():
            engine.launch()
        for engine in self.engines.values():
            engine.wait()
        self.cluster.make_tables()
        self.cluster.make_topics()

    def start(self, *names: str) -> None:
        """Start services and wait until they are ready, but for Keycloak's keys."""
        for name in names:
            self.services[name].launch()
        for name in names:
            service = self.services[name]
            end = time.monotonic() + STARTS_WITHIN
            while not _is_ready(service.port + 1):
                ended = service.process is None or service.process.poll() is not None
                if ended or time.monotonic() > end:
                    raise Failed(f"{name} did not start: {service.last_words()}")
                time.sleep(0.05)

    def close(self) -> None:
        """End everything and delete PostgreSQL's folder."""
        for each in (*self.services.values(), *self.engines.values()):
            each.kill()
        postgres = self.engines["postgres"]
        assert isinstance(postgres, Postgres)
        postgres.remove()

    def processor(self) -> dict[str, float]:
        """Return the processor seconds that each part has used so far; PostgreSQL's by who is served."""
        used = {"load (this process)": _seconds(os.getpid())}
        for name, engine in ({"kafka": self.engines["kafka"]} | self.services).items():
            used[name] = sum((_seconds(pid) for pid in _living(engine)), 0.0)
        for pid in _living(self.engines["postgres"]):
            name = _served_by(pid)
            used[name] = used.get(name, 0.0) + _seconds(pid)
        return used


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Give a place with its engines started; everything is ended."""
    made = Place(folder)
    try:
        made.start_engines()
        yield made
    finally:
        made.close()


def _living(engine: Engine) -> list[int]:
    running = engine.process is not None and engine.process.poll() is None
    return family(engine.process.pid) if running and engine.process is not None else []


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
            said = answer.read()
    except urllib.error.HTTPError as late:
        said = late.read()
    except (urllib.error.URLError, OSError):
        return False
    parts = json.loads(said)["parts"]
    return len(parts) > 1 and all(good for name, good in parts.items() if not name.startswith("identity."))


def _seconds(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(word) for word in words[11:13]) / os.sysconf("SC_CLK_TCK")


def _served_by(pid: int) -> str:
    """Return for whom a process of PostgreSQL works: its title names the role."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").split()
    except OSError:
        words = []
    role = words[1] if len(words) > 2 and words[0] == "postgres:" and words[1] in MEASURED else ""
    return f"postgresql for {role}" if role else "postgresql, the rest"
