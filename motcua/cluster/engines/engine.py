"""One engine as a process of this machine: started, killed as in a power cut, started again, stopped."""

import abc
import http.client
import os
import pwd
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path


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
    except (http.client.HTTPException, OSError, ValueError):
        return False


def keep_secret(path: Path) -> None:
    """Make a password in ``path``, which its owner alone can read; one that is there stays."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18))
