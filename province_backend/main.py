"""Wiring: one app for all offices, one set of books each, one loop that lets all of them work."""

import asyncio
import contextlib
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.files import Files
from kernel.web import Running
from kernel.workdays import Calendar
from province_backend import store
from province_backend.api import make_pages
from province_backend.clients.printer import Printer
from province_backend.events import wire
from province_backend.events.check import check_invariants
from province_backend.events.office import Office
from province_backend.settings import OfficeSettings
from province_backend.usecases.books import Books
from province_backend.usecases.working import lapse_asks, next_wake, plan_all, work_off

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offices:
    """All offices of this process: what the assembly runs, and each office for its adapter."""

    running: Running
    by_id: Mapping[str, Office]


class Rota:
    """Lets every office work when something of it is due. ``ring`` is called whenever an office's books changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung: set[str] = set()
        self._bell = asyncio.Event()
        self._due: dict[str, datetime] = {}
        self.books: dict[str, Books] = {}

    def ring(self, participant: str) -> None:
        """Note that this office may have something to do now."""
        self._rung.add(participant)
        self._bell.set()

    async def run(self) -> None:
        """Work for ever; an office that fails is tried again and holds up no other."""
        await asyncio.gather(*(plan_all(books=books) for books in self.books.values()))
        self._rung = set(self.books)
        while True:
            now = self._clock.now()
            ready = self._rung | {name for name, at in self._due.items() if at <= now}
            self._rung = set()
            self._bell.clear()
            await asyncio.gather(*(self._serve(self.books[name]) for name in ready))
            pause = self._pause()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), pause)

    async def catch_up(self, _now: datetime) -> None:
        """Work off everything that is due after the clock was moved; returns when it is done."""
        for books in self.books.values():
            await self._serve(books)

    async def _serve(self, books: Books) -> None:
        self._due.pop(books.participant, None)
        try:
            while await lapse_asks(books=books) or (books.pace is not None and await work_off(books=books)):
                pass
            at = await next_wake(books=books)
        except Exception as error:
            logger.warning("office_work_failed", participant=books.participant, error=type(error).__name__)
            at = self._clock.now() + timedelta(seconds=5)
        if at is not None:
            self._due[books.participant] = at

    def _pause(self) -> float:
        if self._rung:
            return 0.0
        if not self._due:
            return 3600.0
        return min(max((min(self._due.values()) - self._clock.now()).total_seconds(), 0.0), 3600.0)


async def build(
    settings: OfficeSettings,
    *,
    participants: Sequence[tuple[str, str]],
    clock: Clock,
    calendar: Calendar,
    verifier: Verifier,
    pace: float | None,
) -> Offices:
    """Build the back offices of ``participants`` (id, name). ``pace`` is in seconds; None = by hand."""
    _allow_files(len(participants) * 8 + 512)
    folder = settings.provinces
    await _lay_out(folder, [name for name, _ in participants])
    files, printer, rota = Files.in_folder(str(folder)), Printer(folder, settings.public_url), Rota(clock)
    for participant, name in participants:
        changes = store.Changes(wire.encode)
        rota.books[participant] = Books(
            participant=participant,
            name=name,
            database=store.connect(folder / participant / "office.db", changes),
            changes=changes,
            files=files,
            printer=printer,
            clock=clock,
            calendar=calendar,
            settings=settings,
            pace=None if pace is None else timedelta(seconds=pace),
            wake=partial(rota.ring, participant),
        )
    clock.on_advance(rota.catch_up)

    async def ready() -> dict[str, bool]:
        return {"offices": True}

    async def close() -> None:
        printer.close()
        await asyncio.gather(*(books.database.close() for books in rota.books.values()))

    app = make_pages(rota.books, verifier)
    running = Running("province_backend", app, (rota.run,), ready, close)
    return Offices(running, {name: Office(books) for name, books in rota.books.items()})


async def check_books(settings: OfficeSettings) -> list[str]:
    """Check every office's books below the data folder; return every broken promise (empty = all hold)."""
    broken: list[str] = []
    for path in sorted(settings.provinces.glob("*/office.db")):
        database = store.connect(path, store.Changes(wire.encode))
        try:
            broken += await check_invariants(path.parent.name, database)
        finally:
            await database.close()
    return broken


async def _lay_out(folder: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not (folder / name / "office.db").exists()]
    older = [folder / name / "office.db" for name in names if name not in missing]
    await asyncio.to_thread(_bring_up, older)
    if not missing:
        return
    template = folder / "template.db"
    await store.make_template(template)
    await asyncio.to_thread(_copy_all, template, folder, missing)


def _bring_up(books: Sequence[Path]) -> None:
    for path in books:
        store.bring_up(path)


def _copy_all(template: Path, folder: Path, names: Sequence[str]) -> None:
    for name in names:
        store.copy_template(template, folder / name / "office.db")


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


async def states_of_books(settings: OfficeSettings) -> dict[str, dict[str, tuple[int, int, str]]]:
    """Return (epoch, version, state digest) by office and dossier, from every office's books below the data folder."""
    found: dict[str, dict[str, tuple[int, int, str]]] = {}
    for path in sorted(settings.provinces.glob("*/office.db")):
        database = store.connect(path, store.Changes(wire.encode))
        try:
            async with database.read() as tx:
                rows = await store.every_state(tx)
        finally:
            await database.close()
        found[path.parent.name] = {code: (epoch, version, digest) for code, epoch, version, digest in rows}
    return found
