"""Test cases of a working copy: a title, a ward, and the form filled in as people will fill it in."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from portal.forms import conditions
from portal.forms.answers import place_name
from portal.forms.questions import Question, problem_text, questions, required_text
from portal.forms.values import Posted, one, read
from portal.pages.desk import writing
from portal.pages.desk.copies import HOME, Copy, address, open_copy, save_copy
from portal.pages.desk.forming import NEW
from portal.pages.desk.layout import index_of
from portal.pages.desk.naming import new_name
from portal.pages.kept import kept
from portal.pages.problem import route
from portal.pages.visit import Visit, posted

KEPT = ("former",)  # no box here: what a case holds of them stays
TICKED = "files"
TEST_FILE = "0" * 64
PLACE = "case-place"
TITLES = ("case-title.vi", "case-title.en")
MOST_CASES = 50


@dataclass(slots=True)
class Filled:
    """A case as its boxes say it; ``found`` are places to choose from, by box."""

    case: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    found: dict[str, list[Any]] = field(default_factory=dict)


def list_page(visit: Visit, bench: Copy, status: int = 200, **said: Any) -> Response:
    """List the test cases with what the form says of each; the JSON for experts stays below."""
    cases = bench["written"].get("examples")
    listed = cases if _readable(cases) else None
    return visit.page(
        "desk/edit_examples.html",
        status,
        private=True,
        bench=bench,
        cases=listed,
        tried={one_tried["id"]: one_tried for one_tried in bench["tried"]},
        at=address(visit.part("code")),
        part="examples",
        parts=writing.PARTS,
        **{"typed": writing.shown_json(bench["written"], "examples"), "unread": None, "stale": False, **said},
    )


def _readable(cases: Any) -> bool:
    """Tell whether test cases can be shown in boxes."""
    if cases is None:
        return True
    whole = isinstance(cases, list) and all(
        isinstance(case, dict)
        and all(isinstance(case.get(name), str) for name in ("id", "place"))
        and isinstance(case.get("answers"), dict)
        and isinstance(case.get("title"), list)
        and len(case["title"]) == 2
        for case in cases
    )
    return whole and len({case["id"] for case in cases}) == len(cases)


async def arrange(visit: Visit, bench: Copy, texts: Posted) -> Response:
    """Remove a test case, after asking once."""
    act, _, id = one(texts, "do").partition(":")
    listed = list(bench["written"].get("examples") or ()) if _readable(bench["written"].get("examples")) else []
    at = index_of(listed, "id", id)
    if at is None:
        return list_page(visit, bench, 409, stale=True)
    if act != "removed":
        back = address(visit.part("code"), "edit/examples")
        return visit.page(
            "desk/remove.html", private=True, bench=bench, back=back, name=id, words=listed[at]["title"], n=0
        )
    del listed[at]
    if not await save_copy(visit, texts, _with_cases(bench["written"], listed)):
        return list_page(visit, bench, 409, stale=True)
    return visit.go(address(visit.part("code"), "edit/examples?saved=1"))


def _with_cases(written: Mapping[str, Any], listed: list[Any]) -> dict[str, Any]:
    return {**written, "examples": listed}


async def case_form(visit: Visit) -> Response:
    """Show one test case as the whole form, filled in."""
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(visit.part("code")))
    case, at = _case(bench, visit.part("id"))
    errors = _missing(visit, bench["form"], case["answers"]) if bench["form"] and at is not None else {}
    return await _case_page(visit, bench, Filled(case, errors), None)


def _case(bench: Copy, id: str) -> tuple[dict[str, Any], int | None]:
    listed = bench["written"].get("examples") or []
    at = index_of(listed, "id", id) if _readable(listed) else None
    if at is None and id != NEW:
        raise HTTPException(404)
    if at is None:
        return {"id": "", "title": ["", ""], "place": "", "answers": {}}, None
    fields = (bench["form"] or {"fields": {}})["fields"]
    answers = {name: value for name, value in listed[at]["answers"].items() if _fits(fields.get(name), value)}
    return {**listed[at], "answers": answers}, at


def _fits(spec: Mapping[str, Any] | None, value: Any) -> bool:
    """Tell whether a box can show an answer; what no question asks for is kept as it is."""
    match (spec or {}).get("widget"):
        case None:
            return True
        case "files" | "checkboxes":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "group":
            assert spec is not None
            return isinstance(value, list) and all(
                isinstance(item, dict) and all(_fits(spec["fields"].get(name), each) for name, each in item.items())
                for item in value
            )
        case "date" | "phone" | "ward" | "id_number":
            return isinstance(value, str)
    return isinstance(value, str | bool | int)


def _missing(visit: Visit, form: conditions.Form, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what to say of each question that this case leaves open."""
    names = [name for _, name in conditions.missing(form, answers)]
    return {name: required_text(form["fields"][name], visit.t) for name in names}


