"""``motcua forms lint``: each fault is found for its reason alone, and what is shipped has none."""

import copy
import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from citizen_service.api import ProfileOut
from motcua.cli import app
from services_catalog.model.burden import figures
from services_catalog.model.lint import grade, lint
from services_catalog.model.lint.entitled import lint_entitled
from services_catalog.model.lint.form import FACTS
from services_catalog.model.lint.guide import LAW
from services_catalog.model.lint.words import LANGUAGES, average, sentences
from services_catalog.model.written import editorial_of
from services_catalog.settings import HERE
from services_catalog.store.seed import read_options, read_written
from tests.services_catalog.conftest import PROCEDURES

OPTIONS = read_options(PROCEDURES)
WRITTEN = sorted(folder.name for folder in PROCEDURES.iterdir() if folder.is_dir())
YES = {"field": "has_dog", "equals": True}


def field(name: str, widget: str = "text", **more: Any) -> dict[str, Any]:
    label = ["Bạn có chó không?", "Do you have a dog?"] if widget == "yesno" else ["Tên chó", "Name of the dog"]
    return {"name": name, "widget": widget, "label": label, **more}


def page(name: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "title": ["Con chó", "The dog"], "fields": list(fields), **more}


GOOD: dict[str, Any] = {
    "plain": ["Đăng ký chó", "Register a dog"],
    "guide": {
        "checked_on": "2026-11-22",
        "who": ["Ai có chó.", "Who has a dog."],
        "needs": [{"text": ["Tên chó.", "Its name."], "note": None}],
        "state_has": [{"text": ["Nơi ở", "Residence"], "source": ["Dân cư", "Population database"]}],
        "steps": [
            {"text": ["Nộp trên cổng", "File here"], "who": ["Bạn", "You"], "time": None},
            {
                "text": ["Bạn đến ký", "You come to sign"],
                "who": ["Bạn", "You"],
                "time": ["2 ngày", "2 days"],
                "in_person": ["Luật Demo, Điều 1", "Demo Law, Article 1"],
            },
        ],
        "fee": {"amount_vnd": None, "text": ["Mức thu: chưa công bố.", "Not published."]},
        "term": {"value": {"amount": 2, "unit": "days"}, "text": ["2 ngày.", "2 days."]},
        "offices": [{"text": ["Ủy ban nhân dân xã.", "The commune."]}],
        "legal": [{"title": ["Luật Demo", "Demo Law"], "articles": ["Điều 1", "Article 1"]}],
        "result": ["Giấy của chó.", "The dog's paper."],
    },
    "form": {
        "declaration": ["Tôi khai đúng.", "This is true."],
        "pages": [
            page("first", field("has_dog", "yesno")),
            page(
                "second",
                field("dog_name"),
                field("dog_photo", "files", hint=["Không bắt buộc.", "Optional."]),
                when=YES,
            ),
        ],
    },
    "examples": [{"id": "a", "title": ["Có chó", "A dog"], "place": "00004", "answers": {}}],
}

Change = Callable[[dict[str, Any]], None]


