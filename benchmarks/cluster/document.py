"""docs/performance.md, and the block of the README that shows the same figures."""

import re
import subprocess
from pathlib import Path

import kafka
import psycopg

from benchmarks.cluster import STOPPED, Measured, split
from benchmarks.figures import HEADS, ROOT, Figure
from motcua.cluster import packages

BLOCK = re.compile(r"<!-- cluster-figures -->.*?<!-- /cluster-figures -->", re.DOTALL)


def versions() -> str:
    """Return the versions of what is measured with and against."""
    program = str(packages.postgres_bin() / "postgres")
    postgres = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.split()[2]
    jars = sorted(packages.kafka().glob("kafka-clients-*.jar"))
    broker = jars[-1].stem.removeprefix("kafka-clients-") if jars else "of its packages"
    return f"PostgreSQL {postgres}, Kafka {broker}, kafka-python {kafka.__version__}, psycopg {psycopg.__version__}"


def table(figures: list[Figure]) -> str:
    """Return the table of the figures."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    return "\n".join([*lines, *(f"| {' | '.join(figure.row)} |" for figure in figures)])


def document(seen: Measured, figures: list[Figure], heading: str) -> str:
    """Return docs/performance.md."""
    rows = "\n".join(f"| {name} | {seconds * 1000:.0f} |" for name, seconds in split(seen.rounds))
    total = sum(seconds for _, seconds in split(seen.rounds)) * 1000
    parts = [
        "# Performance of the distributed form",
        "Written by `python -m benchmarks --cluster --write`; do not edit. The figures of the one-process form are in "
        "[figures.md](figures.md).",
        f"Measured {heading}. {versions()}. Median (min–max over rounds); each figure stands beside a baseline of the "
        f"same run. {STOPPED}; the load, both services, PostgreSQL and Kafka share the machine.",
        table(figures),
        _missed(figures),
        "## How to repeat it",
        "`make bench-cluster` starts everything itself, from packages, in a folder of its own, and deletes it again "
        "(Java and PostgreSQL have to be installed; about 6 GB of disk and 15 minutes). "
        "`python -m benchmarks --cluster --quick` shows in a minute that it works. It ends with an error where a "
        "report is lost, applied twice or out of order, or where a baseline wrote other rows than the service.",
        "## Where the time goes",
        "Processor time of each process over the saturated rounds, from `/proc`. Each report costs all of it: what is "
        "saved here makes the road faster on the same cores.",
        f"| process | ms a 1,000 reports |\n|---|---|\n{rows}\n| **all** | **{total:.0f}** |",
    ]
    parts += [f"## {figure.name}\n\n{figure.about}\n\nBaseline: {figure.against}." for figure in figures]
    return "\n\n".join(parts) + "\n"


def _missed(figures: list[Figure]) -> str:
    missed = [figure.name for figure in figures if figure.met is False]
    return f"Goals missed: {', '.join(missed)}." if missed else "Every goal is met."


def write(seen: Measured, figures: list[Figure], heading: str, root: Path = ROOT) -> None:
    """Write docs/performance.md and, where the README has the marks, its block."""
    (root / "docs" / "performance.md").write_text(document(seen, figures, heading), encoding="utf-8")
    readme = root / "README.md"
    told = f"{table(figures)}\n\n{heading}. How: [docs/performance.md](docs/performance.md)."
    block = f"<!-- cluster-figures -->\n{told}\n<!-- /cluster-figures -->"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(BLOCK.sub(lambda _: block, text), encoding="utf-8")
