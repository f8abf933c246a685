"""Offices: by province of today or of before 1 July 2025, one by one, and those that nobody said how to reach."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from portal.pages.problem import problem_page, route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

AHEAD = 30


async def offices(visit: Visit) -> Response:
    """Show the provinces, or the offices of one."""
    province, lane = visit.query("province", 8), visit.query("lane", 8)
    view = "63" if lane or visit.query("view", 2) == "63" else "34"
    areas = (await visit.api.call("provinces", query={"view": view}))["results"]
    chosen = next((one for one in areas if one["code"] == (lane or province)), None)
    if (lane or province) and chosen is None:
        return problem_page(visit, 404)
    listed = await _listed(visit, province=province, lane=lane) if chosen else None
    lines = await visit.api.get_or({}, "lines") if chosen is None else {}
    return visit.page("offices.html", view=view, areas=areas, chosen=chosen, listed=listed, lines=lines)


async def missing(visit: Visit) -> Response:
    """List and count the offices and agencies whose contact is not published."""
    listed = await _listed(visit, province=visit.query("province", 8), missing="contact")
    areas = (await visit.api.call("provinces", query={"view": "34"}))["results"]
    agencies = await visit.api.call("agencies", query={"missing": "contact"})
    return visit.page("offices_missing.html", listed=listed, areas=areas, agencies=agencies)


async def _listed(visit: Visit, **asked: str) -> Any:
    query = {**asked, "page_size": 60}
    try:
        return await visit.api.call("offices", query={**query, "cursor": visit.query("cursor", 500)})
    except ApiProblem as refused:
        if refused.status != 422:
            raise
        return await visit.api.call("offices", query=query)


async def office(visit: Visit) -> Response:
    """Show one office: where, how, when, and who checked."""
    try:
        found = await visit.api.call("office", {"id": visit.part("id")})
    except ApiProblem as refused:
        if refused.status not in (404, 422):
            raise
        return problem_page(visit, 404)
    place = await visit.api.get_or({}, "place", {"ward": found["ward"]}) if found["ward"] else {}
    return visit.page(
        "office.html", office=found, contact=found["contact"] or {}, former=place.get("former", []), off=_off(visit)
    )


def _off(visit: Visit) -> list[tuple[Any, str]]:
    """Return the days of the coming month on which offices are closed besides weekends, and why."""
    days = [visit.today + timedelta(days=n) for n in range(AHEAD)]
    closed = [day for day in days if day in visit.calendar.off and day.weekday() < 5]
    return [(day, visit.calendar.off[day].in_language(visit.lang)) for day in closed]


ROUTES = [
    *route("/offices", offices, also=("/co-quan",)),
    *route("/offices/missing", missing, also=("/co-quan/chua-cong-bo",)),
    *route("/offices/{id}", office, also=("/co-quan/{id}",)),
]
