"""Where everything of a cluster on one machine stands: ports, addresses, secrets and each process's environment."""

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from motcua.cluster.engines import Elasticsearch, Engine, Kafka, Keycloak, Postgres, fetches
from motcua.cluster.payments import Payments
from motcua.schemas import AUDITOR, ROLES, SCHEMA_OF

SERVICES = ("catalog", "search", "dossiers", "citizen", "exchange", "provinces", "portal", "gateway")
UPSTREAMS = {
    "catalog": "catalog",
    "search": "search",
    "dossiers": "dossiers",
    "citizen": "citizen",
    "exchange": "exchange",
    "offices": "provinces",
    "portal": "portal",
}
DATABASE = "motcua"
REALM = "motcua"
CLIENT_SECRET = "gateway-client"
PAYMENTS_SECRET = "payments"


@dataclass(frozen=True)
class Layout:
    """A cluster below ``data``: pages at ``port``, services from ``port`` + 100, engines from ``port`` + 300.

    ``replicas`` of each service stand side by side and share its background work; callers turn to another when one
    takes no connection.
    """

    data: Path
    port: int = 8000
    pace: str = "20"
    offices: str = ""
    replicas: Mapping[str, int] = field(default_factory=dict)

    @property
    def public_url(self) -> str:
        """The address people use."""
        return f"http://127.0.0.1:{self.port}"

    def engines(self) -> dict[str, Engine]:
        """Return the four engines and the sample payment platform, not started."""
        folder = self.data / "engines"
        return {
            "postgres": Postgres(folder, self.port + 300),
            "kafka": Kafka(folder, self.port + 310),
            "elasticsearch": Elasticsearch(folder, self.port + 320),
            "keycloak": Keycloak(folder, self.port + 330),
            "payments": self.payments,
        }

    @property
    def payments(self) -> Payments:
        """The sample payment platform: a system outside the portal."""
        folder = self.data / "engines" / "payments"
        return Payments(folder, self.port + 340, secret=self.secret(PAYMENTS_SECRET))

    def port_of(self, service: str, number: int = 0) -> int:
        """Return the port of one replica; the gateway's first one is the public one."""
        if service == "gateway" and number == 0:
            return self.port
        return self.port + 100 + 20 * SERVICES.index(service) + 5 * number

    @property
    def issuer(self) -> str:
        """The identity provider's issuer."""
        return f"http://127.0.0.1:{self.port + 330}/realms/{REALM}"

    @property
    def people(self) -> Path:
        """The file with the demo people's passwords."""
        return self.data / "secrets" / "people.json"

    def secret(self, name: str) -> str:
        """Return the secret ``name``, made when first asked for; readable by the owner alone."""
        path = self.data / "secrets" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    def passwords(self) -> dict[str, str]:
        """Return the password of each database role."""
        return {role: self.secret(f"database-{role}") for role in ROLES}

    def database_url(self, role: str, schema: str = "") -> str:
        """Return the SQLAlchemy address of the portal's database for ``role``."""
        where = f"postgresql+psycopg://{role}:{self.secret(f'database-{role}')}@127.0.0.1:{self.port + 300}/{DATABASE}"
        return f"{where}?options=-csearch_path%3D{schema}" if schema else where

    def engine_environment(self) -> dict[str, str]:
        """Return where the engines are, for services and commands alike."""
        return {
            "MOTCUA_KAFKA": f"127.0.0.1:{self.port + 310}",
            "MOTCUA_SINGLE_BROKER": "1",
            "MOTCUA_ELASTICSEARCH": f"http://127.0.0.1:{self.port + 320}",
            "MOTCUA_IDENTITY": self.issuer,
            "MOTCUA_PUBLIC_URL": self.public_url,
        }

    def operator_environment(self) -> dict[str, str]:
        """Return what an operator's command is told: the engines, and a reader's way into every schema."""
        return self.engine_environment() | {"MOTCUA_DATABASE": self.database_url(AUDITOR, "{schema}")}

    def environment(self, service: str, number: int = 0) -> dict[str, str]:
        """Return what one replica is told by its environment: its own database, no other's."""
        told = self.engine_environment() | {"MOTCUA_INSTANCE": f"{service}-{number}", "MOTCUA_DEMO": "1"}
        if schema := SCHEMA_OF.get(service):
            told["MOTCUA_DATABASE"] = self.database_url(schema)
        if service in ("portal", "gateway"):
            told["MOTCUA_UPSTREAMS"] = ",".join(f"{name}={self._replicas(other)}" for name, other in UPSTREAMS.items())
        if service == "gateway":
            told["MOTCUA_GATEWAY_CLIENT_SECRET"] = self.secret(CLIENT_SECRET)
        if service == "dossiers":
            told |= {"MOTCUA_PAYMENTS": self.payments.address, "MOTCUA_PAYMENTS_SECRET": self.secret(PAYMENTS_SECRET)}
        if service == "provinces":
            links = range(self.replicas.get("exchange", 1))
            told["MOTCUA_EXCHANGE_ADDRESS"] = ",".join(
                f"127.0.0.1:{self.port_of('exchange', each) + 2}" for each in links
            )
        return told

    def _replicas(self, service: str) -> str:
        numbers = range(self.replicas.get(service, 1))
        return "|".join(f"http://127.0.0.1:{self.port_of(service, number)}" for number in numbers)

    def command(self, service: str, number: int = 0) -> list[str]:
        """Return the command of one replica."""
        port = str(self.port_of(service, number))
        words = [sys.executable, "-m", "motcua", "serve", service, "--data", str(self.data), "--port", port]
        return [*words, "--pace", self.pace, "--offices", self.offices] if service == "provinces" else words


class Service(Engine):
    """One replica of one service as a process."""

    patience = 180.0

    def __init__(self, layout: Layout, service: str, number: int = 0) -> None:
        self.name = f"{service}-{number}"
        super().__init__(layout.data / "logs", layout.port_of(service, number))
        self._layout, self._service, self._number = layout, service, number

    def prepare(self) -> None:
        """Nothing: the folder of the output is made at launch."""

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        return self._layout.command(self._service, self._number)

    def environment(self) -> Mapping[str, str]:
        """Return what it is told by its environment."""
        return self._layout.environment(self._service, self._number)

    def answers(self) -> bool:
        """Tell whether it is ready, by its admin door."""
        return fetches(f"http://127.0.0.1:{self.port + 1}/readyz")
