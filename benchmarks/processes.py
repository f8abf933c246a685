"""Real processes to measure: started in their own session, waited for with a deadline, killed with their children."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KIB = 1024


class Failed(Exception):
    """A process that is measured did not come up, or ended."""


@dataclass
class Process:
    """One started process; ``port`` is where it answers."""

    popen: subprocess.Popen[bytes]
    port: int
    output: Path
    started: float

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self, path: str, *, seconds: float) -> float:
        """Wait until ``path`` answers 200; return the seconds since the start. Raises ``Failed``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.popen.poll() is not None:
                raise Failed(f"ended with {self.popen.returncode}: {self.tail()}")
            if answers(self.url + path):
                return time.monotonic() - self.started
            time.sleep(0.01)
        raise Failed(f"not ready in {seconds:g} s: {self.tail()}")

    def tail(self) -> str:
        """Return the end of what it printed."""
        return self.output.read_text(errors="replace")[-2000:]

    def memory(self) -> float:
        """Return the resident memory of the process and its children, MB (10^6 bytes)."""
        return sum(_resident(pid) for pid in family(self.popen.pid)) * KIB / 1e6

    def processor(self) -> float:
        """Return the processor time that the process and its children have used, seconds."""
        return sum(_ticks(pid) for pid in family(self.popen.pid)) / os.sysconf("SC_CLK_TCK")

    def stop(self, *, seconds: float = 15.0) -> None:
        """End the process: SIGTERM, after ``seconds`` SIGKILL to its whole session."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.popen.pid, signal.SIGKILL)
                self.popen.wait(10)


@contextmanager
def running(command: Sequence[str], *, port: int, folder: Path, core: int | None = None) -> Iterator[Process]:
    """Start ``command`` (pinned to ``core``), stop it in the end; its output goes to a file in ``folder``."""
    output = folder / f"{port}.log"
    with output.open("wb") as out:
        started = time.monotonic()
        popen = subprocess.Popen(
            [*pinned(core), *command], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    process = Process(popen, port, output, started)
    try:
        yield process
    finally:
        process.stop()


def python(module: str, *words: object) -> list[str]:
    """Return the command that runs ``module`` with this interpreter."""
    return [sys.executable, "-m", module, *(str(word) for word in words)]


def portal(data: Path, port: int, *, pace: str = "off") -> list[str]:
    """Return the command of the whole portal."""
    return python("motcua", "run", "--port", port, "--data", data, "--pace", pace)


def pinned(core: int | None) -> list[str]:
    """Return the words before a command that keep it on one core."""
    return [] if core is None or shutil.which("taskset") is None else ["taskset", "-c", str(core)]


def two_cores() -> tuple[int, int]:
    """Return the core for what is measured and the one for what drives it (the same where there is one)."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def answers(url: str) -> bool:
    """Tell whether ``url`` answers 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def family(pid: int) -> list[int]:
    """Return ``pid`` and all its descendants that live."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _parent(entry: Path) -> int | None:
    return int(stat[1]) if (stat := _stat(entry)) else None


def _ticks(pid: int) -> int:
    return sum(int(part) for part in _stat(Path(f"/proc/{pid}"))[11:13])


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
