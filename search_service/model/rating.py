"""How good search is: questions that people ask, the answers that are right, and what to measure of the ranks.

``rated.tsv`` was written before anything was tuned on it. A third, by a hash of the question, is held out: nobody
looks at its single results while tuning, only at its sums.
"""

import csv
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from search_service.model.text import syllables

TOP = 10
DRAWS = 1_000
SEED = 25
_NOT_COUNTED = frozenset({"thu", "tuc"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question as people type it and the codes that answer it."""

    text: str
    codes: frozenset[str]

    @property
    def held_out(self) -> bool:
        """True for the third that nothing is tuned on."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0


@dataclass(frozen=True, slots=True)
class Rated:
    """A question, the place of its first right answer (0 = not among those looked at), the title's share in it."""

    question: Question
    rank: int
    shared: float

    @property
    def reciprocal(self) -> float:
        """1 for the first place, 1/2 for the second, 0 when it was not found."""
        return 1 / self.rank if self.rank else 0.0

    @property
    def hit(self) -> float:
        """1 when the right answer is among the first ten."""
        return float(0 < self.rank <= TOP)


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean with the interval that holds 95 % of the means of samples drawn again from the same questions."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """Some of the questions and how they fared."""

    name: str
    count: int
    mrr: Measured
    hits: Measured


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure of a band must reach."""

    band: str
    figure: str
    least: float


GOALS = (Goal("all", "hit@10", 0.95), Goal("all", "MRR", 0.90), Goal("under half of the title", "MRR", 0.65))


@cache
def questions() -> tuple[Question, ...]:
    """Return the rated questions."""
    text = files("search_service.model").joinpath("rated.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(Question(row["query"], frozenset(row["codes"].split())) for row in rows)


def shared(text: str, title: str) -> float:
    """Return the share of the title's words that the question uses, diacritics aside."""
    words = {part.plain for part in syllables(title)} - _NOT_COUNTED
    return len(words & {part.plain for part in syllables(text)}) / max(len(words), 1)


def bands(rated: Sequence[Rated]) -> list[Band]:
    """Return the figures in total and by how much of the title the question shares; empty bands are left out."""
    chosen: tuple[tuple[str, Callable[[Rated], bool]], ...] = (
        ("all", lambda one: True),
        ("nothing of the title", lambda one: one.shared == 0),
        ("under half of the title", lambda one: one.shared < 0.5),
        ("half of the title or more", lambda one: one.shared >= 0.5),
    )
    among = [(name, [one for one in rated if belongs(one)]) for name, belongs in chosen]
    return [_band(name, some) for name, some in among if some]


def missed(found: Sequence[Band]) -> list[str]:
    """Return a line for each goal that ``found`` does not reach."""
    lines = []
    for goal in GOALS:
        for band in found:
            reached = band.mrr.mean if goal.figure == "MRR" else band.hits.mean
            if band.name == goal.band and reached < goal.least:
                lines.append(f"{goal.figure} of {goal.band}: {reached:.3f}, the goal is {goal.least:.2f}")
    return lines


def _band(name: str, rated: Sequence[Rated]) -> Band:
    mrr = _measured([one.reciprocal for one in rated])
    return Band(name, len(rated), mrr, _measured([one.hit for one in rated]))


def _measured(values: Sequence[float]) -> Measured:
    draw = random.Random(SEED)
    size = len(values)
    means = sorted(sum(draw.choices(values, k=size)) / size for _ in range(DRAWS))
    return Measured(sum(values) / size, means[DRAWS * 25 // 1000], means[DRAWS * 975 // 1000 - 1])