def first(written: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = written["form"]["pages"][0]
    return found


def asks(*fields: dict[str, Any]) -> Change:
    return lambda written: first(written)["fields"].extend(fields)


def says(part: str, value: Any) -> Change:
    return lambda written: written["guide"].update({part: value})


def last_step(**more: Any) -> Change:
    return lambda written: written["guide"]["steps"][-1].update(more)


LONG = ["Tôi " + "đi " * 31, "I " + "go " * 3]
BROKEN: list[tuple[str, str, Change]] = [
    ("translation", "who", says("who", ["Ai có chó.", ""])),
    ("translation", "who", says("who", ["Ai có chó."])),
    ("translation", "who", says("who", ["Người nào có chó.", "Người nào có chó."])),
    ("translation", "first.title", lambda written: first(written).update(title=["Con chó", None])),
    ("translation", "plain", lambda written: written.update(plain=["Đăng ký chó", " "])),
    ("sentence", "result", says("result", LONG)),
    ("abbreviation", "who", says("who", ["Ai có CCCD.", "Who has a card."])),
    ("abbreviation", "first.title", lambda written: first(written).update(title=["Thẻ BHYT", "The card"])),
    ("personal", "first.gender", asks(field("gender", "radios", options="gender"))),
    ("personal", "first.people", asks(field("people", label=["Dân tộc", "People"]))),
    ("personal", "first.faith", asks(field("faith", label=["Niềm tin", "Your religion"]))),
    ("question", "first.a", asks(field("a", label=["Tên chó.", "Its name."]))),
    ("question", "first.a", asks(field("a", "yesno", label=["Có chó", "A dog"]))),
    ("question", "first.a", asks(field("a", "textarea"))),
    ("question", "first.a", asks(field("a", hint=["Ví dụ Vàng", "For example Vàng"]))),
    ("condition", "first.a", asks(field("a", when={"all": [YES, {"not": YES}]}))),
    (
        "condition",
        "second.b",
        lambda written: written["form"]["pages"][1]["fields"].append(field("b", when={"not": YES})),
    ),
    (
        "unreachable",
        "third",
        lambda written: written["form"]["pages"].append(page("third", field("c"), when={"all": [YES, {"not": YES}]})),
    ),
    ("page", "first", asks(*[field(f"a{n}") for n in range(5)])),
    ("source", "first.a", asks(field("a", source="profile.shoe_size"))),
    ("source", "first.a", asks(field("a", sources=[["profile.dog", YES]]))),
    ("source", "state_has.1", says("state_has", [{"text": ["Nơi ở", "Residence"], "source": None}])),
    ("fee", "fee.text", says("fee", {"amount_vnd": None, "text": ["Miễn phí.", "Free."]})),
    ("fee", "fee.amount_vnd", says("fee", {"amount_vnd": 0, "text": ["Miễn phí.", "Free."]})),
    (
        "fee",
        "fee.exempt.1",
        lambda written: written["guide"]["fee"].update(exempt=[{"text": ["Hộ nghèo", "The poor"]}]),
    ),
    ("term", "term.value", says("term", {"value": {"amount": 2}, "text": ["2 ngày.", "2 days."]})),
    ("term", "term.value", says("term", {"value": None, "text": ["Nhanh.", "Soon."]})),
    ("term", "term.text", says("term", {"value": {"amount": 2, "unit": "days"}, "text": ["Trong 2.", "2 days."]})),
    ("term", "steps.2.time", last_step(time=["Trong 2", "2 days"])),
    ("legal", "legal.1", says("checked_on", "")),
    ("legal", "legal.1", says("checked_on", "22/11/2026")),
    ("legal", "legal", says("legal", [])),
    ("in_person", "steps.2", last_step(in_person=None)),
    ("in_person", "steps.2.in_person", last_step(in_person=["Vì thế", "So it is"])),
    ("form", "pages", asks(field("has_dog", "yesno"))),
]


def test_a_good_procedure_has_nothing_to_mend() -> None:
    assert lint(GOOD, OPTIONS) == []
    assert lint({"plain": ["Tên", "Name"], "everyday": ["chó", "mèo"]}, OPTIONS) == []


@pytest.mark.parametrize(("check", "where", "broken"), BROKEN, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(BROKEN)])
def test_each_fault_is_found_for_its_reason_alone(check: str, where: str, broken: Change) -> None:
    written = copy.deepcopy(GOOD)
    broken(written)
    (found,) = lint(written, OPTIONS)
    assert (found.check, found.field) == (check, where)
    assert found.wrong and found.mend and found.file.endswith(".json")


def test_a_value_that_cannot_be_chosen_is_named() -> None:
    written = copy.deepcopy(GOOD)
    dog = {"field": "kind", "in": ["dog", "wolf"]}
    kinds = [["dog", "Chó", "Dog"], ["cat", "Mèo", "Cat"]]
    asks(field("kind", "radios", options=kinds), field("a", when=dog))(written)
    (found,) = lint(written, OPTIONS)
    assert "kind = wolf" in found.wrong


def test_more_than_five_questions_are_fine_when_they_hang_on_an_answer() -> None:
    written = copy.deepcopy(GOOD)
    asks(*[field(f"a{n}", when=YES) for n in range(6)])(written)
    assert lint(written, OPTIONS) == []


