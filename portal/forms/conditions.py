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


def mentioned(condition: Mapping[str, Any] | None) -> set[str]:
    """Return the names of the fields that a condition looks at."""
    if not condition:
        return set()
    if "field" in condition:
        return {str(condition["field"])}
    parts = condition.get("all") or condition.get("any") or [condition.get("not")]
    return set().union(*(mentioned(part) for part in parts))


def applies(form: Form, name: str, answers: Answers) -> bool:
    """Tell whether the field ``name`` is asked, given the answers."""
    return holds(form["fields"][name].get("when"), answers)


def shown(form: Form, page: Mapping[str, Any], answers: Answers) -> list[str]:
    """Return the fields to show on a page: those that apply, and those that hang on an answer of the same page."""
    names = set(page["fields"])
    return [
        name
        for name in page["fields"]
        if applies(form, name, answers) or mentioned(form["fields"][name].get("when")) & names
    ]


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
        if name in wanted and applies(form, name, answers) and answers.get(name) in (None, "", [])
    ]
