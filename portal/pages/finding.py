"""Places and choices found by what was typed for them: one is taken, several are offered, none is said to be none."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.forms import conditions
from portal.forms.answers import place_name
from portal.forms.questions import Question
from portal.forms.values import Posted, one
from portal.pages.visit import Visit

FIND = "find"


@dataclass(slots=True)
class Found:
    """What was found by field: places to choose from, and what is to be said about them or about nothing."""

    places: dict[str, list[Any]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


async def find(
    visit: Visit, form: conditions.Form, names: Sequence[str], answers: Mapping[str, Any], texts: Posted
) -> tuple[Posted, Found]:
    """Return the texts with what was found for certain, and the rest to ask about.

    Whoever presses "find" sees what is meant before going on, also where there is one only.
    """
    out, found = dict(texts), Found()
    looking = one(texts, "action") == FIND
    _find_choices(visit, form, names, out, found, looking=looking)
    seen: dict[str, list[Any]] = {}
    for name in _of(form, names, "ward"):
        query = one(texts, f"{name}-q")
        if not query or (one(texts, name) and query == one(texts, f"{name}-was") and not looking):
            continue
        offered = seen[query] = await _places(visit, query)
        exact = [place for place in offered if place_name(place).casefold() == query.casefold()]
        hits = exact[:1] or offered
        out[name] = [hits[0]["ward"]] if len(hits) == 1 else [""]
        if len(hits) != 1 or looking:
            found.places[name] = offered
            found.said[name] = _which_place(visit, offered, query)
    for name in _of(form, names, "former"):
        out[name] = [await _former(visit, answers, name.removesuffix("_before"), out, seen)]
    return out, found


def _of(form: conditions.Form, names: Sequence[str], widget: str) -> list[str]:
    return [name for name in names if form["fields"][name]["widget"] == widget]


def _find_choices(
    visit: Visit, form: conditions.Form, names: Sequence[str], out: dict[str, list[str]], found: Found, *, looking: bool
) -> None:
    """Choose from long lists by other names, which are looked for and never shown."""
    for name in _of(form, names, "select"):
        query = one(out, f"{name}-q")
        if not query or (one(out, name) and not looking):
            continue
        options = form["fields"][name].get("options") or ()
        hits = [option for option in options if _is_called(option, query)]
        labels = [visit.t.pick(option["label"]) for option in hits]
        if len(hits) == 1:
            out[name] = [str(hits[0]["value"])]
            found.said[name] = visit.t("finding.chosen", name=labels[0]) if looking else ""
        elif hits:
            found.said[name] = visit.t("finding.several", names=", ".join(labels))
        else:
            found.said[name] = visit.t("finding.none", q=query)
    found.said = {name: text for name, text in found.said.items() if text}


def _is_called(option: Mapping[str, Any], query: str) -> bool:
    names = [*option["label"].values(), *(option.get("also") or "").split(",")]
    asked = _plain(query)
    return any(asked == _plain(name) for name in names)


def _plain(text: str) -> str:
    """Return text for matching: small letters and digits without accents."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in bare if letter.isalnum())


def _which_place(visit: Visit, places: Sequence[Mapping[str, Any]], query: str) -> str:
    """Return what to do about the places found: a divided old ward is one question about itself."""
    if not places:
        return visit.t("filing.place_none", q=query)
    old = {str(place.get("matched") or "") for place in places}
    if len(places) > 1 and len(old) == 1 and old != {""} and not any(place.get("whole", True) for place in places):
        return visit.t("filing.place_divided", name=old.pop(), n=len(places))
    return visit.t("filing.choose_place")


async def _former(
    visit: Visit,
    answers: Mapping[str, Any],
    ward: str,
    texts: Posted,
    seen: Mapping[str, Sequence[Mapping[str, Any]]],
) -> str:
    """Return the old name by which a ward was found, as papers print it; what was kept for the same ward stays.

    ``seen`` are places that were just looked up, by the words typed.
    """
    chosen, query = one(texts, ward), one(texts, f"{ward}-q")
    kept = str(answers.get(f"{ward}_before") or "") if chosen == answers.get(ward) else ""
    if not chosen or not query:
        return kept
    hits = seen[query] if query in seen else await _places(visit, query)
    return str(next((place.get("matched") for place in hits if place["ward"] == chosen), "") or "") or kept


async def _places(visit: Visit, query: str) -> list[Any]:
    return list((await visit.api.get_or({"results": []}, "places", q=query, page_size=8))["results"])


async def name_places(visit: Visit, asked: Sequence[Question]) -> None:
    """Show a chosen ward by its name, not its code."""
    for question in asked:
        if question.widget == "ward" and question.raw:
            place = await visit.api.get_or(None, "place", {"ward": question.raw})
            question.source = place_name(place) if place else question.raw
            question.place_query = question.place_query or question.source
