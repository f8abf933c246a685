"""The files of information that the catalogue ships with."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from kernel.errors import Text
from services_catalog.model.information import (
    Essential,
    Guide,
    Information,
    LifeEvent,
    Line,
    Question,
    Step,
    Topic,
    Within,
)


def read_information(folder: Path) -> Information:
    """Return what the files of ``folder`` say. Raises ``KeyError`` or ``ValueError`` for a file that lacks a part."""
    events, guides, asked = (_read(folder, name) for name in ("life_events", "guides", "questions"))
    essential, contacts = _read(folder, "essential"), _read(folder, "contacts")
    return Information(
        checked_on=date.fromisoformat(events["checked_on"]),
        events=tuple(_event(one) for one in events["events"]),
        guides=tuple(_guide(one) for one in guides["guides"]),
        topics=tuple(Topic(one["id"], Text(*one["title"])) for one in asked["topics"]),
        questions=tuple(_question(one) for one in asked["questions"]),
        essential=tuple(
            Essential(one["no"], Text(*one["title"]), tuple(one["codes"]), one.get("own", ""))
            for one in essential["services"]
        ),
        essential_source=Text(*essential["source"]),
        lines=tuple(Line(one["id"], Text(*one["name"]), Text(*one["what"]), one["phone"]) for one in contacts["lines"]),
        lines_note=Text(*contacts["note"]),
    )


def _read(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def _event(one: Mapping[str, Any]) -> LifeEvent:
    return LifeEvent(
        id=one["id"],
        slug=one["slug"],
        title=Text(*one["title"]),
        lead=Text(*one["lead"]),
        day=Text(*one["day"]),
        steps=tuple(_step(step) for step in one["steps"]),
        leads=tuple(one.get("leads", ())),
        everyday=tuple(one.get("everyday", ())),
    )


def _step(one: Mapping[str, Any]) -> Step:
    within = one.get("within")
    return Step(
        id=one["id"],
        title=Text(*one["title"]),
        procedure=one.get("procedure", ""),
        text=_maybe(one.get("text")),
        rule=_maybe(one.get("rule")),
        only=_maybe(one.get("only")),
        instead=one.get("instead", False),
        after=tuple(one.get("after", ())),
        within=Within(within["amount"], within["unit"], Text(*within["rule"]), _maybe(within.get("from")))
        if within
        else None,
    )


def _guide(one: Mapping[str, Any]) -> Guide:
    return Guide(
        id=one["id"],
        title=Text(*one["title"]),
        lead=Text(*one["lead"]),
        steps=tuple(Text(*step) for step in one["steps"]),
        mind=Text(*one["mind"]),
        see=one["see"],
        everyday=tuple(one.get("everyday", ())),
    )


def _question(one: Mapping[str, Any]) -> Question:
    return Question(
        id=one["id"],
        topic=one["topic"],
        question=Text(*one["q"]),
        answer=Text(*one["a"]),
        procedure=one.get("procedure", ""),
        law=_maybe(one.get("law")),
        everyday=tuple(one.get("everyday", ())),
    )


def _maybe(pair: Sequence[str] | None) -> Text | None:
    return None if pair is None else Text(*pair)
