"""From the citizen's click on "submit" to a row in the province's own books, through everything in between.

The portal is a real process, the offices work by hand (pace off). Programs file at five a second through the
gateway, all over the country; a dossier has arrived when its row can be read in ``DATA/provinces/H…/office.db``.
"""

import asyncio
import contextlib
import csv
import json
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.figures import Figure, Goal, quantile
from benchmarks.processes import ROOT, Failed, Process, portal, python, running
from benchmarks.seeded import seeded
from tests.ports import free_ports

PROCEDURE = "1.004873"
PER_SECOND = 5.0
GROUPS = 5
LOOK_EVERY = 0.005
ARRIVAL_SECONDS = 30.0
WARDS = ROOT / "services_catalog" / "seed" / "wards.csv"


@dataclass
class Books:
    """Looks into the offices' books for dossiers that are on their way."""

    provinces: Path
    waiting: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    _open: dict[str, sqlite3.Connection] = field(default_factory=dict)

    def look(self) -> None:
        """Note which of the waiting dossiers have arrived."""
        for code, sent in list(self.waiting.items()):
            lane = code.partition("-")[0]
            if lane not in self._open:
                file = self.provinces / lane / "office.db"
                self._open[lane] = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
            found = self._open[lane].execute("SELECT 1 FROM office_case WHERE code = ?", (code,)).fetchone()
            if found:
                self.taken[code] = perf_counter() - sent
                del self.waiting[code]

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def emptied(self) -> None:
        """Look until nothing is waiting any more."""
        self.look()
        while self.waiting:
            await asyncio.sleep(LOOK_EVERY)
            self.look()

    def close(self) -> None:
        """Close the books."""
        for one in self._open.values():
            one.close()


@dataclass
class Filer:
    """A program that files as citizen-1."""

    client: aiohttp.ClientSession
    answers: dict[str, Any]
    books: Books
    codes: list[str] = field(default_factory=list)

    async def file(self, place: str) -> None:
        """File one dossier; its way begins when submit is sent. Raises ``Failed`` for anything but success."""
        draft = await self._send("POST", "drafts", {"procedure": PROCEDURE, "place": place})
        await self._send("PATCH", f"drafts/{draft['id']}", {"answers": self.answers})
        sent = perf_counter()
        filed = await self._send("POST", f"drafts/{draft['id']}/submit", {})
        self.codes.append(filed["code"])
        self.books.waiting[filed["code"]] = sent

    async def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.client.request(method, f"/api/dossiers/v1/{path}", json=body) as answer:
            if answer.status not in (200, 201):
                raise Failed(f"{method} {path}: {answer.status} {(await answer.text())[:500]}")
            return dict(await answer.json())


class Inserts:
    """The baseline: one row a transaction into an empty SQLite file, synchronous FULL, as durable as a filing."""

    def __init__(self, file: Path) -> None:
        self._base = sqlite3.connect(file, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.execute("CREATE TABLE filed (code TEXT PRIMARY KEY, answers TEXT)")
        self.taken: list[float] = []

    def insert(self, number: int, answers: str) -> None:
        """Insert one row and note how long it took."""
        began = perf_counter()
        self._base.execute("INSERT INTO filed VALUES (?, ?)", (str(number), answers))
        self.taken.append(perf_counter() - began)

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def figures(*, quick: bool) -> list[Figure]:
    """Measure the way of 200 dossiers."""
    count = 10 if quick else 200
    with TemporaryDirectory() as name:
        folder = Path(name)
        data, port = seeded().copy(folder / "data"), free_ports()
        with running(portal(data, port), port=port, folder=folder) as process:
            process.wait("/readyz", seconds=120)
            ways, inserts = asyncio.run(measure(process, data, folder, count))
    about = (
        f"{count} dossiers at {PER_SECOND:g} a second over HTTP through the gateway, from sending submit until the row "
        "can be read in the province's own `office.db`: dossier, outbox, log, lane, gRPC over mutual TLS, journal, "
        f"books. 95th percentile of each of {GROUPS} groups in order of filing."
    )
    against = "one bare SQLite insert, committed with fsync, between the filings (p95)"
    return [Figure("filing to province books, p95", "s", _p95(ways), against, _p95(inserts), about, Goal(1))]


async def measure(process: Process, data: Path, folder: Path, count: int) -> tuple[list[float], list[float]]:
    """File ``count`` dossiers; return the seconds of each on its way, and of each bare insert."""
    books, bare = Books(data / "provinces"), Inserts(folder / "bare.db")
    async with (
        signed_in(process, data) as client,
        client.get(f"/api/catalog/v1/procedures/{PROCEDURE}/examples") as answer,
    ):
        cases = (await answer.json())["results"]
        case = next(one for one in cases if not one["asks_papers"] and not one["files"])
        filer = Filer(client, case["answers"], books)
        watching = asyncio.create_task(books.watch())
        try:
            await _file_all(filer, bare, count)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(books.emptied(), ARRIVAL_SECONDS)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            books.close()
            bare.close()
    if len(books.taken) < count:
        raise Failed(f"{len(books.waiting)} of {count} dossiers did not arrive in {ARRIVAL_SECONDS:g} s")
    return [books.taken[code] for code in filer.codes], bare.taken


async def _file_all(filer: Filer, bare: Inserts, count: int) -> None:
    """Begin a filing every 0.2 s, whether or not the last one is done."""
    places, answers, began = one_ward_a_province(), json.dumps(filer.answers), perf_counter()
    filings = []
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - perf_counter()))
        filings.append(asyncio.create_task(filer.file(places[number % len(places)])))
        bare.insert(number, answers)
    await asyncio.gather(*filings)


def one_ward_a_province() -> list[str]:
    """Return the code of the first ward of each of the 34 provinces."""
    with WARDS.open(encoding="utf-8", newline="") as lines:
        first = {row["province_code"]: row["code"] for row in reversed(list(csv.DictReader(lines)))}
    return sorted(first.values())


@asynccontextmanager
async def signed_in(process: Process, data: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a client with the token of citizen-1."""
    command = python("motcua", "token", "--as", "citizen-1", "--data", data)
    token = await asyncio.to_thread(subprocess.check_output, command, cwd=ROOT, text=True, timeout=60)
    headers = {"Authorization": f"Bearer {token.strip()}"}
    async with aiohttp.ClientSession(process.url, headers=headers) as client:
        yield client


def _p95(values: list[float]) -> list[float]:
    size = max(1, len(values) // GROUPS)
    return [quantile(values[at : at + size], 0.95) for at in range(0, size * GROUPS, size)]
