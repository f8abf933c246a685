"""The rated questions that ship with search, and ``motcua search rate``."""

import json

import pytest
from typer.testing import CliRunner

from motcua.searching import app
from search_service.model.rating import Question, Rated, bands, missed, questions, shared
from search_service.model.text import syllables
from tests.search_service.conftest import EVERYDAY, National, catalogue


def folded(text: str) -> str:
    return " ".join(part.plain for part in syllables(text))


def test_search_reaches_its_goals_on_all_questions_and_on_those_that_nothing_was_tuned_on(national: National) -> None:
    everything = national.rate(questions())
    assert missed(bands(everything)) == []
    assert missed(bands([one for one in everything if one.question.held_out])) == []


def test_a_third_of_many_questions_is_held_out_and_most_do_not_speak_like_the_title() -> None:
    titles = {row["code"]: row["name"] for row in catalogue()}
    asked = questions()
    held = [one for one in asked if one.held_out]
    assert len({one.text for one in asked}) == len(asked) >= 240
    assert 0.28 < len(held) / len(asked) < 0.38
    assert {code for one in asked for code in one.codes} <= set(titles)
    little = [one for one in asked if max(shared(one.text, titles[code]) for code in one.codes) < 0.5]
    assert len(little) >= 60


def test_no_everyday_name_was_copied_from_a_question_that_is_held_out() -> None:
    written = json.loads(EVERYDAY.read_text(encoding="utf-8"))["procedures"].values()
    names = {folded(name) for entry in written for name in entry["everyday"]}
    held = {folded(one.text) for one in questions() if one.held_out}
    assert not names & held, "change the everyday name: the question measures what nobody wrote down"


def test_figures_are_means_with_intervals_and_misses_of_goals_are_named() -> None:
    asked = Question("x", frozenset({"1.000001"}))
    found = bands([Rated(asked, rank, 0.0) for rank in (1, 2, 0, 11)])
    assert [band.name for band in found] == ["all", "nothing of the title", "under half of the title"]
    assert found[0].mrr.mean == pytest.approx((1 + 0.5 + 0 + 1 / 11) / 4)
    assert found[0].hits.mean == 0.5
    assert found[0].mrr.low < found[0].mrr.mean < found[0].mrr.high
    assert len(missed(found)) == 3
    assert missed(bands([Rated(asked, 1, 1.0)])) == []


def test_the_command_prints_the_figures_of_the_shipped_catalogue() -> None:
    done = CliRunner().invoke(app, ["rate", "--set", "held-out"])
    assert done.exit_code == 0, done.output
    assert "under half of the title" in done.output
    assert CliRunner().invoke(app, ["rate", "--set", "mine"]).exit_code == 2
