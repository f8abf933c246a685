"""One data folder, seeded once a run and measured while it is, copied for whoever needs a portal with data."""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.processes import portal, running
from tests.ports import free_ports

SEEDING_SECONDS = 180.0


@dataclass(frozen=True)
class Seeded:
    """The folder, and how long its first start took from nothing to ready (seconds)."""

    data: Path
    seconds: float

    def copy(self, into: Path) -> Path:
        """Copy the folder to ``into``."""
        shutil.copytree(self.data, into)
        return into


@cache
def seeded() -> Seeded:
    """Start the portal over an empty folder, time it, stop it; done once a run."""
    folder = Path(tempfile.mkdtemp(prefix="motcua-figures-"))
    port, data = free_ports(), folder / "data"
    with running(portal(data, port), port=port, folder=folder) as process:
        taken = process.wait("/readyz", seconds=SEEDING_SECONDS)
    return Seeded(data, taken)


def forget() -> None:
    """Delete the seeded folder if one was made."""
    if seeded.cache_info().currsize:
        shutil.rmtree(seeded().data.parent, ignore_errors=True)
        seeded.cache_clear()
