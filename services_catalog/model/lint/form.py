"""The form: each question cites, hints and asks as agreed, and can be reached."""

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from services_catalog.model.forms import Cond, Options, compile_form, holds
from services_catalog.model.lint.finding import Finding

FILE = "form.json"
MOST_QUESTIONS = 5
MOST_COMBINATIONS = 200_000
FACTS = frozenset({"name", "birth_date", "gender", "id_number", "nationality", "ward", "address", "phone", "email"})
SOURCES = frozenset(f"profile.{fact}" for fact in FACTS | {"org", "org_name"})
CLOSED = ("radios", "select", "checkboxes")
EXPLAINED = ("files", "textarea")
PERSONAL = re.compile(r"gender|ethnic|religio|giới tính|dân tộc|tôn giáo|\bsex\b", re.IGNORECASE)
END = (".", "!", "?", "…")


def lint_form(form: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    """Yield what is wrong with the questions of a form."""
    for page in form["pages"]:
        yield from _page(page)
        for field in page["fields"]:
            where = f"{page['id']}.{field['name']}"
            yield from _personal(where, field)
            yield from _asked(where, field)
            yield from _sources(where, field)
    yield from _conditions(form, options)


def _found(check: str, where: str, wrong: str, mend: str) -> Finding:
    return Finding(check, FILE, where, wrong, mend)


def _page(page: Mapping[str, Any]) -> Iterator[Finding]:
    always = [field for field in page["fields"] if "when" not in field]
    if len(always) > MOST_QUESTIONS:
        wrong = f"The page asks {len(always)} questions of everyone."
        yield _found("page", page["id"], wrong, f"Split it: a page asks one thing, at most {MOST_QUESTIONS} questions.")


def _personal(where: str, field: Mapping[str, Any]) -> Iterator[Finding]:
    about = " ".join([field["name"], str(field.get("options")), *(text or "" for text in field["label"])])
    if (field.get("sensitive") or PERSONAL.search(about)) and not field.get("rule"):
        told = "Sex, ethnicity or religion" if PERSONAL.search(about) else "Something sensitive"
        wrong = f"{told} is asked without saying which rule requires it."
        yield _found("personal", where, wrong, "Cite law and article in “rule”, or do not ask.")


def _asked(where: str, field: Mapping[str, Any]) -> Iterator[Finding]:
    label, hint = field["label"], field.get("hint")
    if any((text or "").rstrip().endswith((".", ":")) for text in label):
        yield _found("question", where, "The label ends in a full stop or colon.", "Leave it out.")
    if field["widget"] == "yesno" and not all((text or "").rstrip().endswith("?") for text in label):
        yield _found("question", where, "A yes or no question has no question mark.", "Ask it, with “?”.")
    if field["widget"] in EXPLAINED and not hint:
        wrong = "There is no hint: what to write or send, and whether one must."
        yield _found("question", where, wrong, "Add a “hint” of one short sentence.")
    if hint and not all((text or "").rstrip('"” ').endswith(END) for text in hint):
        yield _found("question", where, "The hint is no sentence.", "Write a sentence, with its full stop.")
    if hint and list(hint) == list(label):
        yield _found("question", where, "The hint repeats the label.", "Say what helps, or leave it out.")


def _sources(where: str, field: Mapping[str, Any]) -> Iterator[Finding]:
    named = [field.get("source"), *(source for source, _ in field.get("sources", ()))]
    for source in named:
        if source is not None and source not in SOURCES:
            wrong = f"No fact is called {source}."
            yield _found("source", where, wrong, f"Use one of {', '.join(sorted(SOURCES))}.")


def _conditions(form: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    try:
        compiled = compile_form(form, options)
    except (ValueError, KeyError) as fault:
        yield _found("form", "pages", f"The form contradicts itself: {fault}.", "Mend the field it names.")
        return
    for page in compiled["pages"]:
        asked = [(name, compiled["fields"][name]) for name in page["fields"]]
        dead = [name for name, field in asked if not _can_hold(field["when"], compiled["fields"])]
        if len(dead) == len(asked):
            wrong = "No answers lead to this page."
            yield _found("unreachable", page["id"], wrong, "Mend its condition, or take the page out.")
            continue
        for name in dead:
            yield _never(f"{page['id']}.{name}")
        for name, field in asked:
            for inner, part in field.get("fields", {}).items():
                if not _can_hold(part["when"], field["fields"]):
                    yield _never(f"{page['id']}.{name}.{inner}")
    yield from _values(compiled["fields"])


def _never(where: str) -> Finding:
    return _found("condition", where, "Its condition can never hold.", "Mend it, or take the question out.")


def _values(fields: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield each value that a condition waits for and that its question does not offer."""
    told = set()
    for name, field in fields.items():
        for asked, value in _waited(field["when"]):
            known = _domain(asked, fields, ())
            if (asked, value) not in told and known is not None and not any(value is k or value == k for k in known):
                told.add((asked, value))
                wrong = f"A condition waits for {asked} = {value}, which cannot be chosen."
                yield _found("condition", name, wrong, "Use a value that the question offers.")
        yield from _values(field.get("fields", {}))


def _waited(cond: Cond | None) -> Iterator[tuple[str, Any]]:
    match cond:
        case {"all": parts} | {"any": parts}:
            for part in parts:
                yield from _waited(part)
        case {"not": part}:
            yield from _waited(part)
        case {"field": name, "equals": value}:
            yield name, value
        case {"field": name, "in": values}:
            for value in values:
                yield name, value


def _domain(name: str, fields: Mapping[str, Any], waited: Iterable[Any]) -> Sequence[Any] | None:
    """Return the answers a question can have; of an open one those that conditions wait for, or None for none."""
    field = fields[name]
    if field["widget"] == "yesno":
        return (True, False)
    if field["widget"] in CLOSED:
        return [option["value"] for option in field["options"]]
    return list(waited) or None


def _can_hold(cond: Cond | None, fields: Mapping[str, Any]) -> bool:
    """Tell whether any answers make ``cond`` true, by trying them all; too many count as possible."""
    if cond is None:
        return True
    waited: dict[str, list[Any]] = {}
    for name, value in _waited(cond):
        waited.setdefault(name, []).append(value)
    choices = [[None, *(_domain(name, fields, values) or ())] for name, values in waited.items()]
    if math.prod(map(len, choices)) > MOST_COMBINATIONS:
        return True
    for drawn in itertools.product(*choices):
        answers = {name: value for name, value in zip(waited, drawn, strict=True) if value is not None}
        if holds(cond, answers):
            return True
    return False
