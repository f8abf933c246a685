"""What a procedure costs the one who needs it: papers, questions, steps, time, money. Shown beside the last revision.

Counted from what is published, the same way for every procedure, so that two revisions can be compared. A figure that
is not published is None and never counts as zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from services_catalog.model.procedures import Editorial

Unit = Literal["", "working_days", "days", "hours"]
YOU = ("bạn", "người nộp")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``amount`` None = not published; ``unit`` is of the amount (empty = a count; ``vnd`` for money)."""

    name: str
    amount: int | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure before and after. ``change`` is None where one of them is not published or their units differ."""

    name: str
    before: Figure
    after: Figure
    change: int | None


def figures(written: Editorial) -> list[Figure]:
    """Return the burden of one revision.

    ``papers``: what the guide says you need; ``files``: files the form can ask for; ``questions``: all questions;
    ``required_questions``: those asked of everybody; ``steps``: all, ``own_steps``: yours; ``time``; ``fee``.
    """
    guide, form = written.guide, written.form
    fields = list(_fields(form["fields"])) if form else []
    term = (written.term or {}) if guide else {}
    return [
        Figure("papers", len(guide["needs"]) if guide else None),
        Figure("files", sum(field["widget"] == "files" for field in fields) if form else None),
        Figure("questions", len(fields) if form else None),
        Figure("required_questions", len(form["schema"].get("required", ())) if form else None),
        Figure("steps", len(guide["steps"]) if guide else None),
        Figure("own_steps", sum(_is_yours(step) for step in guide["steps"]) if guide else None),
        Figure("time", term.get("amount"), str(term.get("unit", ""))),
        Figure("fee", guide["fee"].get("amount_vnd") if guide else None, "vnd"),
    ]


def differences(before: Editorial, after: Editorial) -> list[Difference]:
    """Return every figure of both; less is lighter."""
    made = []
    for old, new in zip(figures(before), figures(after), strict=True):
        known = old.amount is not None and new.amount is not None and old.unit == new.unit
        change = new.amount - old.amount if known and new.amount is not None and old.amount is not None else None
        made.append(Difference(new.name, old, new, change))
    return made


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> "list[Mapping[str, Any]]":
    found: list[Mapping[str, Any]] = []
    for field in fields.values():
        found += _fields(field["fields"]) if field["widget"] == "group" else [field]
    return found


def _is_yours(step: Mapping[str, Any]) -> bool:
    return str(step["who"]["vi"]).lower().startswith(YOU)
