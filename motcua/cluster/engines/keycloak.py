"""Keycloak."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from motcua.cluster import packages
from motcua.cluster.engines.engine import Engine, fetches


class Keycloak(Engine):
    """Keycloak in its development mode, over its own file database. The bootstrap administrator is made with it."""

    name = "keycloak"
    patience = 240.0

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.password_file = folder / "keycloak.password"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """The bootstrap administrator's password (user ``admin``)."""
        return self.password_file.read_text()

    def prepare(self) -> None:
        """Lay out the folder."""
        home = self.folder / "keycloak"
        if not home.exists():
            shutil.copytree(packages.keycloak(), home)
            self.password_file.write_text(secrets.token_urlsafe(18))
            self.password_file.chmod(0o600)

    def environment(self) -> Mapping[str, str]:
        """Return what it is told by its environment."""
        named = {"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": self.password}
        return named | {"JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m"}

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        program = str(self.folder / "keycloak" / "bin" / "kc.sh")
        where = ["--http-port", str(self.port), "--http-host", "127.0.0.1", "--http-management-port"]
        return [program, "start-dev", *where, str(self.port + 1), "--cache=local"]

    def answers(self) -> bool:
        """Tell whether it serves now."""
        return fetches(f"{self.url}/realms/master/.well-known/openid-configuration")