async def _case_page(
    visit: Visit, bench: Copy, filled: Filled, texts: Posted | None, status: int = 200, *, stale: bool = False
) -> Response:
    case, form = filled.case, bench["form"]
    pages = []
    for page in form["pages"] if form else ():
        asked = list(_asked(visit, form, page["fields"], case["answers"], texts))
        for question in asked:
            question.error = filled.errors.get(question.name, "")
            question.found_places = filled.found.get(question.name, [])
            await _name_place(visit, question)
        pages.append((page, asked))
    place = Question(PLACE, "ward", visit.t("desk_form.case_place"), "", False, [], "", raw=case["place"])
    if texts is not None:
        place.raw, place.place_query = one(texts, PLACE), one(texts, f"{PLACE}-q")
    place.error, place.found_places = filled.errors.get(PLACE, ""), filled.found.get(PLACE, [])
    await _name_place(visit, place)
    anchors = {question.name: question.anchor for _, asked in pages for question in asked} | {PLACE: place.anchor}
    return visit.page(
        "desk/edit_case.html",
        status,
        private=True,
        bench=bench,
        case=case,
        titles=case["title"] if texts is None else [one(texts, box) for box in TITLES],
        place=place,
        pages=pages,
        errors=[(anchors.get(name, name), text) for name, text in filled.errors.items()],
        faults=filled.errors,
        stale=stale,
        at=address(visit.part("code")),
    )


def _asked(
    visit: Visit, form: conditions.Form, names: list[str], answers: Mapping[str, Any], texts: Posted | None
) -> Iterator[Question]:
    """Yield the questions of a page; those of a group once for each item and once more, empty."""
    for name in names:
        spec = form["fields"][name]
        if spec["widget"] != "group":
            if spec["widget"] not in KEPT:
                for question in questions(form, {name: True}, answers, visit.t, posted=texts):
                    yield _ticked(visit, question)
            continue
        items = list(answers.get(name) or ())
        for at in range(min(len(items) + 1, spec["max"])):
            inner = _item_form(form, name)
            shown = {field: True for field in spec["order"] if spec["fields"][field]["widget"] not in KEPT}
            own = None if texts is None else _unprefixed(texts, f"{name}.{at}.")
            for question in questions(inner, shown, items[at] if at < len(items) else {}, visit.t, posted=own):
                _ticked(visit, question)
                question.label = f"{visit.t.pick(spec['item'])} {at + 1}: {question.label}"
                question.optional = question.optional or at >= len(items)
                question.name = f"{name}.{at}.{question.name}"
                yield question


def _ticked(visit: Visit, question: Question) -> Question:
    """Return the question; one that asks for files as a box to tick, since a case is tried without real files."""
    if question.widget == TICKED:
        sent = bool(question.digests)
        question.widget, question.digests = "checkboxes", []
        question.options = [(TEST_FILE, visit.t("desk_form.test_file"))]
        question.chosen = frozenset([TEST_FILE] if sent else [])
    return question


def _item_form(form: conditions.Form, group: str) -> conditions.Form:
    return {"schema": form["schema"]["properties"][group]["items"], "fields": form["fields"][group]["fields"]}


def _unprefixed(texts: Posted, prefix: str) -> dict[str, list[str]]:
    return {name.removeprefix(prefix): values for name, values in texts.items() if name.startswith(prefix)}


async def _name_place(visit: Visit, question: Question) -> None:
    if question.widget == "ward" and question.raw and not question.place_query:
        place = await visit.api.get_or(None, "place", {"ward": question.raw})
        question.place_query = place_name(place) if place else question.raw


@kept
async def save_case(visit: Visit) -> Response:
    """Save one test case, or show it again with everything that is wrong with it."""
    code, texts = visit.part("code"), (await posted(visit))[0]
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(code))
    case, at = _case(bench, visit.part("id"))
    filled = await _take(visit, bench, case, texts)
    if filled.errors or one(texts, "action") == "find":
        return await _case_page(visit, bench, filled, texts, 422 if filled.errors else 200)
    listed = list(bench["written"].get("examples") or ())
    if at is None:
        filled.case["id"] = new_name(filled.case["title"][1], [one_case["id"] for one_case in listed], "-")
    listed[at if at is not None else len(listed) :] = [filled.case, *(listed[at + 1 :] if at is not None else ())]
    if not await save_copy(visit, texts, _with_cases(bench["written"], listed)):
        return await _case_page(visit, bench, filled, texts, 409, stale=True)
    tail = f"case/{filled.case['id']}?saved=1" if one(texts, "do") == "stay" else "edit/examples?saved=1"
    return visit.go(address(code, tail))


