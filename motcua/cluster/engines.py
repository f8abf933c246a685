"""The real engines as processes of this machine: started, killed as in a power cut, started again, stopped.

Blocking on purpose: the command line and the tests use them outside any event loop.
"""

import abc
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from motcua.cluster import packages

BROKER_ID = 1
POSTGRES_USER = "postgres"


class DidNotStart(Exception):
    """An engine did not become ready; the text ends with its last words."""


class Engine(abc.ABC):
    """One engine over one folder; ``port`` is where it answers. ``command`` and ``answers`` differ by engine."""

    name = "engine"
    patience = 90.0

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.output = folder / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @abc.abstractmethod
    def prepare(self) -> None:
        """Lay out the folder before the first start."""

    @abc.abstractmethod
    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""

    def environment(self) -> Mapping[str, str]:
        """Return what the program's environment has beside ours."""
        return {}

    def user(self) -> str | None:
        """Return the user that runs it, None for ourselves."""
        return None

    def answers(self) -> bool:
        """Tell whether it serves now."""
        return listens(self.port)

    def launch(self) -> None:
        """Start the process without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        user = self.user()
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                list(self.command()),
                env=os.environ | dict(self.environment()),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                cwd="/" if user else None,
            )

    def start(self) -> None:
        """Start and wait until it serves. Raises ``DidNotStart``."""
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Wait until it serves. Raises ``DidNotStart``."""
        end = time.monotonic() + self.patience
        while not self.answers():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > end:
                raise DidNotStart(f"{self.name} {'ended' if ended else 'is not ready'}: {self.last_words()}")
            time.sleep(0.1)

    def last_words(self) -> str:
        """Return the end of its output."""
        return self.output.read_text(errors="replace")[-1500:] if self.output.exists() else ""

    def kill(self) -> None:
        """SIGKILL to it and everything it started."""
        if self.process is not None:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def stop(self) -> None:
        """Ask it to end and wait; kill it after 30 s."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT if self.name == "postgres" else signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


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


class Kafka(Engine):
    """One Kafka broker (KRaft); the controller listens on the port after. ``extra`` are more lines of its settings."""

    name = "kafka"

    def __init__(self, folder: Path, port: int, *, heap: str = "512m", extra: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, port)
        self.heap = heap
        self.extra = dict(extra or {})

    def prepare(self) -> None:
        """Lay out the folder."""
        data, settings = self.folder / "kafka", self.folder / "kafka.properties"
        lines = {
            "process.roles": "broker,controller",
            "node.id": str(BROKER_ID),
            "controller.quorum.voters": f"{BROKER_ID}@127.0.0.1:{self.port + 1}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.port + 1}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(data),
            "num.partitions": "12",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "unclean.leader.election.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.retention.check.interval.ms": "5000",
        }
        settings.write_text("".join(f"{name}={value}\n" for name, value in (lines | self.extra).items()))
        if not (data / "meta.properties").exists():
            shutil.rmtree(data, ignore_errors=True)
            identity = secrets.token_urlsafe(16)
            tool = [packages.java(), "-cp", f"{packages.kafka()}/*", "kafka.tools.StorageTool", "format"]
            done = subprocess.run(
                [*tool, "-t", identity, "-c", str(settings)], check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise DidNotStart(f"kafka format: {(done.stdout + done.stderr)[-500:]}")

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        program = [packages.java(), f"-Xmx{self.heap}", "-XX:+UseG1GC", "-cp", f"{packages.kafka()}/*"]
        return [*program, "kafka.Kafka", str(self.folder / "kafka.properties")]


class Elasticsearch(Engine):
    """One Elasticsearch node; its transport listens on the port after."""

    name = "elasticsearch"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Lay out the folder."""
        home = self.folder / "elasticsearch"
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "log4j2.properties").write_text(
            "status = error\n"
            "appender.console.type = Console\n"
            "appender.console.name = console\n"
            "appender.console.layout.type = PatternLayout\n"
            "appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1}] %m%n\n"
            "rootLogger.level = warn\n"
            "rootLogger.appenderRef.console.ref = console\n"
        )
        if not (home / "modules").exists():
            shutil.copytree(packages.elasticsearch() / "modules", home / "modules")
        for name in ("lib", "plugins"):
            (home / name).mkdir(exist_ok=True)

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        place = packages.elasticsearch()
        modular = ["--module-path", f"{place}/libs", "--add-modules", packages.MODULES]
        opened = ["--add-opens=java.base/java.io=org.elasticsearch.preallocate"]
        said = ["-Des.distribution.type=zip", "-Dlog4j2.disable.jmx=true", "-Xmx768m", "-Xms256m"]
        main = ["-cp", f"{place}/classes", "Start", str(self.folder / "elasticsearch")]
        return [packages.java(), *modular, *opened, *said, *main, str(self.port), str(self.port + 1)]

    def answers(self) -> bool:
        """Tell whether it serves now."""
        return fetches(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")


class Keycloak(Engine):
    """Keycloak in its development mode, over its own file database. The bootstrap administrator is made with it."""

    name = "keycloak"
    patience = 180.0

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


def listens(port: int) -> bool:
    """Tell whether something accepts connections at ``port`` of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fetches(url: str) -> bool:
    """Tell whether ``url`` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False
