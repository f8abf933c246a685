"""The measuring tools: what they print is what they measured, and every one of them runs."""

from pathlib import Path

import pytest

from benchmarks import applying, gateway, search
from benchmarks.figures import Figure, Goal, as_document, as_text, number, quantile, spread, write
from benchmarks.load import drive
from benchmarks.processes import family, python, running
from tests.ports import free_ports
from tests.running import ROOT

FASTER = Figure("reads", "/s", (30.0, 10.0, 20.0), "another way", (10.0, 5.0, 10.0), "How.", Goal(2, True, True))
SLOW = Figure("way", "s", (1.5,), "an insert", (0.001, 0.002), "How.", Goal(1))


def test_a_figure_shows_its_spread_its_ratio_round_by_round_and_whether_the_goal_is_met() -> None:
    assert FASTER.row == (
        "reads",
        "20.0 (10.0–30.0) /s",
        "10.0 (5.00–10.0) /s: another way",
        "2.00 (2.00–3.00)",
        "≥ 2 × baseline",
        "yes",
    )
    assert SLOW.met is False
    assert SLOW.row[3:] == ("1,000", "≤ 1 s", "NO")


def test_numbers_keep_three_digits() -> None:
    assert [number(one) for one in (0.0, 0.00123, 0.5, 9.876, 45.67, 123.4, 12345.6)] == [
        "0",
        "0.00123",
        "0.500",
        "9.88",
        "45.7",
        "123",
        "12,346",
    ]
    assert spread((7.0,)) == "7.00"
    assert quantile(list(range(100)), 0.95) == 95


def test_tables_are_written_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n")
    write([FASTER, SLOW], "measured then", tmp_path)
    write([FASTER, SLOW], "measured now", tmp_path)
    text = readme.read_text()
    assert text.startswith("before\n<!-- figures -->\n| figure |")
    assert text.endswith("<!-- /figures -->\nafter\n")
    assert "old" not in text
    assert "then" not in text
    assert "| reads | 20.0 (10.0–30.0) /s |" in text
    assert (tmp_path / "docs" / "figures.md").read_text() == as_document([FASTER, SLOW], "measured now")
    assert "measured now" in as_text([SLOW], "measured now")


def test_the_readme_has_the_marks() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("<!-- figures -->") == text.count("<!-- /figures -->") == 1


async def test_our_own_generator_counts_answers_and_a_process_is_weighed_with_its_children(tmp_path: Path) -> None:
    port = free_ports(1)
    with running(python("benchmarks.empty", port), port=port, folder=tmp_path) as server:
        server.wait("/readyz", seconds=60)
        rate, bad = await drive(server.url + "/readyz", 0.3, 4, [])
        assert rate > 10
        assert bad == 0
        assert (await drive(server.url + "/nowhere", 0.1, 2, []))[1] > 0
        assert 10 < server.memory() < 500
        assert server.popen.pid in family(server.popen.pid)


@pytest.mark.slow
def test_applying_writes_the_same_rows_in_both_ways() -> None:
    (applied,) = applying.figures(quick=True)
    assert len(applied.ours) == len(applied.baseline) == 2
    assert min(applied.ours) > 0


@pytest.mark.slow
def test_search_is_measured_beside_its_baseline() -> None:
    times, ranks = search.figures(quick=True)
    assert times.ours[0] > 0
    assert 0 < ranks.ours[0] <= 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_gateway_is_measured_with_every_answer_good() -> None:
    found = gateway.figures(quick=True)
    assert all(min(figure.ours) > 0 and min(figure.baseline) > 0 for figure in found)
