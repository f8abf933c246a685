import json
import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services_catalog.model.forms import compile_form, condition_schema, holds
from services_catalog.model.procedures import Editorial
from tests.services_catalog.conftest import FULL, PROCEDURES


def validator(form: Mapping[str, Any]) -> Any:
    return jsonschema_rs.validator_for(dict(form["schema"]), validate_formats=True)


def each_example(editorial: Mapping[str, Editorial]) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    out = []
    for code in FULL:
        form = editorial[code].form
        assert form is not None
        out += [(code, form, example) for example in editorial[code].examples]
    return out


def each_field(form: Mapping[str, Any], schema: Mapping[str, Any]) -> list[tuple[str, Any, Mapping[str, Any]]]:
    """Return (name, field, its schema) of every field, those of items included."""
    out: list[tuple[str, Any, Mapping[str, Any]]] = []
    for name, field in form["fields"].items():
        own = schema["properties"][name]
        out.append((name, field, {k: v for k, v in own.items() if k != "items"} if "order" in field else own))
        out += each_field(field, own["items"]) if "order" in field else []
    return out


def test_every_full_procedure_has_three_examples_and_one_that_is_asked_for_papers(
    editorial: Mapping[str, Editorial],
) -> None:
    for code in FULL:
        examples = editorial[code].examples
        assert len(examples) >= 3
        assert sum(example["asks_papers"] for example in examples) == 1
        assert len({example["place"] for example in examples}) >= 3
        form = editorial[code].form
        assert form is not None
        for example in examples:
            assert {paper["field"] for paper in example["papers"]} <= set(form["fields"])


def test_every_example_is_valid_and_answers_only_what_is_asked(editorial: Mapping[str, Editorial]) -> None:
    for code, form, example in each_example(editorial):
        errors = [error.message for error in validator(form).iter_errors(example["answers"])]
        assert errors == [], (code, example["id"], errors)
        for name in example["answers"]:
            assert holds(form["fields"][name]["when"], example["answers"]), (code, example["id"], name)


def test_each_required_field_that_is_missing_is_refused(editorial: Mapping[str, Editorial]) -> None:
    for code, form, example in each_example(editorial):
        check = validator(form)
        for name, field in form["fields"].items():
            if not field["required"] or not holds(field["when"], example["answers"]):
                continue
            assert name in example["answers"], (code, example["id"], name)
            rest = {key: value for key, value in example["answers"].items() if key != name}
            assert not check.is_valid(rest), (code, example["id"], name)


def asks_alike(form: Mapping[str, Any], choices: Mapping[str, list[Any]], check: Any) -> None:
    @settings(deadline=None, max_examples=150)
    @given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in choices.items()}))
    def agree(drawn: dict[str, Any]) -> None:
        answers = {name: value for name, value in drawn.items() if value is not None}
        asked = {n for n, f in form["fields"].items() if f["required"] and holds(f["when"], answers)}
        missing = {
            name
            for error in check.iter_errors(answers)
            for name in re.findall(r'^"(\w+)" is a required property$', error.message)
        }
        assert missing == asked - answers.keys()

    agree()


