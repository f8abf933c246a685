"""The front page: search box, follow box, six sections, what people use most, and notices when there are any."""

from starlette.responses import Response

from portal.pages.problem import route
from portal.pages.visit import Visit

SECTIONS = (
    ("search", "/search"),
    ("services", "/services"),
    ("information", "/information"),
    ("feedback", "/feedback"),
    ("consultations", "/consultations"),
    ("transparency", "/transparency"),
)


async def front(visit: Visit) -> Response:
    """Show the front page; without the catalogue it still searches and follows."""
    top = await visit.api.get_or(None, "top")
    stops = await visit.api.get_or({}, "stops")
    return visit.page(
        "front.html",
        sections=SECTIONS,
        top=(top or {}).get("results", [])[:10],
        away=top is None,
        stops=stops.get("results", []),
    )


ROUTES = route("/", front)
