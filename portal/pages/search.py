"""Search results: a plain GET form, filters as links, one result a title, and a way on when nothing was found."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from portal.i18n import Words
from portal.pages.problem import route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

FILTERS = ("type", "online", "level", "applicant", "field", "agency")
SHOWN_CHOICES = 12
PLACES = 5
LOCAL = ("UBND", "Sở ", "Trung tâm")
PLACE_KINDS = frozenset({"xa", "phuong", "quan", "huyen", "tinh"})
PLACE_KINDS_OF_TWO = frozenset({"thi tran", "thi xa", "thanh pho", "dac khu"})
PROCEDURE = "procedure"
AHEAD = 3  # results before what stands beside them


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter as a link that keeps the question."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """One result, whose rule it is (``all``, ``here``, ``elsewhere``), and the ``others`` under its title."""

    item: Mapping[str, Any]
    rule: str
    issuer: str
    others: int
    versions: Sequence[tuple[str, str]] = ()


async def search(visit: Visit) -> Response:
    """Show what was found for ``q`` and the filters; no words and no filter shows how to look."""
    asked = {"q": visit.query("q"), **{name: visit.query(name) for name in FILTERS}}
    place, choices = await _where(visit)
    found: dict[str, Any] | None = None
    wrong = ""
    if any(asked.values()):
        try:
            query = {**asked, "cursor": visit.query("cursor", 500), "page_size": 20}
            found = await visit.api.call("search", query=query)
        except ApiProblem as refused:
            if refused.status not in (400, 422):
                raise
            wrong = refused.detail or visit.t("find.bad_query")
    results = [item for item in found["results"] if item["type"] == PROCEDURE] if found else []
    others = [item for item in found["results"] if item["type"] != PROCEDURE] if found else []
    rows = [_row(item, place) for item in results]
    beside = await _beside(visit, asked["q"], found)
    return visit.page(
        "search.html",
        asked=asked,
        found=found,
        wrong=wrong,
        rows=[row for row in rows if place is None or row.rule != "elsewhere"],
        others=others,
        ahead=AHEAD,
        elsewhere=[row for row in rows if place is not None and row.rule == "elsewhere"],
        place=place,
        place_choices=choices,
        ask_place=place is None and any(item.get("also_count") for item in results),
        narrowed=_narrowed(visit, asked),
        facets=_facets(visit, found, asked),
        noted=visit.query("noted", 1) == "1",
        as_typed=visit.here(q=f'"{asked["q"]}"', cursor=""),
        without_filters=visit.here(**dict.fromkeys((*FILTERS, "cursor"), "")),
        **beside,
    )


async def _where(visit: Visit) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]]]:
    """Return the ward the person named, and those it may be while that is not certain."""
    ward, typed = visit.query("place", 16), visit.query("where")
    if typed:
        named = (await visit.api.get_or({}, "places", q=typed, page_size=PLACES)).get("results", [])
        return (named[0], ()) if len(named) == 1 else (None, named)
    return (await visit.api.get_or(None, "place", {"ward": ward}) if ward else None), ()


async def _beside(visit: Visit, typed: str, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what else answers: wards and their offices, checklists, questions, guides, and what people use most."""
    nothing = found is not None and not found["results"]
    noted = visit.query("noted", 1) == "1"
    near = found["beside"] if found else []
    named = _named_place(typed) or (typed if nothing else "")
    empty: dict[str, Any] = {}

    async def ask(name: str, when: bool, **query: Any) -> Sequence[Mapping[str, Any]]:
        return (await visit.api.get_or(empty, name, **query) or empty).get("results", []) if when else []

    places, events, top = await asyncio.gather(
        ask("places", bool(named), q=named, page_size=PLACES),
        ask("life_events", nothing or noted),
        ask("top", nothing or found is None),
    )
    checklists = [one for one in near if one["type"] == "life_event"]
    told = [one for one in near if one["type"] != "life_event"]
    return {"places": places, "all_events": events, "checklists": checklists, "told": told, "top": top}


def _named_place(typed: str) -> str:
    """Return the part of a question that names a ward or a province ("công an phường Ba Đình"), else ""."""
    words = typed.split()
    plain = [_plain(word) for word in words]
    for place, word in enumerate(plain[:-1]):
        if word in PLACE_KINDS or " ".join(plain[place : place + 2]) in PLACE_KINDS_OF_TWO:
            return " ".join(words[place:])
    return ""


def _row(item: Mapping[str, Any], place: Mapping[str, Any] | None) -> Row:
    """Choose among documents of one title the one whose rule holds where the person lives."""
    versions = [(str(item["id"]), str(item.get("issuer") or ""))]
    versions += [(str(other["id"]), str(other["issuer"])) for other in item.get("also") or ()]
    others = int(item.get("also_count") or 0)
    here = [one for one in versions if place is not None and _of_place(one[1], place)]
    everywhere = [one for one in versions if not one[1].startswith(LOCAL)]
    code, issuer = (here or everywhere or versions)[0]
    rule = "here" if here else "elsewhere" if issuer.startswith(LOCAL) else "all"
    rest = [one for one in versions if one[0] != code]
    return Row({**item, "id": code, "issuer": issuer}, rule, issuer, others, rest)


def _of_place(issuer: str, place: Mapping[str, Any]) -> bool:
    """Tell whether ``issuer`` is an authority of the province that ``place`` lies in."""
    province = _without_kind(_plain(str(place.get("province_name") or "")))
    return issuer.startswith(LOCAL) and bool(province) and f" {_plain(issuer)} ".endswith(f" {province} ")


def _without_kind(name: str) -> str:
    return re.sub(r"^(tinh|thanh pho|tp\.?)\s+", "", name)


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d").replace("Đ", "d"))
    return " ".join("".join(char for char in bare if not unicodedata.combining(char)).split())


def _facets(visit: Visit, found: Mapping[str, Any] | None, asked: Mapping[str, str]) -> dict[str, list[Choice]]:
    """Return the choices of each filter that is not set: those the index counted, most frequent first."""
    counted = (found or {}).get("facets") or {}
    shown = {}
    for name in FILTERS:
        values = [] if asked[name] else (counted.get(name) or [])[:SHOWN_CHOICES]
        choices = [
            Choice(
                f"{_label(name, str(one['value']), visit.t)} ({visit.t.number(int(one['count']))})",
                visit.here(**{name: str(one["value"]), "cursor": ""}),
            )
            for one in values
        ]
        if len(choices) > 1 or (name == "online" and choices):
            shown[name] = choices
    return shown


def _narrowed(visit: Visit, asked: Mapping[str, str]) -> list[Choice]:
    """Return the filters that are set, each with the address without it."""
    return [
        Choice(
            f"{visit.t(f'find.by_{name}')}: {_label(name, asked[name], visit.t)}",
            visit.here(**{name: "", "cursor": ""}),
        )
        for name in _set(asked)
    ]


def _set(asked: Mapping[str, str]) -> Iterable[str]:
    return (name for name in FILTERS if asked[name])


def _label(name: str, value: str, t: Words) -> str:
    if name in ("field", "agency"):
        return t.named(value)
    key = f"find.{name}_{value}"
    return t(key) if name in ("type", "level", "applicant", "online") and t.known(key) else value


ROUTES = route("/search", search, also=("/tim-kiem", "/tra-cuu-thu-tuc"))
