"""A real portal process for journeys and fault tests: started by its command, spoken to over HTTP, killed at will."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from kernel.clock import VIETNAM
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90.0


def until(look: Callable[[], object], *, seconds: float = 60.0, what: str = "") -> None:
    """Wait until ``look`` answers something true; fail after ``seconds``."""
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            raise AssertionError(f"did not happen in {seconds} s: {what or look}")
        time.sleep(0.05)


def environment(**extra: str) -> dict[str, str]:
    """Return this environment for a child that keeps its byte code, as a person's does."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | extra


class Front:
    """A served portal as a program meets it, in one process or in many."""

    data: Path
    port: int

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def logs(self) -> str:
        """Return everything that was written to logs."""
        raise AssertionError("no logs")

    def sign_in(self, page: Any, person: str) -> None:
        """Sign in on the identity provider's page that ``page`` shows."""
        raise AssertionError("no provider")

    def to_daytime(self, client: httpx.Client) -> bool:
        """Have business time between 6 and 22 h, when mail is sent; False = it is night and time cannot be moved."""
        raise AssertionError("no clock")

    def told(self) -> dict[str, str]:
        """What other commands over the same data are told by their environment."""
        return {"MOTCUA_PUBLIC_URL": self.url}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another ``motcua`` command over the same data."""
        return subprocess.run(
            [sys.executable, "-m", "motcua", *words, "--data", str(self.data)],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(**self.told()),
        )

    def token(self, person: str) -> str:
        if person not in self._tokens:
            done = self.command("token", "--as", person)
            assert done.returncode == 0, done.stderr
            self._tokens[person] = done.stdout.strip()
        return self._tokens[person]

    def client(self, person: str | None = None, **options: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token(person)}"} if person else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, **options)

    def check(self, *, seconds: float = 30.0) -> None:
        """Run the invariant checker, nothing excused; what is on its way may take ``seconds`` to arrive."""
        end = time.monotonic() + seconds
        while True:
            done = self.command("check", "--settle", "0")
            if done.returncode == 0:
                return
            assert time.monotonic() < end, done.stdout[-3000:] + done.stderr[-3000:]
            time.sleep(0.5)

    def example(self, client: httpx.Client, code: str, *, asks_papers: bool = False) -> dict[str, Any]:
        """Return one of the form's own example cases."""
        answer = client.get(f"/api/catalog/v1/procedures/{code}/examples")
        assert answer.status_code == 200, answer.text
        cases = answer.json()["results"]
        return next(dict(case) for case in cases if bool(case.get("asks_papers")) == asks_papers)

    def file_dossier(self, client: httpx.Client, code: str, *, place: str | None = None, **submit: Any) -> str:
        """File one of the form's example cases as ``client``; returns the dossier's code."""
        asks = bool(submit.pop("asks_papers", False))
        case = self.example(client, code, asks_papers=asks)
        body: dict[str, Any] = {"procedure": code, "place": place or case["place"]}
        if asks:
            body["demo_asks"] = True
        opened = client.post("/api/dossiers/v1/drafts", json=body)
        assert opened.status_code == 201, opened.text
        draft = opened.json()["id"]
        saved = client.patch(f"/api/dossiers/v1/drafts/{draft}", json={"answers": case["answers"]})
        assert saved.status_code == 200, saved.text
        sent = client.post(f"/api/dossiers/v1/drafts/{draft}/submit", json=submit)
        assert sent.status_code in (200, 201), sent.text
        return str(sent.json()["code"])

    def dossier(self, client: httpx.Client, code: str) -> dict[str, Any]:
        answer = client.get(f"/api/dossiers/v1/dossiers/{code}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until_dossier(
        self, client: httpx.Client, code: str, good: Callable[[dict[str, Any]], bool], *, seconds: float = 60
    ) -> dict[str, Any]:
        """Wait until the dossier is as ``good`` wants it; return it."""
        end = time.monotonic() + seconds
        while not good(found := self.dossier(client, code)):
            if time.monotonic() > end:
                seen = {name: found[name] for name in ("state", "status", "version", "asks", "requests")}
                raise AssertionError(f"{code} did not get there in {seconds} s: {seen}")
            time.sleep(0.05)
        return found

    def until_status(self, client: httpx.Client, code: str, status: int, *, seconds: float = 60) -> dict[str, Any]:
        """Wait until the dossier shows ``status``."""
        return self.until_dossier(client, code, lambda found: found["status"] == status, seconds=seconds)


class Portal(Front):
    """One ``motcua run`` process over one data folder."""

    def __init__(
        self, data: Path, *, pace: str = "0", env: Mapping[str, str] | None = None, port: int = 0, offices: str = ""
    ) -> None:
        super().__init__()
        self.data = data
        self.pace = pace
        self.offices = offices
        self.port = port or free_ports()
        self.env = dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.output = data.parent / f"{data.name}-{self.port}.log"

    def told(self) -> dict[str, str]:
        return super().told() | self.env

    def logs(self) -> str:
        return self.output.read_text(errors="replace")

    def sign_in(self, page: Any, person: str) -> None:
        page.locator(f'button[value="{person}"], input[value="{person}"] ~ button, [value="{person}"]').first.click()

    def to_daytime(self, client: httpx.Client) -> bool:
        now = datetime.fromisoformat(client.get("/dev/clock").json()["now"]).astimezone(VIETNAM)
        if now.hour >= 22 or now.hour < 6:
            moved = client.post("/dev/clock", json={"hours": (30 - now.hour) % 24 or 24})
            assert moved.status_code == 200, moved.text
        return True

    def launch(self, **extra: str) -> "Portal":
        """Start the process without waiting."""
        command = [sys.executable, "-m", "motcua", "run", "--port", str(self.port), "--data", str(self.data)]
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [*command, "--pace", self.pace, "--offices", self.offices],
                cwd=ROOT,
                env=environment(**self.env, **extra),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def start(self, **extra: str) -> "Portal":
        """Start the process and wait until it is ready."""
        self.launch(**extra)
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        def look() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"the portal ended with {self.process.returncode}: {self.tail()}")
            try:
                return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
            except httpx.HTTPError:
                return False

        until(look, seconds=START_SECONDS, what=f"ready; {self.tail()}")

    def tail(self) -> str:
        return self.output.read_text(errors="replace")[-3000:] if self.output.exists() else ""

    def kill(self) -> None:
        """SIGKILL, no goodbye."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM and wait; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"did not stop in 20 s: {self.tail()}") from None
        return int(self.process.returncode)


def seeded_copy(template_root: Path, into: Path) -> Path:
    """Copy a seeded data folder, made once for all workers below ``template_root``."""
    template = template_root / "seeded"
    with (template_root / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (template / "done.json").exists():
            shutil.rmtree(template, ignore_errors=True)
            done = subprocess.run(
                [sys.executable, "-m", "motcua", "seed", "--data", str(template)],
                check=False,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=180,
                env=environment(),
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (template / "done.json").write_text(json.dumps({"seeded": True}))
    shutil.copytree(template, into)
    return into


@contextmanager
def running(portal: Portal) -> Iterator[Portal]:
    """Start ``portal``, kill it in the end whatever happens."""
    try:
        yield portal.start()
    finally:
        portal.kill()