def test_a_condition_inside_an_item_is_tried_too() -> None:
    written = copy.deepcopy(GOOD)
    never = {"all": [{"field": "old", "equals": True}, {"field": "old", "equals": False}]}
    repeat = {"name": "dogs", "min": 1, "max": 3, "item": ["Con chó", "Dog"]}
    written["form"]["pages"].append(page("dogs", field("old", "yesno"), field("a", when=never), repeat=repeat))
    (found,) = lint(written, OPTIONS)
    assert (found.check, found.field) == ("condition", "dogs.dogs.a")


def test_an_abbreviation_may_be_used_once_it_was_written_out() -> None:
    written = copy.deepcopy(GOOD)
    said = ["Thẻ bảo hiểm y tế (BHYT). Thẻ BHYT theo Luật 25/2008/QH12.", "A card, as PDF, by Decree 1/2020/NĐ-CP."]
    written["guide"]["who"] = said
    assert lint(written, OPTIONS) == []


def test_the_grade_is_a_measure_of_words_a_sentence() -> None:
    assert sentences("Một hai. Ba bốn: năm? Sáu 1.234 đồng.") == ["Một hai", "Ba bốn", "năm", "Sáu 1.234 đồng"]
    assert average(["Một hai. Ba bốn năm sáu."]) == 3
    assert grade([" ".join(["từ"] * 20)]) == pytest.approx(8)
    written = copy.deepcopy(GOOD)
    parts = ("who", "result")
    for part in parts:
        written["guide"][part] = [" ".join(["từ"] * 29) + ".", "Short."]
    assert lint(written, OPTIONS) == []
    written["guide"] = {**written["guide"], **{f"more{n}": [" ".join(["từ"] * 29) + ".", "Short."] for n in range(30)}}
    (found,) = lint(written, OPTIONS)
    assert (found.check, found.file) == ("grade", "guide.json")


def test_the_facts_of_a_profile_are_those_that_the_state_tells() -> None:
    told = set(ProfileOut.model_fields) - {"sub", "language", "source", "as_of", "version"}
    assert FACTS | {"org", "org_name"} <= told


@pytest.mark.parametrize("code", WRITTEN)
def test_every_written_procedure_has_nothing_to_mend(code: str) -> None:
    assert [str(one) for one in lint(read_written(PROCEDURES, code), OPTIONS)] == []


@pytest.mark.parametrize("code", WRITTEN)
def test_detail_03_personal_facts_are_asked_only_where_a_rule_is_cited(code: str) -> None:
    form = read_written(PROCEDURES, code)["form"]
    asked = [one for page in form["pages"] for one in page["fields"] if one.get("options") in ("gender", "ethnicity")]
    assert all(one["rule"][0] and one["rule"][1] for one in asked)
    assert not [one for page in form["pages"] for one in page["fields"] if "religion" in one["name"]]


@pytest.mark.parametrize("code", WRITTEN)
def test_detail_07_a_time_never_stands_without_its_unit(code: str) -> None:
    term = read_written(PROCEDURES, code)["guide"]["term"]
    assert term["value"] is None or term["value"]["unit"] in ("working_days", "days", "hours")
    assert term["value"] is not None or "chưa công bố" in term["text"][0]


@pytest.mark.parametrize("code", WRITTEN)
def test_detail_23_each_guide_is_at_grade_eight_or_below(code: str) -> None:
    guide = read_written(PROCEDURES, code)["guide"]
    for index, language in enumerate(LANGUAGES):
        reached = grade(texts_of(guide, index))
        assert reached <= 8, (code, language, reached)


def texts_of(value: Any, index: int) -> list[str]:
    match value:
        case [str(vi), str(en)]:
            return [(vi, en)[index]]
        case list():
            return [text for item in value for text in texts_of(item, index)]
        case Mapping():
            return [text for item in value.values() for text in texts_of(item, index)]
    return []


