"""One page of questions, ready for the template: what was typed stays in the boxes, errors say what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from kernel.locale import telephone
from portal.forms import conditions
from portal.forms.dates import Problem
from portal.forms.values import Posted, Read, one, read
from portal.i18n import Words

NO_BOX = ("former", "group")


@dataclass(slots=True)
class Question:
    """One field as the template shows it. ``raw`` is the text in the box, ``chosen`` the ticked options."""

    name: str
    widget: str
    label: str
    hint: str
    optional: bool
    options: list[tuple[str, str]]
    autocomplete: str
    accept: str = ""
    max_files: int = 1
    partial: bool = False
    raw: str = ""
    chosen: frozenset[str] = frozenset()
    boxes: tuple[str, str, str] = ("", "", "")
    wrong_boxes: tuple[str, ...] = ()
    digests: list[str] = field(default_factory=list)
    uploaded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    found_places: list[Mapping[str, Any]] = field(default_factory=list)
    found_said: str = ""
    place_query: str = ""
    searchable: bool = False
    error: str = ""
    source: str = ""
    rule: str = ""
    when: str = ""
    only_if: str = ""
    wallet: list[dict[str, str]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The id that the error summary links to: the first box or choice to mend."""
        if self.widget == "date":
            return f"f-{self.name}-{(self.wrong_boxes or ('d',))[0]}"
        if self.widget in ("radios", "checkboxes", "yesno"):
            return f"f-{self.name}-0"
        if self.widget == "ward":
            return f"f-{self.name}-q"
        return f"f-{self.name}"


def read_page(form: conditions.Form, names: Iterable[str], posted: Posted, today: date) -> dict[str, Read]:
    """Return what was typed for every field of a page."""
    properties = form["schema"].get("properties", {})
    return {name: read(name, form["fields"][name], properties.get(name, {}), posted, today) for name in names}


def source_of(spec: Mapping[str, Any], answers: conditions.Answers) -> str:
    """Return the name of the profile's fact that fills a field, or nothing; some sources hang on the answers."""
    conditional = (one["source"] for one in spec.get("sources") or () if conditions.holds(one["when"], answers))
    return str(spec.get("source") or next(conditional, "")).removeprefix("profile.")


def problem_text(problem: Problem, spec: Mapping[str, Any], t: Words) -> str:
    """Return the sentence for a value that could not be read: the form's own, else the portal's."""
    own = (spec.get("errors") or {}).get(problem.code)
    return t.pick(own) if own else t(f"filing.bad_{problem.code}", **problem.values)


def required_text(spec: Mapping[str, Any], t: Words) -> str:
    """Return the sentence for a question that was left empty."""
    own = (spec.get("errors") or {}).get("required")
    return t.pick(own) if own else t("filing.bad_required", label=t.pick(spec["label"]))


def questions(
    form: conditions.Form,
    names: Mapping[str, Mapping[str, Any] | bool],
    answers: conditions.Answers,
    t: Words,
    *,
    posted: Posted | None = None,
) -> list[Question]:
    """Return the questions ``names`` (with what of their conditions is open), holding what was posted, else saved."""
    wanted, ever = conditions.required(form["schema"], answers), conditions.ever_required(form["schema"])
    made: list[Question] = []
    said = ""
    for name, open_condition in names.items():
        spec = form["fields"][name]
        if spec["widget"] in NO_BOX:
            continue
        hanging = not isinstance(open_condition, bool)
        question = _blank(name, spec, t, optional=name not in (ever if hanging else wanted))
        if not isinstance(open_condition, bool):
            question.when = orjson.dumps(open_condition).decode()
            told = only_if(form, open_condition, t)
            question.only_if, said = ("" if told == said else told), told
        if posted is None:
            _fill(question, answers.get(name))
        else:
            _refill(question, posted)
        made.append(question)
    return made


def only_if(form: conditions.Form, condition: Mapping[str, Any], t: Words) -> str:
    """Return in words when a question is to be answered, for who sees it before it applies; nothing if not simple."""
    for joined in ("all", "any"):
        if len(condition.get(joined, ())) == 1:
            return only_if(form, condition[joined][0], t)
    wanted = [condition["equals"]] if "equals" in condition else condition.get("in")
    if wanted is None or condition.get("field") not in form["fields"]:
        return ""
    spec = form["fields"][condition["field"]]
    labels = {option["value"]: t.pick(option["label"]) for option in spec.get("options") or ()}
    if spec["widget"] == "yesno":
        labels = {True: t("frame.yes"), False: t("frame.no")}
    chosen = f" {t('filing.or')} ".join(f"“{labels[value]}”" for value in wanted if value in labels)
    return t("filing.only_if", label=t.pick(spec["label"]), choices=chosen) if chosen else ""


def _blank(name: str, spec: Mapping[str, Any], t: Words, *, optional: bool) -> Question:
    options = [(str(option["value"]), t.pick(option["label"])) for option in spec.get("options") or ()]
    if spec["widget"] == "yesno":
        options = [("yes", t("frame.yes")), ("no", t("frame.no"))]
    return Question(
        name=name,
        widget=spec["widget"],
        label=t.pick(spec["label"]),
        hint=t.pick(spec.get("hint")),
        optional=optional,
        options=options,
        autocomplete=spec.get("autocomplete") or "",
        accept=",".join(spec.get("accept") or ()),
        max_files=int(spec.get("max_files") or 1),
        partial=bool(spec.get("partial")),
        searchable=any(option.get("also") for option in spec.get("options") or ()),
        rule=t("following.rule", rule=t.pick(spec["rule"])) if spec.get("rule") else "",
    )


def _fill(question: Question, value: Any) -> None:
    """Put an answer into the boxes."""
    if value is None:
        return
    if question.widget == "date":
        year, month, day = (*str(value).split("-"), "", "")[:3]
        question.boxes = (day.lstrip("0"), month.lstrip("0"), year)
    elif question.widget == "yesno":
        question.chosen = frozenset(["yes" if value else "no"])
    elif question.widget == "files":
        question.digests = list(value)
    elif isinstance(value, list):
        question.chosen = frozenset(str(item) for item in value)
    else:
        question.raw = telephone(value) if question.widget == "phone" else str(value)
        question.chosen = frozenset([str(value)])


def _refill(question: Question, posted: Posted) -> None:
    """Put back what was typed, exactly."""
    name = question.name
    if question.widget == "date":
        question.boxes = (one(posted, f"{name}-d"), one(posted, f"{name}-m"), one(posted, f"{name}-y"))
    elif question.widget == "files":
        question.digests = list(dict.fromkeys(posted.get(name, [])))
    else:
        question.raw = one(posted, name)
        question.chosen = frozenset(posted.get(name, []))
        question.place_query = one(posted, f"{name}-q")
