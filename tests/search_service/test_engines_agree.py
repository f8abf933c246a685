"""Both engines are asked the same by one plan, so people get the same answers whichever serves."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from search_service.model.answers import Filters
from tests.search_service.conftest import National, identities

RATED = Path(__file__).with_name("rated_queries.csv")
ALL = Filters()
NARROW = Filters(level="commune")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    with RATED.open(encoding="utf-8", newline="") as lines:
        return [row["query"] for row in csv.DictReader(lines)]


@pytest.mark.parametrize("filters", [ALL, NARROW], ids=["all", "narrowed"])
def test_rated_questions_have_the_same_first_answers(
    on_tantivy: National, on_elasticsearch: National, texts: list[str], filters: Filters
) -> None:
    same: Counter[str] = Counter()
    for text in texts:
        one = on_tantivy.search(text, filters, offset=0, limit=10)
        other = on_elasticsearch.search(text, filters, offset=0, limit=10)
        ours, theirs = identities(one), identities(other)
        same["first"] += ours[:1] == theirs[:1]
        same["first three"] += ours[:3] == theirs[:3]
        same["ten, in order"] += ours == theirs
        same["of ten"] += len(set(ours) & set(theirs)) / max(len(ours), 1) > 0.89
        same["total"] += one.total == other.total
        same["facets"] += one.facets == other.facets
        same["read as"] += one.read_as == other.read_as
    shares = {name: count / len(texts) for name, count in same.items()}
    print({name: round(share, 3) for name, share in shares.items()})
    assert shares["read as"] == 1
    assert shares["first"] == shares["first three"] == 1
    assert min(shares.values()) >= 0.98


def test_suggestions_agree(on_tantivy: National, on_elasticsearch: National, texts: list[str]) -> None:
    same = 0
    for text in texts:
        begun = text[: max(len(text) * 2 // 3, 3)]
        ours = [one.id for one in on_tantivy.suggest(begun, 8)]
        theirs = [one.id for one in on_elasticsearch.suggest(begun, 8)]
        same += ours[:3] == theirs[:3]
    print(f"first three suggestions alike: {same / len(texts):.3f}")
    assert same / len(texts) >= 0.98


def test_browsing_and_codes_are_the_same(on_tantivy: National, on_elasticsearch: National) -> None:
    for text in ("", "1.004873", "1.0048"):
        one = on_tantivy.search(text, ALL, offset=0, limit=100)
        assert one == on_elasticsearch.search(text, ALL, offset=0, limit=100)
