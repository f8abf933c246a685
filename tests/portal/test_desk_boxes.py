"""A form in boxes: what is opened and saved unchanged stays the same text, and what is wrong is said at its box."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.digest import canonical
from portal.forms.conditions import holds
from portal.pages.desk import boxes, branching, choices
from portal.pages.desk.layout import moved, names_in, readable
from portal.pages.desk.naming import new_name
from services_catalog.model.forms import compile_form
from services_catalog.model.written import editorial_of
from services_catalog.settings import HERE
from services_catalog.store.seed import read_options, read_written
from tests.portal.boxes_read import boxes_at
from tests.portal.conftest import Browser
from tests.portal.contract import Services
from tests.portal.contract_desk import BENCH

PROCEDURES: Path = HERE / "procedures"
FULL = tuple(sorted(path.parent.name for path in PROCEDURES.glob("*/form.json")))
HOME = "/desk/catalogue/1.001193"
OFFERS = {
    "kinds": json.loads((PROCEDURES / "written.schema.json").read_text())["$defs"]["field"]["properties"]["widget"][
        "enum"
    ],
    "sources": ["profile.name", "profile.id_number"],
    "lists": read_options(PROCEDURES),
}


def sent(held: dict[str, str], when: branching.Cond | None) -> dict[str, list[str]]:
    """Return boxes as a browser sends them, the rows of the condition with the empty ones."""
    listed = branching.rows(when)
    texts = {name: [text.replace("\n", "\r\n")] for name, text in held.items()}
    for at, row in enumerate([*(listed or ()), branching.Row(), branching.Row()] if listed is not None else ()):
        texts[f"when.{at}.joined"], texts[f"when.{at}.answer"] = [row.joined], [row.answer]
        texts[f"when.{at}.is"] = ["not" if row.negated else "is"]
    return texts


def twice(part: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return a page or a question before and after its boxes were opened and saved unchanged."""
    if "fields" in part:
        taken = boxes.take_page(part, sent(boxes.page_boxes(part), part.get("when")), ())
    else:
        taken = boxes.take_question(part, sent(boxes.question_boxes(part), part.get("when")))
    assert taken.faults == {}
    return canonical(part), canonical(taken.made)


@pytest.mark.parametrize("code", FULL)
async def test_each_procedure_opened_in_boxes_and_saved_unchanged_is_the_same_text(
    signed_in: Browser, contract: Services, code: str
) -> None:
    written = read_written(PROCEDURES, code)
    made = editorial_of(written, read_options(PROCEDURES))
    contract.bench = {**BENCH, "written": written, "form": made.form, "faults": [], "unclear": [], "offers": OFFERS}
    opened = [f"form/{page['id']}" for page in written["form"]["pages"]]
    opened += [f"form/{page['id']}/{q['name']}" for page in written["form"]["pages"] for q in page["fields"]]
    opened += [f"case/{case['id']}" for case in written["examples"]]
    for address in (*(f"{HOME}/{tail}" for tail in opened), f"{HOME}/edit/form"):
        shown = await signed_in.get(address)
        data: dict[str, Any] = {**boxes_at(shown.text, address), "do": "save"}
        answer = await signed_in.post(address, data=data, follow_redirects=False)
        assert answer.status_code == 303, (address, answer.text)
        assert canonical(contract.saved[-1]) == canonical(written), address


WORDS = st.text("aăâbcdđeêghiklmnoôơ= |Ẩ\u0300\n ", max_size=20)
NEEDED = st.lists(st.text("aăâđêơ |=", min_size=1, max_size=9).map(lambda w: f"a{w}"), min_size=2, max_size=2)
NAMES = st.sampled_from(["a", "b", "c", "d"])
LEAVES = st.one_of(
    st.fixed_dictionaries({"field": NAMES, "equals": st.sampled_from([True, False, "x", "y", "0"])}),
    st.fixed_dictionaries({"field": NAMES, "in": st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3)}),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=6,
)
ANSWERS = st.dictionaries(NAMES, st.sampled_from([True, False, "x", "y", "z", "0"]))
QUESTIONS = st.fixed_dictionaries(
    {"name": st.just("q"), "widget": st.sampled_from(["text", "radios", "date", "files", "yesno"]), "label": NEEDED},
    optional={
        "hint": st.one_of(st.none(), NEEDED),
        "rule": NEEDED,
        "required": st.booleans(),
        "partial": st.booleans(),
        "max": st.integers(5, 9),
        "when": CONDITIONS,
        "source": st.sampled_from(["profile.name"]),
        "sources": st.lists(st.tuples(st.just("profile.name"), CONDITIONS).map(list), max_size=2),
        "errors": st.dictionaries(st.sampled_from(["required", "pattern"]), NEEDED),
        "autocomplete": st.just("name"),
        "accept": st.just(["image/png"]),
        "not_after": st.just("any"),
    },
).map(lambda q: {**q, "options": [["x", "Một", "One"]]} if q["widget"] == "radios" else q)
PAGES = st.fixed_dictionaries(
    {"id": st.just("p"), "title": NEEDED, "fields": st.just([])},
    optional={
        "hint": st.one_of(st.none(), NEEDED),
        "when": CONDITIONS,
        "repeat": st.fixed_dictionaries(
            {"name": st.just("g"), "min": st.integers(0, 2), "max": st.integers(2, 9), "item": NEEDED}
        ),
    },
)


