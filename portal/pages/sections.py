"""Sections 2 and 4 to 6 as pages of their own; each says what is there today and what can be done now."""

from starlette.responses import Response

from portal.pages.problem import route
from portal.pages.visit import Visit


async def services(visit: Visit) -> Response:
    """Section 2: what can be filed here today, and the way back to drafts and dossiers."""
    top = await visit.api.get_or(None, "top")
    fileable = [procedure for procedure in (top or {}).get("results", []) if procedure.get("fileable")]
    return visit.page("services.html", fileable=fileable, away=top is None)


async def feedback(visit: Visit) -> Response:
    """Section 4: how to be heard today, with the deadlines of the law."""
    return visit.page("feedback.html")


async def consultations(visit: Visit) -> Response:
    """Section 5: what it will be, and where comments go today."""
    return visit.page("consultations.html")


async def transparency(visit: Visit) -> Response:
    """Section 6: what anyone can check today: counts, connected provinces, daily roots, the API."""
    participants = await visit.api.get_or(None, "participants")
    roots = await visit.api.get_or(None, "roots")
    return visit.page(
        "transparency.html",
        participants=(participants or {}).get("results"),
        roots=(roots or {}).get("results"),
    )


ROUTES = [
    *route("/services", services, also=("/nop-ho-so",)),
    *route("/feedback", feedback, also=("/phan-anh",)),
    *route("/consultations", consultations, also=("/gop-y",)),
    *route("/transparency", transparency, also=("/minh-bach",)),
]
