"""How long the whole portal takes to be ready, and what it holds in memory when nobody uses it.

Baseline: an empty FastAPI application under granian, started and weighed in turns with the portal.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Goal
from benchmarks.processes import portal, python, running
from benchmarks.seeded import seeded
from tests.ports import free_ports

READY_SECONDS = 120.0
IDLE_SECONDS = 10.0
EMPTY = "an empty FastAPI application under granian"


def figures(*, quick: bool) -> list[Figure]:
    """Measure first seeding, start and idle memory."""
    first = seeded()
    starts: list[float] = []
    empty_starts: list[float] = []
    weights: list[float] = []
    empty_weights: list[float] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        data = first.copy(folder / "data")
        rests = (1.0,) if quick else (IDLE_SECONDS, 0.0, IDLE_SECONDS)
        for rest in rests:
            port, other = free_ports(), free_ports(1)
            with running(python("benchmarks.empty", other), port=other, folder=folder) as empty:
                empty_starts.append(empty.wait("/readyz", seconds=READY_SECONDS))
                with running(portal(data, port), port=port, folder=folder) as whole:
                    starts.append(whole.wait("/readyz", seconds=READY_SECONDS))
                    if rest:
                        time.sleep(rest)
                        weights.append(whole.memory())
                        empty_weights.append(empty.memory())
    return [
        Figure(
            "start to ready, seeded",
            "s",
            starts,
            EMPTY,
            empty_starts,
            "`motcua run` over a seeded folder, from the start of the process until /readyz answers 200: every room "
            "open, 63 back offices connected over mutual TLS.",
            Goal(6),
        ),
        Figure(
            "first start, with seeding",
            "s",
            [first.seconds],
            EMPTY,
            empty_starts,
            "`motcua run` over an empty folder until /readyz answers 200: 5,608 procedures, 3,321 wards, 63 offices, "
            "certificates, index.",
            Goal(20),
        ),
        Figure(
            "idle memory with 63 back offices",
            "MB",
            weights,
            EMPTY,
            empty_weights,
            f"Resident memory (VmRSS) of the process and its children {IDLE_SECONDS:g} s after ready.",
            Goal(350),
        ),
    ]