@given(st.one_of(QUESTIONS, PAGES))
def test_any_part_opened_in_boxes_and_saved_unchanged_is_the_same_text(part: dict[str, Any]) -> None:
    before, after = twice(part)
    assert before == after


@given(CONDITIONS, st.lists(ANSWERS, max_size=8))
def test_rows_say_what_the_condition_says(cond: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    listed = branching.rows(cond)
    if listed is None:
        return
    again = branching.made(listed)
    assert [holds(cond, one) for one in answers] == [holds(again, one) for one in answers]
    assert branching.rows(again) == listed


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.tuples(WORDS, WORDS), max_size=5))
def test_choices_that_nobody_touched_are_kept_whatever_is_in_them(texts: dict[str, tuple[str, str]]) -> None:
    options = [[code, *pair] for code, pair in texts.items()]
    assert choices.read_choices(choices.written_choices(options), options) == options


def test_a_choice_without_a_code_gets_one_and_a_bad_line_is_named() -> None:
    made = choices.read_choices("mother = Mẹ | Mother\nBà ngoại | Grandmother\n\nÔng | Grandmother", ())
    assert made == [
        ["mother", "Mẹ", "Mother"],
        ["grandmother", "Bà ngoại", "Grandmother"],
        ["grandmother_2", "Ông", "Grandmother"],
    ]
    for text, line, kind in (("a = Một | One\nHai", 2, "form"), ("a = Một | One\na = Hai | Two", 2, "twice")):
        with pytest.raises(choices.Unclear) as unclear:
            choices.read_choices(text, ())
        assert (unclear.value.line, unclear.value.kind) == (line, kind)


def test_names_for_machines_are_plain_and_used_once() -> None:
    assert new_name("Đường Nguyễn Huệ?", ()) == "duong_nguyen_hue"
    assert new_name("1st", ["q_1st"]) == "q_1st_2"
    assert new_name("???", ()) == "x"


def test_parts_move_by_one_place_and_stay_at_the_ends() -> None:
    parts = [{"id": name} for name in "abc"]
    assert [one["id"] for one in moved(parts, "id", "down", "a")] == ["b", "a", "c"]
    assert [one["id"] for one in moved(parts, "id", "up", "a")] == ["a", "b", "c"]
    assert [one["id"] for one in moved(parts, "id", "removed", "b")] == ["a", "c"]
    assert moved(parts, "id", "up", "z") == parts


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"pages": 1},
        {"pages": [{"id": "a", "fields": [{"name": "x", "options": 3}]}]},
        {"pages": [{"id": "a", "fields": []}, {"id": "a", "fields": []}]},
        {"pages": [{"id": "a", "fields": [{"name": "x", "sources": [["profile.name"]]}]}]},
    ],
)
async def test_a_form_left_half_written_as_json_opens_as_json_alone(
    signed_in: Browser, contract: Services, form: dict[str, Any]
) -> None:
    assert not readable(form)
    contract.bench = {**BENCH, "written": {**BENCH["written"], "form": form}}
    page = await signed_in.get(f"{HOME}/edit/form")
    assert page.status_code == 200 and "<details open>" in page.text and "viết dở" in page.text
    assert (await signed_in.get(f"{HOME}/form/a")).status_code == 404


async def test_detail_13_every_error_of_a_question_is_said_at_once_beside_its_box_and_nothing_is_lost(
    signed_in: Browser, contract: Services
) -> None:
    address = f"{HOME}/form/where/born"
    data: dict[str, Any] = boxes_at((await signed_in.get(address)).text, address)
    data |= {"label.en": "", "options": "Bệnh viện", "sensitive": ["", "on"], "hint.vi": "Chỉ có tiếng Việt."}
    answer = await signed_in.post(address, data=data)
    assert answer.status_code == 422 and contract.saved == []
    for box in ("label.en", "options", "rule.vi", "hint.en"):
        assert f'href="#{box}"' in answer.text and f'id="e-{box}"' in answer.text, box
    kept = boxes_at(answer.text, address)
    assert kept["options"] == ["Bệnh viện"] and kept["hint.vi"] == ["Chỉ có tiếng Việt."] and "on" in kept["sensitive"]


async def test_a_save_by_somebody_else_is_told_at_each_box_and_nothing_is_overwritten(
    signed_in: Browser, contract: Services
) -> None:
    address = f"{HOME}/form/where/born"
    data: dict[str, Any] = boxes_at((await signed_in.get(address)).text, address)
    theirs = copy.deepcopy(BENCH["written"])
    theirs["form"]["pages"][0]["fields"][0]["label"] = ["Sinh tại đâu", "Born where"]
    contract.bench = {**BENCH, "version": 4, "written": theirs}
    answer = await signed_in.post(address, data={**data, "hint.vi": "Nơi sinh.", "hint.en": "Where."})
    assert answer.status_code == 409 and contract.saved == []
    assert "Sinh tại đâu" in answer.text and boxes_at(answer.text, address)["label.vi"] == ["Sinh ở đâu"]
    assert boxes_at(answer.text, address)["version"] == ["4"]


