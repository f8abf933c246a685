"""What is written for a procedure as the editor's page shows it: named boxes, and back.

A box is ``path.vi`` or ``path.en``; a list has a row of boxes for each item and two empty ones, and a row whose boxes
are all empty is left out. What a page has no box for stays as it was.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.forms.values import Posted, one

Written = Mapping[str, Any]
EMPTY_ROWS = 2
TEXTS = (("who",), ("fee", "text"), ("term", "text"), ("result",))
LISTS: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "needs": (("text", True), ("note", False)),
    "state_has": (("text", True), ("source", True)),
    "steps": (("text", True), ("who", True), ("time", False)),
    "offices": (("text", True),),
    "legal": (("title", True), ("articles", False)),
}
PARTS = ("names", "guide", "form", "examples")
NEW_GUIDE: Written = {
    "checked_on": "",
    **dict.fromkeys(("needs", "state_has", "steps", "offices", "legal"), ()),
    "fee": {"amount_vnd": None},
    "term": {"value": None},
}


@dataclass(frozen=True, slots=True)
class Unread:
    """A box that holds no JSON: which one, and where in it."""

    box: str
    line: int
    column: int


def rows(guide: Written, name: str) -> list[Written]:
    """Return the items of a list with the empty ones that an editor may fill."""
    return [*guide.get(name, ()), *({} for _ in range(EMPTY_ROWS))]


def take_names(written: Written, texts: Posted) -> dict[str, Any]:
    """Return ``written`` with names, everyday words (one a line) and the level that decides."""
    words = [word.strip() for word in one(texts, "everyday").splitlines()]
    return {
        **written,
        "plain": _pair(texts, "plain"),
        "everyday": [word for word in words if word],
        "competent_level": one(texts, "competent_level"),
    }


def take_guide(written: Written, texts: Posted) -> dict[str, Any]:
    """Return ``written`` with the guide of the boxes."""
    guide: dict[str, Any] = copy.deepcopy(dict(written.get("guide") or NEW_GUIDE))
    guide["checked_on"] = one(texts, "checked_on").strip()
    for path in TEXTS:
        part = guide
        for step in path[:-1]:
            part = part.setdefault(step, {})
        part[path[-1]] = _pair(texts, ".".join(path))
    guide["fee"]["amount_vnd"] = whole_number(one(texts, "fee.amount_vnd"))
    amount = whole_number(one(texts, "term.amount"))
    guide["term"]["value"] = None if amount is None else {"amount": amount, "unit": one(texts, "term.unit")}
    for name, columns in LISTS.items():
        guide[name] = _rows(guide.get(name, ()), name, columns, texts)
    return {**written, "guide": guide}


def take_json(written: Written, part: str, texts: Posted) -> tuple[dict[str, Any], Unread | None]:
    """Return ``written`` with ``part`` read from its box, or where the box stops being JSON. Empty takes it away."""
    typed = one(texts, part)
    if not typed.strip():
        return {name: value for name, value in written.items() if name != part}, None
    try:
        return {**written, part: json.loads(typed)}, None
    except json.JSONDecodeError as error:
        return dict(written), Unread(part, error.lineno, error.colno)
    except (RecursionError, ValueError):
        return dict(written), Unread(part, 1, 1)


def shown_json(written: Written, part: str) -> str:
    """Return ``part`` as its box shows it: one field or case a line is too wide, so two spaces a level."""
    value = written.get(part)
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)


def _rows(
    items: Sequence[Written], name: str, columns: Sequence[tuple[str, bool]], texts: Posted
) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for at in range(len(items) + EMPTY_ROWS):
        pairs = {column: _pair(texts, f"{name}.{at}.{column}") for column, _ in columns}
        if not any(text for pair in pairs.values() for text in pair):
            continue
        row = dict(items[at]) if at < len(items) else {}
        for column, needed in columns:
            row[column] = pairs[column] if needed or any(pairs[column]) else None
        kept.append(row)
    return kept


def _pair(texts: Posted, name: str) -> list[str]:
    return [" ".join(one(texts, f"{name}.{lang}").split()) for lang in ("vi", "en")]


def whole_number(typed: str) -> int | str | None:
    """Return a whole number; nothing for an empty box; what is no number stays as typed, and the check names it."""
    bare = typed.strip().replace(".", "").replace(",", "").replace(" ", "")
    if not bare:
        return None
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 16 else typed.strip()
