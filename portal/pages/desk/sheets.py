"""What an editor's page of boxes shows: what was typed or is saved, the rows of its condition, what is wrong and where.

Faults of the last save come from the service; those of a sheet that was just sent come from its boxes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.forms.values import Posted, one
from portal.pages.desk import boxes
from portal.pages.desk.branching import EMPTY_ROWS, MOST_ROWS, Row, read_rows, rows
from portal.pages.desk.copies import Copy
from portal.pages.desk.layout import Form, answers_offered, index_of
from portal.pages.visit import Visit

Part = Mapping[str, Any]
BOX_OF = {
    "title": "title.vi",
    "label": "label.vi",
    "hint": "hint.vi",
    "rule": "rule.vi",
    "when": "when.0.answer",
    "repeat": "repeat.min",
    "sources": "source",
    "errors": "errors.required.vi",
    "personal": "rule.vi",
    "condition": "when.0.answer",
    "unreachable": "when.0.answer",
}


@dataclass(slots=True)
class Sheet:
    """One page of boxes. ``condition`` None = it takes more rows than can be shown; ``theirs`` = saved meanwhile."""

    held: Mapping[str, str]
    condition: Sequence[Row] | None
    offered: Sequence[tuple[str, str]]
    faults: dict[str, str] = field(default_factory=dict)
    stale: bool = False
    gone: bool = False
    theirs: dict[str, str] = field(default_factory=dict)
    part: Part = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        """The rows of the condition with the empty ones."""
        listed = list(self.condition or ())
        return [*listed, *([Row()] * min(EMPTY_ROWS, MOST_ROWS - len(listed)))]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """What the summary of errors says."""
        return list(self.faults.items())


def page_sheet(
    visit: Visit,
    bench: Copy,
    form: Form,
    page: Part,
    texts: Posted | None = None,
    faults: boxes.Faults | None = None,
    *,
    stale: bool = False,
) -> Sheet:
    """Return the sheet of a page's head."""
    saved = boxes.page_boxes(page)
    sheet = _sheet(visit, bench, form, page, page, saved, texts, faults, but="", stale=stale)
    if texts is None:
        at = index_of(form["pages"], "id", page["id"])
        sheet.faults = faults_of(visit, bench, f"form.pages.{at}", page["id"], skip="fields", fallback="title.vi")
    return sheet


def question_sheet(
    visit: Visit,
    bench: Copy,
    form: Form,
    page: Part,
    question: Part,
    texts: Posted | None = None,
    faults: boxes.Faults | None = None,
    *,
    stale: bool = False,
    gone: bool = False,
) -> Sheet:
    """Return the sheet of one question; ``gone`` = somebody removed it meanwhile."""
    saved = boxes.question_boxes(question)
    but = question["name"] or "-"
    sheet = _sheet(visit, bench, form, page, question, saved, texts, faults, but=but, stale=stale)
    sheet.gone = gone
    if texts is None and question["name"]:
        number, at = index_of(form["pages"], "id", page["id"]), index_of(page["fields"], "name", question["name"])
        path, where = f"form.pages.{number}.fields.{at}", f"{page['id']}.{question['name']}"
        sheet.faults = faults_of(visit, bench, path, where, fallback="label.vi")
    return sheet


def _sheet(
    visit: Visit,
    bench: Copy,
    form: Form,
    page: Part,
    part: Part,
    saved: Mapping[str, str],
    texts: Posted | None,
    faults: boxes.Faults | None,
    *,
    but: str,
    stale: bool,
) -> Sheet:
    t = visit.t
    condition = rows(part.get("when"))
    offered = answers_offered(form, page, but, bench["offers"]["lists"], t)
    held = dict(saved)
    if texts is not None:
        held |= {name: one(texts, name) for name in texts}
        condition = None if condition is None else read_rows(texts, "when")
    known = {answer for answer, _ in offered}
    waited = [row.answer for row in condition or ()] + [held[name] for name in held if name.endswith(".answer")]
    offered += [(answer, answer) for answer in dict.fromkeys(waited) if answer and answer not in known]
    said = {box: t(key, **values) for box, (key, values) in (faults or {}).items()}
    theirs = {name: text for name, text in saved.items() if name in held and held[name] != text} if stale else {}
    return Sheet(held, condition, offered, said, stale=stale, theirs=theirs, part=part)


def faults_of(
    visit: Visit, bench: Copy, path: str, where: str, *, skip: str = "", fallback: str = ""
) -> dict[str, str]:
    """Return what the service says of the part at ``path`` (named ``where`` by the checks of plain words), by box."""
    t, found = visit.t, {}
    for fault in bench["faults"]:
        rest = str(fault["path"]).removeprefix(f"{path}.")
        if (rest != fault["path"] or fault["path"] == path) and rest.partition(".")[0] != skip:
            key = "" if fault["path"] == path else rest.partition(".")[0]
            found[BOX_OF.get(key, key) or fallback] = t.pick(fault["text"])
    for one_unclear in bench["unclear"]:
        name, check = str(one_unclear["field"]), str(one_unclear["check"])
        if one_unclear["file"] != "form.json" or not (name == where or name.startswith(f"{where}.")):
            continue
        key = name.removeprefix(where).lstrip(".").partition(".")[0] or check
        if skip and key not in ("title", "hint", "repeat", check):
            continue
        told = t(f"desk.check_{check}") if t.known(f"desk.check_{check}") else one_unclear["wrong"]
        found.setdefault(BOX_OF.get(key, fallback), told)
    return found
