"""Settings come from the environment (``MOTCUA_…``) and never change while the process runs."""

import os
import socket
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every service needs to know. A service's own settings are a subclass.

    ``data`` is the folder that keeps everything; ``public_url`` is the address people type, without a last slash.
    ``instance`` names this process in leases; a restarted process of the same name takes its leases over at once,
    so two processes over the same data must not share one. Empty: host and process number.
    """

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", frozen=True, extra="ignore")

    data: Path
    public_url: str = "http://127.0.0.1:8000"
    instance: str = ""

    def sqlite(self, name: str) -> str:
        """Return the SQLAlchemy URL of the service file ``name``; makes its folder."""
        folder = self.data / "services"
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite+aiosqlite:///{folder / name}.db"

    @property
    def holder(self) -> str:
        """The name under which this process holds leases."""
        return self.instance or f"{socket.gethostname()}-{os.getpid()}"

    @property
    def secure(self) -> bool:
        """Tell whether the public address is https (cookies are Secure then)."""
        return self.public_url.startswith("https://")
