"""What a measurement gives back, and how it is shown: as text, and as tables for docs and README."""

import os
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"<!-- figures -->.*?<!-- /figures -->", re.DOTALL)
HEADS = ("figure", "ours", "baseline", "ours / baseline", "goal", "met")

Row = tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit on our median (``of_ratio`` = on the ratio to the baseline)."""

    limit: float
    at_least: bool = False
    of_ratio: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing, round by round, beside its baseline of the same run.

    ``against`` says what the baseline is; ``about`` what was measured and how, for docs/figures.md.
    """

    name: str
    unit: str
    ours: Sequence[float]
    against: str
    baseline: Sequence[float]
    about: str
    goal: Goal | None = None

    @property
    def ratios(self) -> list[float]:
        """Ours over baseline, round by round where rounds are pairs, else of the medians."""
        if len(self.ours) == len(self.baseline):
            return [one / other for one, other in zip(self.ours, self.baseline, strict=True) if other]
        return [median(self.ours) / median(self.baseline)]

    @property
    def met(self) -> bool | None:
        """Tell whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        value = median(self.ratios if self.goal.of_ratio else self.ours)
        return value >= self.goal.limit if self.goal.at_least else value <= self.goal.limit

    @property
    def row(self) -> Row:
        """The cells of the table."""
        goal = "–"
        if self.goal is not None:
            sign = "≥" if self.goal.at_least else "≤"
            goal = f"{sign} {self.goal.limit:g}" + (" × baseline" if self.goal.of_ratio else f" {self.unit}".rstrip())
        met = {None: "–", True: "yes", False: "NO"}[self.met]
        baseline = f"{spread(self.baseline)} {self.unit}".rstrip()
        return (
            self.name,
            f"{spread(self.ours)} {self.unit}".rstrip(),
            f"{baseline}: {self.against}",
            spread(self.ratios),
            goal,
            met,
        )


def spread(values: Sequence[float]) -> str:
    """Return ``median (min–max)``, the median alone for a single value."""
    middle = number(median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))}–{number(max(values))})"


def number(value: float) -> str:
    """Return ``value`` with three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{0 if value == 0 else max(0, 2 - _magnitude(value))}f}"


def _magnitude(value: float) -> int:
    return int(f"{abs(value):e}".partition("e")[2])


def machine(now: datetime) -> str:
    """Return the line that says when and on what was measured (``now`` is UTC)."""
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    busy = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{now:%Y-%m-%d %H:%M} UTC, {cores} cores ({platform.machine()}), Python {python}, load before {busy}"


def as_text(figures: Sequence[Figure], heading: str) -> str:
    """Return the table for a terminal."""
    rows = [HEADS, *(figure.row for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([heading, "", lines[0], "-" * len(lines[0]), *lines[1:]])


def as_markdown(figures: Sequence[Figure], heading: str) -> str:
    """Return the table for the README."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    lines += [f"| {' | '.join(figure.row)} |" for figure in figures]
    lines += ["", f"Median (min–max over rounds). {heading}. What each one is: [docs/figures.md](docs/figures.md)."]
    return "\n".join(lines)


def as_document(figures: Sequence[Figure], heading: str) -> str:
    """Return docs/figures.md."""
    table = as_markdown(figures, heading).split("\n\n", 1)[0]
    parts = [
        "# Figures\n\nWritten by `python -m benchmarks --write`; do not edit. Each figure stands beside a baseline "
        f"that ran in turns with it on the same machine.\n\nMeasured {heading}. Median (min–max over rounds).",
        table,
    ]
    parts += [f"## {figure.name}\n\n{figure.about}\n\nBaseline: {figure.against}." for figure in figures]
    return "\n\n".join(parts) + "\n"


def write(figures: Sequence[Figure], heading: str, root: Path = ROOT) -> None:
    """Write docs/figures.md and the block of the README."""
    (root / "docs" / "figures.md").write_text(as_document(figures, heading), encoding="utf-8")
    readme = root / "README.md"
    block = f"<!-- figures -->\n{as_markdown(figures, heading)}\n<!-- /figures -->"
    put: Callable[[re.Match[str]], str] = lambda _: block  # noqa: E731  # a plain string would read its backslashes
    readme.write_text(BLOCK.sub(put, readme.read_text(encoding="utf-8")), encoding="utf-8")


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of ``values`` lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
