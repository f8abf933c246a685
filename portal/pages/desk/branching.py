"""A condition of the form as rows that an editor reads: "and" or "or", is or is not, a question with its answer.

"And" binds closer than "or", as in speech: *a or b and c* is *a, or both b and c*. A condition that says the same in
another shape is kept in its own shape for as long as its rows stay.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.forms.values import Posted, one

Cond = Mapping[str, Any]
Literal = tuple[str, Any, bool]
MOST_ROWS = 12
EMPTY_ROWS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row; ``answer`` is ``[question, value]`` as JSON, empty in a row to be filled or left out."""

    joined: str = "or"
    negated: bool = False
    answer: str = ""


class Unreadable(ValueError):
    """A row holds no question with an answer: which one, counted from 0."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def rows(cond: Cond | None) -> list[Row] | None:
    """Return ``cond`` in rows, none for no condition; None where it takes too many."""
    if cond is None:
        return []
    groups = _groups(cond, False)
    if groups is None:
        return None
    return [
        Row("or" if not at else "and", negated, answer_of(name, value))
        for group in groups
        for at, (name, value, negated) in enumerate(group)
    ]


def taken(cond: Cond | None, texts: Posted, prefix: str) -> Cond | None:
    """Return the condition of the rows that were posted; ``cond`` itself while they say what they said.

    Raises ``Unreadable``.
    """
    before = rows(cond)
    if before is None or f"{prefix}.0.answer" not in texts:
        return cond
    typed = read_rows(texts, prefix)
    return cond if _same(typed, before) else made(typed)


def read_rows(texts: Posted, prefix: str) -> list[Row]:
    """Return the rows that were posted, without those left empty."""
    read = [
        Row(
            "and" if one(texts, f"{prefix}.{at}.joined") == "and" else "or",
            one(texts, f"{prefix}.{at}.is") == "not",
            one(texts, f"{prefix}.{at}.answer"),
        )
        for at in range(MOST_ROWS + EMPTY_ROWS)
    ]
    return [row for row in read if row.answer]


def made(listed: Sequence[Row]) -> Cond | None:
    """Return the condition that rows say. Raises ``Unreadable``."""
    groups: list[list[Cond]] = []
    for at, row in enumerate(listed):
        name, value = _answer(row.answer, at)
        asked: Cond = {"field": name, "equals": value}
        literal = {"not": asked} if row.negated else asked
        if row.joined == "and" and groups:
            groups[-1].append(literal)
        else:
            groups.append([literal])
    joined = [group[0] if len(group) == 1 else {"all": group} for group in groups]
    if not joined:
        return None
    return joined[0] if len(joined) == 1 else {"any": joined}


def answer_of(name: str, value: Any) -> str:
    """Return a question with an answer as one value of a select."""
    return json.dumps([name, value], ensure_ascii=False)


def _same(typed: Sequence[Row], before: Sequence[Row]) -> bool:
    """Tell whether two lists of rows say the same; how the first row is joined says nothing."""
    heads = [[("or", row.negated, row.answer) for row in listed[:1]] for listed in (typed, before)]
    return heads[0] == heads[1] and list(typed[1:]) == list(before[1:])


def _answer(text: str, at: int) -> tuple[str, Any]:
    try:
        match json.loads(text):
            case [str(name), str() | bool() | int() as value]:
                return name, value
    except (ValueError, RecursionError):
        raise Unreadable(at) from None
    raise Unreadable(at)


def _groups(cond: Any, negated: bool) -> list[list[Literal]] | None:
    """Return alternatives of what has to hold together; None where they are too many or no condition at all."""
    match cond:
        case {"all": [*parts]}:
            return _joined(parts, negated, together=not negated)
        case {"any": [*parts]}:
            return _joined(parts, negated, together=negated)
        case {"not": part}:
            return _groups(part, not negated)
        case {"field": str(name), "equals": str() | bool() | int() as value}:
            return [[(name, value, negated)]]
        case {"field": str(name), "in": [*values]} if values:
            literals = [(name, value, negated) for value in values]
            groups = [literals] if negated else [[literal] for literal in literals]
            return groups if len(literals) <= MOST_ROWS else None
    return None


def _joined(parts: Sequence[Any], negated: bool, *, together: bool) -> list[list[Literal]] | None:
    found: list[list[Literal]] = [[]] if together else []
    for part in parts:
        groups = _groups(part, negated)
        if not groups:
            return None
        found = [[*left, *right] for left in found for right in groups] if together else [*found, *groups]
        if sum(map(len, found)) > MOST_ROWS:
            return None
    return found