def test_schema_and_layout_ask_for_the_same_under_any_choices(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        form = editorial[code].form
        assert form is not None
        deciding = {n: f for n, f in form["fields"].items() if f["widget"] in ("yesno", "radios", "select")}
        choices = {
            name: [None, True, False] if f["widget"] == "yesno" else [None, *(o["value"] for o in f["options"][:4])]
            for name, f in deciding.items()
        }
        bare = {**form["schema"], "properties": dict.fromkeys(form["fields"], True)}
        asks_alike(form, choices, jsonschema_rs.validator_for(bare))


def test_every_field_is_on_one_page_and_says_what_to_do_in_both_languages(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        form = editorial[code].form
        assert form is not None
        assert sorted(name for page in form["pages"] for name in page["fields"]) == sorted(form["fields"])
        assert set(form["schema"]["properties"]) == set(form["fields"])
        for name, field, schema in each_field(form, form["schema"]):
            keywords = ({*schema, *schema.get("items", {})} - {"items"}) | {"required"}
            assert keywords <= set(field["errors"]), (code, name, keywords - set(field["errors"]))
            for pair in (field["label"], *field["errors"].values()):
                assert pair["vi"] and pair["en"] and "{" not in pair["vi"] + pair["en"]


def test_personal_questions_cite_their_rule(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        form = editorial[code].form
        assert form is not None
        for name, field, _ in each_field(form, form["schema"]):
            if "gender" in name or "ethnicity" in name:
                assert field["rule"], (code, name)


def test_every_option_list_has_the_54_and_undetermined() -> None:
    listed = json.loads((PROCEDURES / "options.json").read_text())["ethnicity"]
    assert len(listed) == 55
    assert [row[0] for row in listed[:54]] == [f"{n:02d}" for n in range(1, 55)]
    mong = next(row for row in listed if row[1] == "Mông")
    assert "Mèo" in mong[3] and "H'Mông" in mong[3], "other names find it"


def test_groups_are_shown_by_their_official_names_alone(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        form = editorial[code].form
        assert form is not None
        for name, field, _ in each_field(form, form["schema"]):
            if "ethnicity" in name:
                shown = [text for option in field["options"] for text in option["label"].values()]
                assert not any("(" in text or "Mèo" in text or "Mán" in text for text in shown)
                assert {"value": "09", "label": {"vi": "Dao", "en": "Dao"}, "also": "Mán, Động"} in field["options"]


def each_answer(answers: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (name, value) of every answer, those of items included."""
    items = [item for value in answers.values() if isinstance(value, list) for item in value if isinstance(item, dict)]
    return [*answers.items(), *(pair for item in items for pair in each_answer(item))]


def test_no_example_has_a_number_that_could_be_real(editorial: Mapping[str, Editorial]) -> None:
    for _, _, example in each_example(editorial):
        for name, value in each_answer(example["answers"]):
            if name.endswith("id_number"):
                assert value.startswith("999")
            if name.endswith("phone"):
                assert value.startswith("+840")
            if name == "email":
                assert value.endswith(".invalid")


@pytest.mark.parametrize("name", ["H' Linh Niê", "Pờ", "Nguyễn Thị Ánh", "Y-Bih Alêô", "Công Tằng Tôn Nữ " * 4 + "An"])
def test_a_name_is_taken_as_people_are_called(editorial: Mapping[str, Editorial], name: str) -> None:
    form = editorial["1.001193"].form
    assert form is not None
    check = jsonschema_rs.validator_for(dict(form["schema"]["properties"]["child_name"]))
    assert check.is_valid(name)
    assert not check.is_valid("Nguyễn 2")
    assert not check.is_valid("  ")


def test_a_guide_says_everything_or_that_it_is_not_published(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        guide = editorial[code].guide
        assert guide is not None
        assert {"who", "needs", "state_has", "steps", "fee", "term", "offices", "legal", "result"} <= set(guide)
        assert guide["checked_on"] >= "2026-11-21"
        assert "chưa công bố" in guide["fee"]["text"]["vi"] or guide["fee"].get("rule")
        assert guide["fee"]["amount_vnd"] is None or guide["fee"]["rule"]["vi"]
        assert editorial[code].term == guide["term"]["value"]
        assert guide["term"]["value"]["unit"] in ("working_days", "days", "hours")


def test_marriage_says_plainly_that_both_agree_and_both_come(editorial: Mapping[str, Editorial]) -> None:
    written = editorial["1.000894"]
    assert written.guide is not None and written.form is not None
    visits = [step["in_person"]["vi"] for step in written.guide["steps"] if step.get("in_person")]
    assert visits and all("Luật Hộ tịch 2014, Điều 18" in visit for visit in visits)
    check = validator(written.form)
    answers = written.examples[0]["answers"]
    assert check.is_valid(answers)
    for consent in ("both_agree", "both_come"):
        assert not check.is_valid({**answers, consent: []}) and not check.is_valid({**answers, consent: ["no"]})


def test_whoever_knows_the_number_of_the_dead_is_not_asked_what_the_state_has(
    editorial: Mapping[str, Editorial],
) -> None:
    form = editorial["1.000656"].form
    assert form is not None
    for known, asked in ((True, {"deceased_id_number"}), (False, {"deceased_birth_date", "deceased_gender"})):
        found = {name for name, field in form["fields"].items() if holds(field["when"], {"knows_id": known})}
        assert asked <= found and ("deceased_ethnicity" in found) is not known


def test_a_guide_is_in_short_sentences(editorial: Mapping[str, Editorial]) -> None:
    for code in FULL:
        for language in ("vi", "en"):
            sentences = [s for t in sentences_of(editorial[code].guide, language) for s in re.split(r"[.:;] ", t)]
            lengths = [len(sentence.split()) for sentence in sentences]
            assert sum(lengths) / len(lengths) <= 20 and max(lengths) <= 30, (code, language, max(sentences, key=len))


def sentences_of(value: Any, language: str) -> list[str]:
    if isinstance(value, Mapping):
        if set(value) == {"vi", "en"}:
            return [value[language]]
        return [found for item in value.values() for found in sentences_of(item, language)]
    return [found for item in value for found in sentences_of(item, language)] if isinstance(value, list) else []


def test_a_form_that_contradicts_itself_is_refused() -> None:
    def page(*fields: dict[str, Any]) -> dict[str, Any]:
        return {"declaration": ["a", "b"], "pages": [{"id": "p", "title": ["a", "b"], "fields": list(fields)}]}

    def yesno(name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "widget": "yesno", "label": ["A", "A"], **more}

    for wrong in (
        page(yesno("a"), yesno("a")),
        page(yesno("a", when={"field": "b", "equals": True})),
        page(yesno("a", when={"field": "a", "equals": True})),
        page({**yesno("a"), "widget": "slider"}),
    ):
        with pytest.raises(ValueError, match="a"):
            compile_form(wrong, {})


CONDS = st.recursive(
    st.builds(lambda f, v: {"field": f, "equals": v}, st.sampled_from("ab"), st.sampled_from([True, False, "x"]))
    | st.builds(
        lambda f, v: {"field": f, "in": v}, st.sampled_from("ab"), st.lists(st.sampled_from(["x", "y"]), min_size=1)
    ),
    lambda inner: (
        st.builds(lambda p: {"all": p}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda p: {"any": p}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda p: {"not": p}, inner)
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(CONDS, st.dictionaries(st.sampled_from("ab"), st.sampled_from([True, False, "x", "y"])))
def test_a_condition_and_its_schema_always_agree(cond: dict[str, Any], answers: dict[str, Any]) -> None:
    assert jsonschema_rs.is_valid(condition_schema(cond), answers) == holds(cond, answers)
