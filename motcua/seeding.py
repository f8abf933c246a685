"""Filling an empty data folder, with a progress bar for the person who waits."""

from collections.abc import Collection
from pathlib import Path

from kernel.clock import Clock
from motcua.progress import Steps
from services_catalog import main as catalog
from services_catalog.settings import HERE, CatalogSettings
from services_catalog.store.seed import read_provinces

SEED = HERE / "seed"


async def seed_catalogue(data: Path, steps: Steps) -> None:
    """Seed procedures, places and participants below ``data``; safe to repeat."""
    await catalog.seed(CatalogSettings(data=data), clock=Clock(data / "clock.json"), progress=steps.show)


async def until_published(data: Path) -> None:
    """Wait until what the catalogue below ``data`` said is on the log; its relay must be running."""
    await catalog.until_published(CatalogSettings(data=data))


def participants(only: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return (id, name) of the 63 back offices of the demo, or of those in ``only``."""
    return [(each.lane, each.name) for each in read_provinces(SEED) if not only or each.lane in only]


async def import_file(data: Path, file: Path, *, withdraw_missing: bool) -> tuple[list[str], int]:
    """Import ``file`` into the catalogue below ``data``; returns the report's lines and how many rows were rejected.

    Raises ``kernel.errors.Invalid`` for a file that is no catalogue.
    """
    report = await catalog.import_file(
        CatalogSettings(data=data), file, clock=Clock(data / "clock.json"), withdraw_missing=withdraw_missing
    )
    return list(report.lines()), len(report.rejected)
