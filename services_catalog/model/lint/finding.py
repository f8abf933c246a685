"""One thing to mend in what was written for a procedure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and how to mend it. ``check`` names the check, for programs and tests."""

    check: str
    file: str
    field: str
    wrong: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.wrong} {self.mend}"


# A place in a file, and the pair of texts that stands there.
Placed = tuple[str, Sequence[str]]


def pairs(value: Any, where: str = "") -> Iterator[Placed]:
    """Yield every ``[vi, en]`` of ``value`` with its place, in reading order; a missing language is an empty text.

    Items of lists, so pages and fields, are named by their ``id`` or ``name`` where they have one. Answers are no
    texts, nor is the name of a shared list of options.
    """
    match value:
        case [str() | None, str() | None]:
            yield where, [value[0] or "", value[1] or ""]
        case [str(lone)] if where.rpartition(".")[2] != "everyday":
            yield where, [lone, ""]
        case [str(option), str() | None as vi, str() | None as en]:
            yield f"{where}.{option}", [vi or "", en or ""]
        case [[str(), _, _], *_]:
            for option in value:
                yield from pairs(option, where)
        case list():
            for number, item in enumerate(value):
                yield from pairs(item, f"{where}.{_named(item, number)}".lstrip("."))
        case dict():
            for key, item in value.items():
                if key in ("pages", "fields"):
                    yield from pairs(item, where)
                elif key not in ("when", "sources", "answers", "repeat", "value", "accept"):
                    yield from pairs(item, f"{where}.{key}".lstrip("."))
                elif key == "repeat":
                    yield from pairs(item.get("item"), f"{where}.repeat.item")


def _named(item: Any, number: int) -> str:
    name = (item.get("id") or item.get("name")) if isinstance(item, Mapping) else None
    return str(name or number + 1)
