"""PostgreSQL."""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from motcua.cluster import packages
from motcua.cluster.engines.engine import DidNotStart, Engine

POSTGRES_USER = "postgres"


class Postgres(Engine):
    """PostgreSQL with its durability on. As root it runs as Debian's user ``postgres`` below that user's home."""

    name = "postgres"

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.data = folder / "postgres"
        if os.getuid() == 0:
            digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
            self.data = Path(pwd.getpwnam(POSTGRES_USER).pw_dir) / f"motcua-{digest}"
        self.password_file = folder / "postgres.password"

    def user(self) -> str | None:
        """Return Debian's user when we are root."""
        return POSTGRES_USER if os.getuid() == 0 else None

    @property
    def password(self) -> str:
        """The superuser's password, made with the cluster."""
        return self.password_file.read_text()

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str | None = None) -> str:
        """Return a SQLAlchemy address of this server."""
        return f"postgresql+psycopg://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Lay out the folder."""
        if (self.data / "PG_VERSION").exists() and self.password_file.exists():
            return
        self.remove()
        self.password_file.write_text(secrets.token_urlsafe(18))
        self.password_file.chmod(0o600)
        self.data.mkdir(parents=True)
        secret = self.data.parent / f"{self.data.name}.pw"
        secret.write_text(self.password)
        if user := self.user():
            shutil.chown(self.data, user, user)
            shutil.chown(secret, user, user)
        command = [packages.postgres_bin() / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8"]
        options = ["--locale=C.UTF-8", "-A", "scram-sha-256", f"--pwfile={secret}"]
        done = subprocess.run(
            [*map(str, command), *options],
            check=False,
            capture_output=True,
            text=True,
            user=self.user(),
            extra_groups=[] if self.user() else None,
            cwd="/",
        )
        secret.unlink()
        if done.returncode:
            raise DidNotStart(f"initdb: {done.stderr[-500:]}")

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.port),
            "max_connections": "300",
            "shared_buffers": "256MB",
            "synchronous_commit": "on",
        }
        pairs = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(packages.postgres_bin() / "postgres"), "-D", str(self.data), *pairs]

    def answers(self) -> bool:
        """Tell whether it serves now."""
        program = str(packages.postgres_bin() / "pg_isready")
        done = subprocess.run(
            [program, "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False, capture_output=True, timeout=10
        )
        return done.returncode == 0

    def remove(self) -> None:
        """Delete the data for good."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.password_file.unlink(missing_ok=True)
