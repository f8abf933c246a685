"""Rated questions: everyday words, no accents, abbreviations, slips. Halves by hash; only one half was tuned on."""

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from search_service.model.answers import Filters
from search_service.model.text import syllables
from tests.search_service.conftest import National, identities

RATED = Path(__file__).with_name("rated_queries.csv")


@dataclass(frozen=True)
class Rated:
    text: str
    rank: int
    shared: float


def in_tuned_half(row: dict[str, str]) -> bool:
    """By hash of the question; "seen" are those whose failures were looked at, whatever their hash."""
    return row["kind"] == "seen" or hashlib.sha256(row["query"].encode()).digest()[-1] % 2 == 0


def rate(index: National, *, tuned: bool) -> list[Rated]:
    rated = []
    with RATED.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text, expected = row["query"], row["expected"].split()
            if in_tuned_half(row) is not tuned:
                continue
            found = identities(index.search(text, Filters(), offset=0, limit=20))
            rank = next((place for place, code in enumerate(found, 1) if code in expected), 0)
            titles = [index.search(code, Filters(), offset=0, limit=1).hits[0].document.title for code in expected]
            rated.append(Rated(text, rank, max(shared(text, title) for title in titles)))
    return rated


def shared(text: str, title: str) -> float:
    """The share of the title's words that the question uses (diacritics aside)."""
    words = {part.plain for part in syllables(title)} - {"thu", "tuc"}
    return len(words & {part.plain for part in syllables(text)}) / max(len(words), 1)


def reciprocal(rated: list[Rated]) -> float:
    return sum(1 / one.rank for one in rated if one.rank) / len(rated)


def in_first(rated: list[Rated], places: int) -> float:
    return sum(0 < one.rank <= places for one in rated) / len(rated)


@pytest.mark.parametrize(("half", "mrr", "top"), [("tuned", 0.96, 0.97), ("held-out", 0.93, 0.95)])
def test_the_right_procedure_is_among_the_first_for_people_s_own_words(
    national: National, half: str, mrr: float, top: float
) -> None:
    rated = rate(national, tuned=half == "tuned")
    bands: dict[str, list[Rated]] = defaultdict(list)
    for one in rated:
        bands["all"].append(one)
        bands["under half of the title's words" if one.shared < 0.5 else "half or more"].append(one)
    for name, band in bands.items():
        print(
            f"{half:9} {name:32} {len(band):4} MRR {reciprocal(band):.3f} first {in_first(band, 1):.3f} "
            f"top 3 {in_first(band, 3):.3f}"
        )
    assert reciprocal(rated) >= mrr
    assert in_first(rated, 3) >= top


def test_both_halves_are_large(national: National) -> None:
    halves = [len(rate(national, tuned=tuned)) for tuned in (True, False)]
    assert sum(halves) >= 150
    assert min(halves) >= 70
