"""Which questions of a form are asked, given the answers (the form format of services_catalog)."""

from collections.abc import Mapping
from typing import Any


def holds(condition: Mapping[str, Any] | None, answers: Mapping[str, object]) -> bool:
    """Tell whether a condition holds; no condition always does, and an unanswered question fulfils none."""
    if not condition:
        return True
    if "all" in condition:
        return all(holds(part, answers) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, answers) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], answers)
    value = answers.get(condition["field"])
    wanted = condition["in"] if "in" in condition else [condition["equals"]]
    return value is not None and value in wanted


def asked(fields: Mapping[str, Mapping[str, Any]], answers: Mapping[str, object]) -> dict[str, object]:
    """Return the answers to questions that are asked: what an earlier choice left behind is dropped.

    A dropped answer may take the condition of another away, so this repeats until nothing changes. Answers to
    fields that the form does not have are kept: the check names them. Items of a repeated group are asked one by one.
    """
    kept = dict(answers)
    while True:
        rest = {name: value for name, value in kept.items() if holds(fields.get(name, {}).get("when"), kept)}
        if len(rest) == len(kept):
            return {name: _asked_inside(fields.get(name, {}), value) for name, value in kept.items()}
        kept = rest


def _asked_inside(field: Mapping[str, Any], value: object) -> object:
    if field.get("widget") != "group" or not isinstance(value, list):
        return value
    return [asked(field["fields"], item) if isinstance(item, dict) else item for item in value]