async def test_a_question_removed_meanwhile_keeps_what_was_typed_and_becomes_a_new_one(
    signed_in: Browser, contract: Services
) -> None:
    address = f"{HOME}/form/where/born"
    data: dict[str, Any] = boxes_at((await signed_in.get(address)).text, address)
    theirs = copy.deepcopy(BENCH["written"])
    theirs["form"]["pages"][0]["fields"] = []
    contract.bench = {**BENCH, "version": 4, "written": theirs}
    answer = await signed_in.post(address, data=data)
    again = boxes_at(answer.text, f"{HOME}/form/where/-")
    assert answer.status_code == 409 and again["label.vi"] == ["Sinh ở đâu"] and contract.saved == []


async def test_removing_asks_once_and_moving_does_not(signed_in: Browser, contract: Services) -> None:
    address = f"{HOME}/edit/form"
    data: dict[str, Any] = boxes_at((await signed_in.get(address)).text, address)
    await signed_in.post(address, data={**data, "do": "down:where"})
    assert [page["id"] for page in contract.saved[-1]["form"]["pages"]] == ["people", "where"]
    asked = await signed_in.post(address, data={**data, "do": "remove:where"})
    assert len(contract.saved) == 1 and "1 câu hỏi" in asked.text
    await signed_in.post(address, data={**boxes_at(asked.text, address), "do": "removed:where"})
    assert [page["id"] for page in contract.saved[-1]["form"]["pages"]] == ["people"]
    await signed_in.post(address, data={**data, "do": "add", "title.vi": "Ảnh", "title.en": "Photos"})
    assert contract.saved[-1]["form"]["pages"][-1] == {"id": "photos", "title": ["Ảnh", "Photos"], "fields": []}
    refused = await signed_in.post(address, data={**data, "do": "add", "title.vi": "Chỉ tiếng Việt"})
    assert refused.status_code == 422 and 'id="e-title.en"' in refused.text and "Chỉ tiếng Việt" in refused.text


async def test_a_question_with_a_condition_goes_to_another_page(signed_in: Browser, contract: Services) -> None:
    address = f"{HOME}/form/where/-?kind=yesno"
    data: dict[str, Any] = boxes_at((await signed_in.get(address)).text, f"{HOME}/form/where/-")
    data |= {"label.vi": "Có giấy không?", "label.en": "Is there a paper?", "page": "people", "required": ""}
    data |= {"when.0.answer": branching.answer_of("born", "home"), "when.0.is": "not"}
    assert (await signed_in.post(f"{HOME}/form/where/-", data=data)).status_code == 200
    assert contract.saved[-1]["form"]["pages"][1]["fields"][-1] == {
        "name": "is_there_a_paper",
        "widget": "yesno",
        "label": ["Có giấy không?", "Is there a paper?"],
        "required": False,
        "when": {"not": {"field": "born", "equals": "home"}},
    }
    assert compile_form(contract.saved[-1]["form"] | {"pages": contract.saved[-1]["form"]["pages"][:1]}, {})


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.text("ab|=", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["field", "equals", "all", "name", "item"]), inner)
    ),
    max_leaves=5,
)
KEYS = ("hint", "rule", "required", "partial", "min", "when", "options", "source", "sources", "errors", "widget")
JUNK_QUESTION = st.dictionaries(st.sampled_from(KEYS), JUNK).map(lambda q: {"name": "q", "label": ["a", "b"], **q})
JUNK_PAGE = st.dictionaries(st.sampled_from(["hint", "when", "repeat", "title"]), JUNK)


@given(JUNK_PAGE, JUNK_QUESTION)
def test_whatever_an_expert_leaves_in_the_json_is_shown_in_boxes_or_not_at_all(
    page: dict[str, Any], question: dict[str, Any]
) -> None:
    form = {"pages": [{"id": "p", "title": ["a", "b"], **page, "fields": [question]}]}
    if readable(form):
        names = names_in(form)
        head = boxes.take_page(
            form["pages"][0], sent(boxes.page_boxes(form["pages"][0]), form["pages"][0].get("when")), names
        )
        assert head.made["id"] == "p"
        taken = boxes.take_question(question, sent(boxes.question_boxes(question), question.get("when")))
        assert taken.made["name"] == "q"


@pytest.mark.parametrize("wrong", [5, "x", {"a": 1}, [3], None, [{"witness": 4}]])
async def test_a_test_case_with_answers_of_another_kind_still_opens(
    signed_in: Browser, contract: Services, wrong: Any
) -> None:
    written = copy.deepcopy(BENCH["written"])
    written["examples"][0]["answers"] = dict.fromkeys(BENCH["form"]["fields"], wrong)
    contract.bench = {**BENCH, "written": written}
    assert (await signed_in.get(f"{HOME}/case/a")).status_code == 200
