"""The front page: one search box, the follow box, the six sections, the procedures people use most."""

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
    return visit.page("front.html", sections=SECTIONS, top=(top or {}).get("results", [])[:10], away=top is None)


ROUTES = route("/", front)
