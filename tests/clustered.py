"""The whole distributed form for journeys and fault tests: real engines, one process a service, killed by name."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from kernel.clock import VIETNAM
from motcua.cluster.cluster import Cluster
from motcua.cluster.engines import Engine, Postgres
from motcua.cluster.layout import Layout
from tests.engines.shared import or_skip
from tests.ports import free_ports
from tests.running import Front

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
    ) -> None:
        super().__init__()
        self.data = folder
        self.port = free_ports(SPAN)
        self.layout = Layout(folder, self.port, pace=pace, offices=offices, replicas=replicas or {})
        self.cluster = Cluster(self.layout)

    def told(self) -> dict[str, str]:
        """What operators' commands are told: every engine, and the auditor's way into every schema."""
        return self.layout.operator_environment()

    def logs(self) -> str:
        """Return everything that the services wrote."""
        written = (self.layout.data / "logs").glob("*.log")
        return "".join(path.read_text(errors="replace") for path in written)

    def sign_in(self, page: Any, person: str) -> None:
        """Give name and password on Keycloak's page."""
        page.locator("#username").fill(person)
        page.locator("#password").fill(json.loads(self.layout.people.read_text())[person])
        page.locator("#kc-login").click()

    def to_daytime(self, client: httpx.Client) -> bool:
        """Tell whether it is day; the distributed form has no movable clock."""
        return 6 <= datetime.now(VIETNAM).hour < 22

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
