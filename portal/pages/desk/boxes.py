"""One question, or the head of one page, of a written form as boxes, and back.

Only what an editor changed is written: a box that holds what it held leaves its part of the JSON as it was, so a form
that is opened and saved unchanged stays the same text. What has no box stays too.
"""

import copy
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.forms.values import Posted, one
from portal.pages.desk import branching
from portal.pages.desk.choices import Unclear, read_choices, written_choices
from portal.pages.desk.naming import new_name
from portal.pages.desk.writing import whole_number

Written = Mapping[str, Any]
Faults = dict[str, tuple[str, dict[str, Any]]]
CLOSED = ("radios", "select", "checkboxes")
NUMBERS = ("money", "number")
LENGTHS = ("text", "textarea", "name")
OF_KIND = {
    "options": CLOSED,
    "min": NUMBERS,
    "max": (*NUMBERS, *LENGTHS),
    "partial": ("date",),
    "not_after": ("date",),
    "max_files": ("files",),
    "accept": ("files",),
    "pattern": ("text", "textarea"),
}
NUMBER_KEYS = ("min", "max", "max_files")
MOST_FILES = 10
LANGUAGES = ("vi", "en")
Held = TypeVar("Held")


@dataclass(slots=True)
class Taken:
    """What boxes make of a part of the form; ``faults`` by box: the key of the sentence and its values."""

    made: dict[str, Any]
    faults: Faults = field(default_factory=dict)


def question_boxes(question: Written) -> dict[str, str]:
    """Return what the boxes of a question hold, by name; conditions have rows of their own."""
    held = {"widget": str(question.get("widget", "text")), "required": _tick(question.get("required", True))}
    for name in ("label", "hint", "rule"):
        held |= _pair(name, question.get(name))
    for key, pair in {"required": None, **(question.get("errors") or {})}.items():
        held |= _pair(f"errors.{key}", pair)
    held |= {name: _tick(question.get(name)) for name in ("partial", "sensitive")}
    held |= {name: str(question.get(name, "")) for name in NUMBER_KEYS}
    options = question.get("options", ())
    held["list"] = options if isinstance(options, str) else ""
    held["options"] = "" if isinstance(options, str) else written_choices(options)
    held["source"] = str(question.get("source") or "")
    for at, (source, cond) in enumerate(question.get("sources", ())):
        held |= {f"sources.{at}.source": source, f"sources.{at}.answer": _only_answer(cond)}
    return held


def page_boxes(page: Written) -> dict[str, str]:
    """Return what the boxes of a page's head hold."""
    repeat = page.get("repeat") or {}
    held = {**_pair("title", page.get("title")), **_pair("hint", page.get("hint")), "repeat": _tick("repeat" in page)}
    held |= {f"repeat.{name}": str(repeat.get(name, "")) for name in ("min", "max")}
    return {**held, **_pair("repeat.item", repeat.get("item"))}


def take_question(question: Written, texts: Posted) -> Taken:
    """Return ``question`` with what its boxes say."""
    taken = Taken(copy.deepcopy(dict(question)))
    held, made = question_boxes(question), taken.made
    if _changed(held, texts, "widget"):
        made["widget"] = one(texts, "widget")
        for key in [key for key, kinds in OF_KIND.items() if key in made and made["widget"] not in kinds]:
            del made[key]
    _take_pair(taken, held, texts, "label", needed=True)
    for name in ("hint", "rule"):
        _take_pair(taken, held, texts, name)
    _take_errors(taken, held, texts)
    if _changed(held, texts, "required"):
        made["required"] = one(texts, "required") == "on"
    for name in ("partial", "sensitive"):
        _take_tick(made, held, texts, name)
    if one(texts, "sensitive") == "on" and not all(one(texts, f"rule.{lang}") for lang in LANGUAGES):
        taken.faults["rule.vi"] = ("desk_form.rule_needed", {})
    for name in NUMBER_KEYS:
        _take_number(taken, made, held, texts, name)
    _check_bounds(taken, texts)
    _take_choices(taken, held, texts)
    _take_sources(taken, held, texts)
    _take_when(taken, question, texts)
    return taken


def take_page(page: Written, texts: Posted, names: Iterable[str]) -> Taken:
    """Return ``page`` with what the boxes of its head say; ``names`` are those of the form's questions."""
    taken = Taken(copy.deepcopy(dict(page)))
    held = page_boxes(page)
    _take_pair(taken, held, texts, "title", needed=True)
    _take_pair(taken, held, texts, "hint")
    _take_when(taken, page, texts)
    if "repeat" not in texts:
        return taken
    if one(texts, "repeat") != "on":
        taken.made.pop("repeat", None)
        return taken
    repeat = taken.made.setdefault("repeat", {})
    inner = Taken(repeat)
    _take_pair(inner, _under(held, "repeat"), _under(texts, "repeat"), "item", needed=True)
    for name in ("min", "max"):
        _take_number(inner, repeat, _under(held, "repeat"), _under(texts, "repeat"), name, needed=True)
    taken.faults |= {f"repeat.{box}": fault for box, fault in inner.faults.items()}
    low, high = repeat.get("min"), repeat.get("max")
    if isinstance(low, int) and isinstance(high, int) and not 0 <= low <= high:
        taken.faults["repeat.max"] = ("desk_form.max_below", {})
    if "name" not in repeat:
        repeat["name"] = new_name(repeat.get("item", ["", ""])[1] or page["id"], names)
    return taken


