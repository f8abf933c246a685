"""Settings come from the environment (``MOTCUA_…``) and never change while the process runs."""

import os
import socket
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every service needs to know. A service's own settings are a subclass.

    ``data`` is the folder that keeps everything; ``public_url`` is the address people type, without a last slash.
    ``instance`` names this process in leases; a restarted process of the same name takes its leases over at once,
    so two processes over the same data must not share one. Empty: host and process number.

    ``demo`` says that people, offices and results are invented: example cases may then be filed as such.
    ``max_file_bytes`` is how large one uploaded file may be: the pages say it, the services hold to it.

    Each engine is chosen by its address; empty = the embedded one below ``data``. ``database`` is a SQLAlchemy address
    of PostgreSQL in which ``{schema}`` stands for the service's own schema and role, ``kafka`` the brokers
    (host:port, with commas), ``elasticsearch`` and ``s3`` a URL (the bucket is the path), ``identity`` the issuer's
    address (an OpenID Connect provider); ``identity_inside`` is the origin at which this installation reaches it, if
    browsers reach it elsewhere. ``single_broker`` says that one unreplicated broker is meant;
    ``kafka_delivery_timeout_ms`` is how long a sent event waits for its acknowledgement before it is sent anew.
    """

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", frozen=True, extra="ignore")

    data: Path
    public_url: str = "http://127.0.0.1:8000"
    instance: str = ""
    demo: bool = False
    max_file_bytes: int = 20_000_000

    database: str = ""
    kafka: str = ""
    single_broker: bool = False
    kafka_delivery_timeout_ms: int = Field(default=20_000, ge=1_000)
    elasticsearch: str = ""
    s3: str = ""
    identity: str = ""
    identity_inside: str = ""

    def database_url(self, schema: str) -> str:
        """Return the SQLAlchemy URL of one service's tables; makes the folder of an embedded one."""
        if self.database:
            return self.database.replace("{schema}", schema)
        folder = self.data / "services"
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite+aiosqlite:///{folder / schema}.db"

    @property
    def issuer(self) -> str:
        """The issuer whose tokens are accepted."""
        return self.identity or self.public_url.rstrip("/") + "/id"

    @property
    def holder(self) -> str:
        """The name under which this process holds leases."""
        return self.instance or f"{socket.gethostname()}-{os.getpid()}"

    @property
    def secure(self) -> bool:
        """Tell whether the public address is https (cookies are Secure then)."""
        return self.public_url.startswith("https://")
