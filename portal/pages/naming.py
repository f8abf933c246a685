"""Names for what the API gives by code: offices by the place they serve, procedures by their English title."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.pages.question import place_name
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


async def in_english(visit: Visit, rows: Sequence[dict[str, Any]]) -> None:
    """Give dossiers and drafts the English everyday title of their procedure, when the page is in English."""
    if visit.lang != "en":
        return
    for code in sorted({str(row["procedure"]) for row in rows}):
        procedure = await visit.api.get_or({}, "procedure", {"code": code})
        for row in rows:
            if row["procedure"] == code:
                row["plain_title_en"] = procedure.get("plain_title_en")