def _take_pair(taken: Taken, held: Mapping[str, str], texts: Posted, name: str, *, needed: bool = False) -> None:
    boxes = [f"{name}.{lang}" for lang in LANGUAGES]
    if boxes[0] not in texts and boxes[1] not in texts:
        return
    typed = [_words(one(texts, box)) for box in boxes]
    if needed or any(typed):
        for box, text in zip(boxes, typed, strict=True):
            if not text:
                taken.faults[box] = ("desk_form.text_needed", {})
    if not any(_changed(held, texts, box) for box in boxes):
        return
    if any(typed):
        taken.made[name] = typed
    else:
        taken.made.pop(name, None)


def _take_errors(taken: Taken, held: Mapping[str, str], texts: Posted) -> None:
    keys = [box.split(".")[1] for box in held if box.startswith("errors.") and box.endswith(".vi")]
    inner = Taken(dict(taken.made.get("errors") or {}))
    for key in keys:
        _take_pair(inner, _under(held, "errors"), _under(texts, "errors"), key)
    taken.faults |= {f"errors.{box}": fault for box, fault in inner.faults.items()}
    if inner.made != (taken.made.get("errors") or {}):
        taken.made.pop("errors", None)
        if inner.made:
            taken.made["errors"] = inner.made


def _take_tick(made: dict[str, Any], held: Mapping[str, str], texts: Posted, name: str) -> None:
    if not _changed(held, texts, name):
        return
    made.pop(name, None)
    if one(texts, name) == "on":
        made[name] = True


def _take_number(
    taken: Taken, made: dict[str, Any], held: Mapping[str, str], texts: Posted, name: str, *, needed: bool = False
) -> None:
    if name not in texts:
        return
    number = whole_number(one(texts, name))
    if isinstance(number, str):
        taken.faults[name] = ("desk_form.number_wrong", {"typed": number})
    elif number is None and needed:
        taken.faults[name] = ("desk_form.number_needed", {})
    elif _changed(held, texts, name):
        made.pop(name, None)
        if number is not None:
            made[name] = number


def _check_bounds(taken: Taken, texts: Posted) -> None:
    made = taken.made
    if made.get("widget") in NUMBERS:
        for name in ("min", "max"):
            if name not in made and name not in taken.faults:
                taken.faults[name] = ("desk_form.number_needed", {})
    low, high, most = (made.get(name) for name in NUMBER_KEYS)
    if isinstance(low, int) and isinstance(high, int) and low > high and "max" in texts:
        taken.faults["max"] = ("desk_form.max_below", {})
    if isinstance(most, int) and not 1 <= most <= MOST_FILES and "max_files" in texts:
        taken.faults["max_files"] = ("desk_form.files_between", {"most": MOST_FILES})


def _take_choices(taken: Taken, held: Mapping[str, str], texts: Posted) -> None:
    made = taken.made
    if made.get("widget") not in CLOSED:
        return
    if _changed(held, texts, "list") or _changed(held, texts, "options"):
        if shared := one(texts, "list"):
            made["options"] = shared
        else:
            old = made.get("options", ())
            try:
                made["options"] = read_choices(one(texts, "options"), () if isinstance(old, str) else old)
            except Unclear as unclear:
                taken.faults["options"] = (f"desk_form.choice_{unclear.kind}", {"line": unclear.line})
                return
    if not made.get("options"):
        taken.faults["options"] = ("desk_form.choices_needed", {})


def _take_sources(taken: Taken, held: Mapping[str, str], texts: Posted) -> None:
    made = taken.made
    if _changed(held, texts, "source"):
        made.pop("source", None)
        if source := one(texts, "source"):
            made["source"] = source
    old = list(made.get("sources", ()))
    rows: list[Any] = []
    for at in range(len(old) + 1):
        boxes = (f"sources.{at}.source", f"sources.{at}.answer")
        if not any(box in texts for box in boxes):
            rows += old[at : at + 1]
            continue
        if not any(_changed(held, texts, box) for box in boxes):
            rows += old[at : at + 1]
            continue
        source, answer = (one(texts, box) for box in boxes)
        if source and answer:
            rows.append([source, branching.made([branching.Row(answer=answer)])])
        elif source or answer:
            taken.faults[boxes[0] if answer else boxes[1]] = ("desk_form.source_half", {})
    if rows != old:
        made.pop("sources", None)
        if rows:
            made["sources"] = rows


def _take_when(taken: Taken, part: Written, texts: Posted) -> None:
    try:
        cond = branching.taken(part.get("when"), texts, "when")
    except branching.Unreadable as unreadable:
        taken.faults[f"when.{unreadable.row}.answer"] = ("desk_form.row_unreadable", {})
        return
    if cond == part.get("when"):
        return
    taken.made.pop("when", None)
    if cond is not None:
        taken.made["when"] = cond


def _only_answer(cond: Any) -> str:
    listed = branching.rows(cond)
    return listed[0].answer if listed and len(listed) == 1 and not listed[0].negated else ""


def _changed(held: Mapping[str, str], texts: Posted, box: str) -> bool:
    """Tell whether a box was sent that does not hold what it held; spaces and ends of lines make no difference."""
    return box in texts and _lines(one(texts, box)) != _lines(held.get(box, ""))


def _lines(text: str) -> list[str]:
    return [words for line in unicodedata.normalize("NFC", text).splitlines() if (words := _words(line))]


def _words(text: str) -> str:
    return " ".join(text.split())


def _pair(name: str, pair: Any) -> dict[str, str]:
    texts = pair if isinstance(pair, list) and len(pair) == 2 else ("", "")
    return {f"{name}.{lang}": str(text or "") for lang, text in zip(LANGUAGES, texts, strict=True)}


def _tick(value: Any) -> str:
    return "on" if value else ""


def _under(boxes: Mapping[str, Held], prefix: str) -> dict[str, Held]:
    return {name.removeprefix(f"{prefix}."): held for name, held in boxes.items() if name.startswith(f"{prefix}.")}
