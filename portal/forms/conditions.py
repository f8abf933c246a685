"""Which pages and fields of a form apply to the answers given so far."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

Answers = Mapping[str, Any]
Form = Mapping[str, Any]


def holds(condition: Mapping[str, Any] | None, answers: Answers) -> bool:
    """Tell whether a condition of the form format holds; no condition always does."""
    if not condition:
        return True
    if "all" in condition:
        return all(holds(part, answers) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, answers) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], answers)
    value = answers.get(condition["field"])
    if "in" in condition:
        return value in condition["in"]
    return bool(value == condition["equals"]) and value is not None


def applies(form: Form, name: str, answers: Answers) -> bool:
    """Tell whether the field ``name`` is asked, given the answers."""
    return holds(form["fields"][name].get("when"), answers)


def reduced(condition: Mapping[str, Any] | None, answers: Answers, open_names: set[str]) -> Mapping[str, Any] | bool:
    """Return what is left to decide of a condition while the fields ``open_names`` may still change."""
    if not condition:
        return True
    if "not" in condition:
        rest = reduced(condition["not"], answers, open_names)
        return (not rest) if isinstance(rest, bool) else {"not": rest}
    if "field" in condition:
        return condition if condition["field"] in open_names else holds(condition, answers)
    joined = "all" if "all" in condition else "any"
    parts = [reduced(part, answers, open_names) for part in condition[joined]]
    ends = joined == "any"
    if ends in parts:
        return ends
    undecided = [part for part in parts if not isinstance(part, bool)]
    return {joined: undecided} if undecided else not ends


def shown(form: Form, page: Mapping[str, Any], answers: Answers) -> dict[str, Mapping[str, Any] | bool]:
    """Return the fields to show on a page, each with what of its condition hangs on the page's other fields.

    True = it applies whatever is chosen here. Fields that cannot apply are left out, and with them what hangs on them.
    """
    names = list(page["fields"])
    while True:
        rest = {name: reduced(form["fields"][name].get("when"), answers, set(names) - {name}) for name in names}
        kept = [name for name in names if rest[name] is not False]
        if kept == names:
            return rest
        names = kept


def pages(form: Form, answers: Answers) -> list[Mapping[str, Any]]:
    """Return the pages that apply, in order; a page whose fields all do not apply is passed over."""
    return [page for page in form["pages"] if holds(page.get("when"), answers) and shown(form, page, answers)]


def required(schema: Mapping[str, Any], answers: Answers) -> set[str]:
    """Return the fields that the schema requires, given the answers (``required``, ``then`` or ``else``)."""
    found = set(schema.get("required", ()))
    parts = list(schema.get("allOf", ()))
    if "if" in schema:
        branch = "then" if jsonschema_rs.is_valid(schema["if"], dict(answers)) else "else"
        parts.append(schema.get(branch) or {})
    for part in parts:
        found |= required(part, answers)
    return found


def ever_required(schema: Mapping[str, Any]) -> set[str]:
    """Return the fields that the schema requires for some answers at least."""
    found = set(schema.get("required", ()))
    parts = [*schema.get("allOf", ()), schema.get("then"), schema.get("else")]
    return found.union(*(ever_required(part) for part in parts if part))


def left_over(form: Form, answers: Answers) -> list[str]:
    """Return answered fields that no longer apply: their page or they themselves are not asked any more."""
    asked = {name for page in pages(form, answers) for name in page["fields"] if applies(form, name, answers)}
    return [
        name for name, value in answers.items() if value is not None and name in form["fields"] and name not in asked
    ]


def missing(form: Form, answers: Answers) -> list[tuple[str, str]]:
    """Return ``(page id, field)`` of every required question that has no answer yet."""
    wanted = required(form["schema"], answers)
    return [
        (str(page["id"]), name)
        for page in pages(form, answers)
        for name in page["fields"]
        if name in wanted and applies(form, name, answers) and too_few(form["fields"][name], answers.get(name))
    ]


def too_few(field: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a required field still wants something: nothing was given, or too few items of a group."""
    return value in (None, "", []) or (field["widget"] == "group" and len(value) < int(field["min"]))
