"""Names for what the API gives by code: offices by the place they serve, procedures by their English title."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.forms.answers import place_name
from portal.pages.visit import Visit


async def office_names(visit: Visit, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the place that each office among ``rows`` serves, by the office's code; one nobody knows is left out.

    ``H26`` is a province's own office, ``H26.00004`` the one of a ward (exact.md).
    """
    codes = {str(row["office"]) for row in rows if row.get("office")}
    provinces = {}
    if any("." not in code for code in codes):
        listed = await visit.api.get_or({"results": []}, "participants")
        provinces = {str(row["id"]): str(row["name"]) for row in listed["results"]}
    names = {}
    for code in sorted(codes):
        ward = code.partition(".")[2]
        place = await visit.api.get_or(None, "place", {"ward": ward}) if ward else None
        if name := place_name(place) if place else provinces.get(code):
            names[code] = name
    return names


async def filed_by(visit: Visit, dossier: Mapping[str, Any]) -> str:
    """Return who of an organisation filed a dossier, by name where it is known; empty for all other dossiers."""
    acted = dossier.get("acted_by") or {}
    if acted.get("role") != "organisation":
        return ""
    people = await visit.api.get_or([], "colleagues")
    return next((str(one["name"]) for one in people if one["sub"] == acted["sub"]), visit.t("capacity.somebody"))


async def in_english(visit: Visit, rows: Sequence[dict[str, Any]]) -> None:
    """Give dossiers and drafts the English everyday title of their procedure, when the page is in English."""
    if visit.lang == "en":
        await _add(visit, rows, ("plain_title_en",))


async def with_titles(visit: Visit, rows: Sequence[dict[str, Any]]) -> None:
    """Give rows that name a procedure by its code alone that procedure's titles; the code is one while it is away."""
    await _add(visit, rows, ("title", "plain_title", "plain_title_en"))


async def _add(visit: Visit, rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    codes = sorted({str(row["procedure"]) for row in rows})
    found = {code: await visit.api.get_or({"title": code}, "procedure", {"code": code}) for code in codes}
    for row in rows:
        row |= {name: found[str(row["procedure"])].get(name) for name in names}
