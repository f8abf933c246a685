"""The gateway beside what else could stand there: nginx for cached reads, the least Python proxy for uncached ones.

Everything that is measured is one worker, kept on one core; the generator and the service behind have the other.
"""

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Goal
from benchmarks.load import CONNECTIONS, generator, rate
from benchmarks.processes import Process, python, running, two_cores
from motcua import identity
from tests.ports import free_ports

READ = "/api/catalog/v1/procedures/1.001193"
PRIVATE = "/api/me/v1/profile"
OWN = "per second of own processor time"
WHY_OWN = "Divided by the processor time that the measured server used, so that other work on the machine counts less."
KEPT = ("content-type", "etag", "cache-control", "vary")
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 10000000; proxy_buffers 16 32k; proxy_buffer_size 32k;
  upstream behind {{ server 127.0.0.1:{behind}; keepalive 64; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


Pair = tuple[float, float]
Rates = dict[str, list[float]]


@dataclass
class Stand:
    """The servers of one measurement."""

    folder: Path
    stack: ExitStack
    front: int = field(default_factory=lambda: two_cores()[0])
    back: int = field(default_factory=lambda: two_cores()[1])

    def serve(self, kind: str, *words: object, ready: str, behind: bool = False) -> Process:
        """Start a server and wait until ``ready`` answers."""
        port, data = free_ports(1), self.folder / kind
        data.mkdir(exist_ok=True)
        command = python("benchmarks.servers", kind, "--port", port, "--data", data, *words)
        core = self.back if behind else self.front
        process = self.stack.enter_context(running(command, port=port, folder=self.folder, core=core))
        process.wait(ready, seconds=60)
        return process

    def nginx(self, behind: Process) -> Process:
        """Start nginx with one worker, which passes everything on to ``behind`` and keeps nothing."""
        port = free_ports(1)
        folder = self.folder / f"nginx-{port}"
        folder.mkdir()
        folder.chmod(0o755)
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, behind=behind.port))
        command = [str(shutil.which("nginx")), "-e", str(folder / "nginx.err"), "-c", str(config)]
        process = self.stack.enter_context(running(command, port=port, folder=self.folder, core=self.front))
        process.wait(READ, seconds=10)
        return process

    def ask(self, front: Process, path: str, seconds: int, headers: Mapping[str, str] | None = None) -> Pair:
        """Return how many requests ``front`` answers in a second, and in a second of its own processor time."""
        before = front.processor()
        found = rate(front.url + path, seconds=seconds, core=self.back, headers=headers)
        return found, found * seconds / max(front.processor() - before, 0.01)

    def recorded(self, service: Process) -> Path:
        """Record what ``service`` answers to the public read."""
        with urllib.request.urlopen(service.url + READ, timeout=10) as answer:
            headers = {name: answer.headers[name] for name in KEPT}
            file = self.folder / "answer.json"
            file.write_text(json.dumps({"headers": headers, "body": answer.read().decode()}))
        return file


def figures(*, quick: bool) -> list[Figure]:
    """Measure cached and uncached reads."""
    rounds, seconds = (1, 1) if quick else (4, 2)
    with stand() as here:
        catalogue = here.serve("catalogue", ready=READ, behind=True)
        quickest = here.serve("answer", "--answer", here.recorded(catalogue), ready=READ, behind=True)
        return [*_cached(here, catalogue, quickest, rounds, seconds), *_uncached(here, quickest, rounds, seconds)]


@contextmanager
def stand() -> Iterator[Stand]:
    """Give a place for servers; all of them are stopped in the end."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        yield Stand(Path(folder), stack)


def _cached(here: Stand, catalogue: Process, quickest: Process, rounds: int, seconds: int) -> list[Figure]:
    if shutil.which("nginx") is None:
        print("nginx is not installed: the cached read has no baseline (apt install nginx-light)")
        return []
    gateway = here.serve("gateway", "--upstream", catalogue.url, ready=READ)
    fronts = {"gateway": gateway, "quick": here.nginx(quickest), "same": here.nginx(catalogue)}

    found, own = in_turns(list(fronts), lambda name: here.ask(fronts[name], READ, seconds), rounds)
    about = (
        f"`GET {READ}` (the real catalogue behind the real gateway, kept in the gateway's memory), {CONNECTIONS} kept "
        f"connections by {generator()}, {seconds} s a round. Gateway and nginx have one worker on one core each."
    )
    hardest = (
        f"{about} Here nginx stands before the quickest service that granian can serve, which nothing real is; its "
        "service has a core of its own, which the gateway's cache does not need."
    )
    same = "nginx, 1 worker, passing on to the same catalogue under granian, nothing kept"
    quick = "nginx, 1 worker, passing on to plain ASGI under granian that gives the same bytes at once"
    goal = Goal(2, at_least=True, of_ratio=True)
    return [
        Figure("cached public read at the gateway", "/s", found["gateway"], same, found["same"], about, goal),
        Figure("cached read beside nginx at its best", "/s", found["gateway"], quick, found["quick"], hardest),
        Figure(f"cached read, {OWN}", "/s", own["gateway"], quick, own["quick"], f"{hardest} {WHY_OWN}"),
    ]


def _uncached(here: Stand, quickest: Process, rounds: int, seconds: int) -> list[Figure]:
    bare = here.serve("bare", "--upstream", quickest.url, ready="/healthz")
    full = here.serve("gateway", "--upstream", quickest.url, ready="/healthz")
    least = here.serve("proxy", "--upstream", quickest.url, ready=PRIVATE)
    token = identity.issue_token(here.folder / "gateway", "http://127.0.0.1:8000", "citizen-1")
    fronts = {"bare": bare, "full": full, "least": least}

    headers = {"Authorization": f"Bearer {token}"}
    found, own = in_turns(list(fronts), lambda name: here.ask(fronts[name], PRIVATE, seconds, headers), rounds)
    about = (
        f"`GET {PRIVATE}` with a bearer token to a service over HTTP that answers at once, {CONNECTIONS} kept "
        f"connections by {generator()}, {seconds} s a round; one worker on one core each."
    )
    against = "the least proxy in Python: plain ASGI and aiohttp under the same granian"
    goal = Goal(0.6, at_least=True, of_ratio=True)
    on = "uncached read, tokens, limits and metrics on"
    return [
        Figure("uncached read at the gateway, checks off", "/s", found["bare"], against, found["least"], about, goal),
        Figure(on, "/s", found["full"], against, found["least"], about),
        Figure(f"uncached read, checks off, {OWN}", "/s", own["bare"], against, own["least"], f"{about} {WHY_OWN}"),
        Figure(f"uncached read, all on, {OWN}", "/s", own["full"], against, own["least"], f"{about} {WHY_OWN}"),
    ]


def in_turns(names: list[str], ask: Callable[[str], Pair], rounds: int) -> tuple[Rates, Rates]:
    """Ask every one in turn, ``rounds`` times after a round that does not count; return both kinds of rates."""
    found: Rates = {name: [] for name in names}
    own: Rates = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            pair = ask(name)
            if turn:
                found[name].append(pair[0])
                own[name].append(pair[1])
    return found, own
