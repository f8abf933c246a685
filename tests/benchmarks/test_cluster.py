"""The figures of the distributed form: the command works on the real engines, and says what it measured."""

from pathlib import Path

import pytest

from benchmarks import cluster
from benchmarks.cluster import document
from benchmarks.cluster.filling import LANES, code_of
from benchmarks.cluster.reporters import reports
from dossier_service.model.codes import OURS
from motcua.cluster import packages
from tests.engines.shared import or_skip


def test_filled_codes_are_codes_and_never_meet() -> None:
    some = [code_of(number) for number in (*range(50_000), 999_999)]
    assert len(set(some)) == len(some)
    assert all(OURS.fullmatch(code) for code in some)
    assert {code[:3] for code in some} == set(LANES)


def test_a_report_follows_the_one_before_it() -> None:
    first, second = (reports(["H01-260101-0001"], turn)[0] for turn in (0, 1))
    assert (first.version, second.version) == (2, 3)
    assert first.body != second.body


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_road_is_measured_beside_its_baselines(tmp_path: Path) -> None:
    with or_skip():
        packages.kafka()
        packages.postgres_bin()
        seen = cluster.measured(quick=True)
    assert len(seen.figures) == 9
    assert all(min(figure.ours) > 0 and min(figure.baseline) > 0 for figure in seen.figures)
    assert {"exchange", "dossiers", "kafka"} <= seen.rounds.split.keys()
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("a\n<!-- cluster-figures -->\nold\n<!-- /cluster-figures -->\nb\n")
    document.write(seen, seen.figures, "measured now", tmp_path)
    assert "| report to timeline |" in (tmp_path / "README.md").read_text()
    assert "measured now" in (tmp_path / "docs" / "performance.md").read_text()
