"""Which questions are asked: what an earlier choice left behind is dropped, and what is asked is kept."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dossier_service.model.conditions import asked, holds

FIELDS: dict[str, Any] = {
    "married": {"when": None},
    "spouse": {"when": {"field": "married", "equals": True}},
    "spouse_abroad": {
        "when": {"all": [{"field": "married", "equals": True}, {"not": {"field": "spouse", "in": ["A"]}}]}
    },
    "country": {"when": {"field": "spouse_abroad", "equals": True}},
}


def test_an_answer_left_behind_by_an_earlier_choice_is_dropped_with_all_that_hangs_on_it() -> None:
    answers = {"married": False, "spouse": "B", "spouse_abroad": True, "country": "LA"}
    assert asked(FIELDS, answers) == {"married": False}


def test_answers_that_are_asked_are_kept() -> None:
    answers = {"married": True, "spouse": "B", "spouse_abroad": True, "country": "LA"}
    assert asked(FIELDS, answers) == answers


def test_an_unknown_field_is_kept_for_the_check_to_name() -> None:
    assert asked(FIELDS, {"nonsense": 1}) == {"nonsense": 1}


def test_an_unanswered_question_fulfils_no_condition() -> None:
    assert not holds({"field": "x", "equals": None}, {})
    assert holds({"any": [{"field": "x", "in": [1]}, {"field": "y", "equals": 2}]}, {"y": 2})


@given(st.dictionaries(st.sampled_from(list(FIELDS)), st.sampled_from([True, False, "A", "B"])))
def test_dropping_again_drops_nothing(answers: dict[str, object]) -> None:
    once = asked(FIELDS, answers)
    assert asked(FIELDS, once) == once