async def _take(visit: Visit, bench: Copy, case: Mapping[str, Any], texts: Posted) -> Filled:
    filled = Filled(copy.deepcopy(dict(case)))
    typed = [" ".join(one(texts, box).split()) for box in TITLES]
    for box, text in zip(TITLES, typed, strict=True):
        if not text:
            filled.errors[box] = visit.t("desk_form.text_needed")
    if typed != [" ".join(str(text).split()) for text in filled.case["title"]]:
        filled.case["title"] = typed
    filled.case["place"] = await _ward(visit, texts, PLACE, filled) or filled.case["place"]
    if not filled.case["place"] and PLACE not in filled.errors:
        filled.errors[PLACE] = visit.t("desk_form.place_needed")
    if not bench["form"]:
        return filled
    form, answers = bench["form"], filled.case["answers"]
    for page in form["pages"]:
        for name in page["fields"]:
            await _take_answer(visit, form, name, answers, texts, filled, name)
    missing = _missing(visit, form, answers)
    filled.errors |= {name: text for name, text in missing.items() if name not in filled.errors}
    if len(bench["written"].get("examples") or ()) >= MOST_CASES and not case["id"]:
        filled.errors[TITLES[0]] = visit.t("desk_form.too_many")
    return filled


async def _take_answer(
    visit: Visit,
    form: conditions.Form,
    name: str,
    answers: dict[str, Any],
    texts: Posted,
    filled: Filled,
    box: str,
) -> None:
    """Put what was typed for one question into ``answers``; ``box`` is its name on the page."""
    spec = form["fields"][name]
    value: Any
    if spec["widget"] in KEPT:
        return
    if spec["widget"] == "group":
        value = await _items(visit, form, name, list(answers.get(name) or ()), texts, filled)
    elif spec["widget"] == TICKED:
        value = (answers.get(name) or [TEST_FILE]) if one(texts, box) else None
    elif spec["widget"] == "ward":
        value = await _ward(visit, texts, box, filled)
    elif _untouched(visit, form, name, answers, texts, box):
        return
    else:
        found = read(box, spec, form["schema"]["properties"].get(name, {}), texts, visit.today)
        value = found.value
        if found.problem:
            filled.errors[box] = problem_text(found.problem, spec, visit.t)
    if value is None:
        answers.pop(name, None)
    elif answers.get(name) != value:
        answers[name] = value


def _untouched(
    visit: Visit, form: conditions.Form, name: str, answers: Mapping[str, Any], texts: Posted, box: str
) -> bool:
    """Tell whether the boxes of a question hold what its answer put into them; then the answer stays as it was."""
    if answers.get(name) is None:
        return False
    sent = {name + key.removeprefix(box): values for key, values in texts.items() if key.partition("-")[0] == box}
    held, typed = (questions(form, {name: True}, answers, visit.t, posted=each)[0] for each in (None, sent))
    if held.widget in ("radios", "checkboxes", "yesno", "select"):
        return held.chosen == typed.chosen
    return held.boxes == typed.boxes and held.raw == typed.raw.replace("\r\n", "\n")


async def _items(
    visit: Visit, form: conditions.Form, group: str, old: list[Any], texts: Posted, filled: Filled
) -> list[Any] | None:
    inner, made = _item_form(form, group), []
    for at in range(form["fields"][group]["max"]):
        if not _unprefixed(texts, f"{group}.{at}."):
            break
        item = copy.deepcopy(dict(old[at])) if at < len(old) else {}
        for name in form["fields"][group]["order"]:
            await _take_answer(visit, inner, name, item, texts, filled, f"{group}.{at}.{name}")
        if any(name in item for name, spec in inner["fields"].items() if spec["widget"] not in KEPT):
            made.append(item)
    return made or None


async def _ward(visit: Visit, texts: Posted, box: str, filled: Filled) -> str | None:
    """Return the ward that was chosen or that the typed words name; several are offered."""
    query, chosen = one(texts, f"{box}-q"), one(texts, box)
    if not query or (chosen and query == one(texts, f"{box}-was")):
        return chosen if query else None
    found = (await visit.api.get_or({"results": []}, "places", q=query, page_size=8))["results"]
    exact = [place for place in found if place_name(place).casefold() == query.casefold()]
    hits = exact[:1] or found
    if len(hits) == 1:
        return str(hits[0]["ward"])
    filled.found[box] = list(found)
    filled.errors[box] = visit.t("filing.choose_place") if found else visit.t("filing.place_none", q=query)
    return None


ROUTES: list[Route] = [
    *route(f"{HOME}/{{code}}/case/{{id}}", case_form),
    *route(f"{HOME}/{{code}}/case/{{id}}", save_case, "POST"),
]
