"""The whole distributed form for journeys and fault tests: real engines, one process a service, killed by name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from motcua.cluster.cluster import Cluster
from motcua.cluster.engines import Engine, Postgres
from motcua.cluster.layout import Layout
from tests.engines.shared import or_skip
from tests.running import Front, free_ports

SPAN = 345


class RunningCluster(Front):
    """A cluster below one folder, spoken to like any portal."""

    def __init__(
        self,
        folder: Path,
        *,
        offices: str = "H26,H29",
        pace: str = "0",
        replicas: Mapping[str, int] | None = None,
        kafka_settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.data = folder
        self.port = free_ports(SPAN)
        self.layout = Layout(
            folder, self.port, pace=pace, offices=offices, replicas=replicas or {}, kafka_settings=kafka_settings or {}
        )
        self.cluster = Cluster(self.layout)

    def told(self) -> dict[str, str]:
        """What operators' commands are told: every engine, and the auditor's way into every schema."""
        return self.layout.operator_environment()

    def process(self, name: str) -> Engine:
        """Return one process (``postgres``, ``dossiers-0``)."""
        return self.cluster.processes[name]

    def last_words(self) -> str:
        """Return the end of every service's output."""
        return "\n".join(f"{name}: {each.last_words()[-600:]}" for name, each in self.cluster.processes.items())


@contextmanager
def running_cluster(made: RunningCluster) -> Iterator[RunningCluster]:
    """Bring a cluster up; kill everything and delete PostgreSQL's folder in the end."""
    made.data.mkdir(parents=True, exist_ok=True)
    try:
        with or_skip():
            made.cluster.up()
        yield made
    finally:
        made.cluster.kill()
        postgres = made.cluster.engines["postgres"]
        assert isinstance(postgres, Postgres)
        postgres.remove()