def test_the_command_says_what_to_mend_and_ends_with_one(tmp_path: Path) -> None:
    folder = tmp_path / "9.999999"
    folder.mkdir()
    broken = copy.deepcopy(GOOD)
    broken["guide"]["who"] = ["Ai có CCCD.", "Who has a card."]
    for part in ("guide", "form", "examples"):
        (folder / f"{part}.json").write_text(json.dumps(broken[part]))
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS))
    everyday = {"procedures": {"9.999999": {"plain": ["Chó", "Dog"]}}, "without_code": {}}
    (tmp_path / "everyday.json").write_text(json.dumps(everyday))
    run = CliRunner().invoke(app, ["forms", "lint", "--procedures", str(tmp_path)])
    assert run.exit_code == 1
    assert "9.999999/guide.json: who: CCCD is not written out" in run.output and "1 to mend" in run.output


def test_the_command_takes_codes_and_ends_well_when_all_is_well() -> None:
    run = CliRunner().invoke(app, ["forms", "lint", "1.000656", "1.000894"])
    assert (run.exit_code, run.output) == (0, "2 procedures, nothing to mend.\n")
    assert CliRunner().invoke(app, ["forms", "lint", "1.000000"]).exit_code == 2


ASKS: dict[str, Any] = {
    "id": "lost",
    "kind": "yesno",
    "question": ["Bằng bị mất?", "Is it lost?"],
    "passes": "no",
    "exit": {"text": ["Xin cấp lại.", "Ask for a new one."], "procedure": "3.000348"},
    "law": ["Luật 36/2024/QH15, Điều 62", "Law 36/2024/QH15, Article 62"],
}


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        ("eligibility", [{**ASKS, "id": f"q{n}"} for n in range(4)]),
        ("eligibility.lost", [ASKS, ASKS]),
        ("eligibility.lost.exit", [{**ASKS, "exit": {"text": ["Không.", "No."]}}]),
        ("eligibility.lost.exit", [{**ASKS, "exit": {**ASKS["exit"], "office": ["Xã", "Commune"]}}]),
        ("eligibility.lost.law", [{**ASKS, "law": ["Ai cũng biết", "Known"]}]),
        ("eligibility.lost", [{**ASKS, "kind": "age"}]),
        ("eligibility.lost", [{key: value for key, value in ASKS.items() if key != "passes"}]),
    ],
)
def test_a_question_before_the_form_is_one_of_three_with_its_law_and_one_way_out(where: str, asked: list[Any]) -> None:
    found = [one for one in lint_entitled({"eligibility": asked}, LAW) if one.check == "entitled"]
    assert [one.field for one in found] == [where]


def test_a_good_question_and_a_good_ground_have_nothing_to_mend() -> None:
    note = ["Thông tư 75/2022/TT-BTC, Điều 4", "Circular 75/2022/TT-BTC, Article 4"]
    ground = {"ground": "merit", "text": ["Người có công", "People with merit"], "note": note}
    good = {"eligibility": [ASKS, {**ASKS, "id": "age", "kind": "age", "min": 18}], "fee": {"exempt": [ground]}}
    assert list(lint_entitled(good, LAW)) == []
    twice = {"fee": {"exempt": [ground, ground, {**ground, "ground": "rich"}]}}
    assert [one.field for one in lint_entitled(twice, LAW)] == ["fee.exempt.2.ground", "fee.exempt.3.ground"]


def test_questions_and_grounds_are_no_burden() -> None:
    written = read_written(PROCEDURES, "1.004222")
    guide = written["guide"]
    bare = {**written, "guide": {key: value for key, value in guide.items() if key != "eligibility"}}
    assert guide["eligibility"] and any(item.get("ground") for item in guide["fee"]["exempt"])
    assert figures(editorial_of(written, OPTIONS)) == figures(editorial_of(bare, OPTIONS))


@pytest.mark.parametrize("code", [path.parent.name for path in PROCEDURES.glob("*/guide.json")])
def test_every_way_out_leads_to_a_procedure_of_the_catalogue(code: str) -> None:
    known = {row[0] for row in csv.reader((HERE / "seed" / "procedures.csv").read_text("utf-8").splitlines())}
    for question in read_written(PROCEDURES, code)["guide"].get("eligibility", ()):
        assert question["exit"].get("procedure", "1.001193") in known
        assert question["exit"].get("procedure") != code
