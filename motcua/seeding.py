"""Filling an empty data folder, with a progress bar for the person who waits."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from kernel.clock import Clock
from services_catalog import main as catalog
from services_catalog.settings import CatalogSettings
from services_catalog.store.seed import read_places


class Steps:
    """A progress bar over the named steps of a start."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> "Steps":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def done(self) -> None:
        """The start is over: the bar goes away."""
        self._bar.update(self._task, visible=False)
        self._bar.stop()

    def next(self, what: str) -> None:
        """Show that ``what`` is being done now."""
        self._bar.update(self._task, description=what, advance=1)


async def seed_catalogue(data: Path, steps: Steps) -> None:
    """Seed procedures, places and participants below ``data``, if that was not done before."""
    settings = CatalogSettings(data=data)
    names = {
        "places": "3,321 wards and 63 provinces",
        "procedures": "5,608 procedures",
        "own services": "services without a published code",
        "done": "the catalogue is in",
    }

    def progress(what: str, _done: int, _of: int) -> None:
        steps.next(names.get(what, what))

    await catalog.seed(settings, clock=Clock(data / "clock.json"), progress=progress)


def participants(data: Path) -> list[tuple[str, str]]:
    """Return (id, name) of the 63 back offices of the demo."""
    provinces, _, _ = read_places(CatalogSettings(data=data).seed)
    return [(province.lane, province.name) for province in provinces]


async def import_file(data: Path, file: Path, *, withdraw_missing: bool) -> tuple[list[str], int]:
    """Import ``file`` into the catalogue below ``data``; returns the report's lines and how many rows were rejected.

    Raises ``kernel.errors.Invalid`` for a file that is no catalogue.
    """
    report = await catalog.import_file(
        CatalogSettings(data=data), file, clock=Clock(data / "clock.json"), withdraw_missing=withdraw_missing
    )
    lines = [
        f"{report.rows} rows: {len(report.added)} added, {len(report.changed)} changed, {report.unchanged} unchanged, "
        f"{len(report.withdrawn)} withdrawn, {len(report.restored)} restored, {len(report.rejected)} rejected"
    ]
    for name in ("added", "changed", "withdrawn", "restored"):
        codes: list[str] = getattr(report, name)
        if codes:
            lines.append(f"{name}: {', '.join(codes[:20])}{' …' if len(codes) > 20 else ''}")
    lines += [f"row {each.row}: {each.code or 'no code'}: {each.text.vi} ({each.reason})" for each in report.rejected]
    return lines, len(report.rejected)
