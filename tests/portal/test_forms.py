"""Reading what people type: the details of dates, names, telephones and money."""

from datetime import date
from typing import Any

import pytest

from portal.forms import conditions
from portal.forms.answers import display, masked
from portal.forms.dates import Problem, read_date
from portal.forms.values import read
from portal.i18n import Words
from tests.portal.samples import FORM

TODAY = date(2026, 11, 21)
T = Words("vi")


def field(widget: str, typed: str, **schema: Any) -> Any:
    return read("x", {"widget": widget}, schema, {"x": [typed]}, TODAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("27", "3", "2026"), "2026-03-27"),
        (("1/2/26", "", ""), "2026-02-01"),
        (("01-02-2026", "", ""), "2026-02-01"),
        (("1.2.2026", "", ""), "2026-02-01"),
        (("2026-02-01", "", ""), "2026-02-01"),
        (("ngày 1 tháng 2 năm 2026", "", ""), "2026-02-01"),
        (("1", "2", "65"), "1965-02-01"),
        (("", "", ""), None),
    ],
)
def test_a_date_is_read_day_first_however_it_is_pasted(typed: tuple[str, str, str], meant: str | None) -> None:
    assert read_date(*typed, partial=False, today=TODAY) == meant


def test_a_day_that_does_not_exist_is_told_how_long_the_month_is() -> None:
    problem = read_date("29", "2", "2001", partial=False, today=TODAY)
    assert isinstance(problem, Problem)
    assert T(f"filing.bad_{problem.code}", **problem.values).startswith("Tháng 2 năm 2001 chỉ có 28 ngày")


def test_only_the_year_or_month_and_year_is_enough_where_papers_have_no_more() -> None:
    assert read_date("", "", "1950", partial=True, today=TODAY) == "1950"
    assert read_date("", "3", "1950", partial=True, today=TODAY) == "1950-03"
    assert isinstance(read_date("", "3", "1950", partial=False, today=TODAY), Problem)
    assert isinstance(read_date("5", "", "1950", partial=True, today=TODAY), Problem)


@pytest.mark.parametrize("typed", [("x", "2", "2026"), ("1", "13", "2026"), ("1", "2", "20261"), ("²", "2", "2026")])
def test_what_is_no_date_is_a_problem_and_never_an_exception(typed: tuple[str, str, str]) -> None:
    assert isinstance(read_date(*typed, partial=True, today=TODAY), Problem)


@pytest.mark.parametrize(
    "typed", ["0912 345 678", "+84912345678", "84-912-345-678", "0912.345.678", "+84 (0)912 345 678", "0084912345678"]
)
def test_one_telephone_number_in_many_hands_is_one_number(typed: str) -> None:
    assert field("phone", typed).value == "+84912345678"


def test_an_old_eleven_digit_number_gets_its_present_prefix() -> None:
    assert field("phone", "0169 123 4567").value == "+84391234567"


def test_a_landline_is_allowed_and_nonsense_says_what_to_type() -> None:
    assert field("phone", "024 3825 1234").value == "+842438251234"
    assert field("phone", "abc").problem.code == "phone"


@pytest.mark.parametrize("typed", ["1234567", "1.234.567", "1,234,567", "1 234 567 đ", "1.234.567 VND"])
def test_money_is_read_with_points_commas_or_spaces(typed: str) -> None:
    assert field("money", typed).value == 1_234_567


def test_money_with_a_doubtful_point_is_not_guessed() -> None:
    assert field("money", "1.5").problem.code == "money"


def test_numbers_take_the_decimal_comma() -> None:
    assert field("number", "1,5").value == 1.5
    assert field("number", "2", type="integer").value == 2
    assert field("number", "2,5", type="integer").problem.code == "number"


@pytest.mark.parametrize("name", ["H' Linh Niê", "Nguyễn Thị Ánh", "Ánh", "Công Tằng Tôn Nữ " * 6])
def test_names_are_kept_exactly_but_for_unicode_form_and_double_spaces(name: str) -> None:
    assert field("name", f"  {name}").value == name.strip()
    assert field("name", "Nguyê\u0303n Thị  Hoà").value == "Nguyễn Thị Hoà"


def test_identity_numbers_are_masked_outside_the_owners_form() -> None:
    assert masked("036119000012") == "0361••••••12"


def test_pages_and_required_questions_follow_the_answers() -> None:
    assert "witness" not in [page["id"] for page in conditions.pages(FORM, {"has_paper": True})]
    assert "witness" in [page["id"] for page in conditions.pages(FORM, {"has_paper": False})]
    assert "witness" in conditions.required(FORM["schema"], {"has_paper": False})
    assert conditions.left_over(FORM, {"has_paper": True, "witness": "x"}) == ["witness"]


def test_conditions_know_all_any_not_and_in() -> None:
    yes = {"field": "a", "equals": 1}
    assert conditions.holds({"all": [yes, {"not": {"field": "b", "in": [2]}}]}, {"a": 1, "b": 3})
    assert not conditions.holds({"any": [{"field": "b", "in": [2]}, {"not": yes}]}, {"a": 1, "b": 3})
    assert conditions.holds(None, {})
    assert not conditions.holds({"field": "a", "equals": None}, {})


def test_answers_are_written_for_reading() -> None:
    assert display({"widget": "date"}, "1950-03", T, places={}, files={}) == "Tháng 3 năm 1950"
    assert display({"widget": "phone"}, "+84912345678", T, places={}, files={}) == "0912 345 678"
    assert display({"widget": "money"}, 1_234_567, T, places={}, files={}) == "1.234.567\u00a0đ"
    assert display({"widget": "yesno"}, False, T, places={}, files={}) == "Không"
    assert display({"widget": "text"}, None, T, places={}, files={}) == "Chưa trả lời"


def test_what_cannot_apply_is_not_shown_and_what_may_apply_hangs_on_its_own_page_only() -> None:
    mother = {"not": {"field": "who", "equals": "mother"}}
    fields = {
        "has_mother": {"when": mother},
        "mother_name": {"when": {"all": [mother, {"field": "has_mother", "equals": True}]}},
        "always": {"when": None},
    }
    form, page = {"fields": fields}, {"fields": list(fields)}
    assert conditions.shown(form, page, {"who": "mother"}) == {"always": True}
    assert conditions.shown(form, page, {"who": "aunt"}) == {
        "has_mother": True,
        "mother_name": {"all": [{"field": "has_mother", "equals": True}]},
        "always": True,
    }
