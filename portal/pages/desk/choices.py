"""The choices of a question as lines of text: ``code = Vietnamese | English``, one a line."""

from collections.abc import Mapping, Sequence

from portal.pages.desk.naming import new_name


class Unclear(ValueError):
    """A line that is no choice: which line, counted from 1, and why (``form`` or ``twice``)."""

    def __init__(self, line: int, kind: str) -> None:
        super().__init__(line, kind)
        self.line, self.kind = line, kind


def written_choices(options: Sequence[Sequence[str]]) -> str:
    """Return choices as lines."""
    return "\n".join(_line(option) for option in options)


def read_choices(text: str, known: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the choices that lines say. A line of ``known`` choices is that choice; a missing code is made.

    Raises ``Unclear``.
    """
    kept: Mapping[str, Sequence[str]] = {" ".join(_line(option).split()): option for option in known}
    made: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = " ".join(line.split())
        if not words:
            continue
        taken = [one[0] for one in made]
        option = list(kept[words]) if words in kept else _read(words, number, [*(one[0] for one in known), *taken])
        if option[0] in taken:
            raise Unclear(number, "twice")
        made.append(option)
    return made


def _line(option: Sequence[str]) -> str:
    code, vi, en = (" ".join(str(part).split()) for part in (*option, "", "", "")[:3])
    return f"{code} = {vi} | {en}"


def _read(words: str, number: int, codes: Sequence[str]) -> list[str]:
    head, equals, tail = words.partition("=")
    code, texts = (head.strip(), tail) if equals else ("", words)
    vi, bar, en = (part.strip() for part in texts.partition("|"))
    if not vi or not bar or not en or (equals and not code):
        raise Unclear(number, "form")
    return [code or new_name(en, codes), vi, en]
