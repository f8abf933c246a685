"""Help, privacy, accessibility, and the state of the system as it is this minute."""

from starlette.responses import Response

from portal.pages.problem import route
from portal.pages.visit import Visit
from portal.public_api import ENDPOINTS

PROBES = (
    ("catalog", "fields", 200),
    ("search", "suggest", 200),
    ("dossiers", "roots", 200),
    ("citizen", "notices", 401),
)
REVISED = "2026-11-21"


async def help_page(visit: Visit) -> Response:
    """Answer the questions people have while filing and following."""
    return visit.page("help.html")


async def privacy(visit: Visit) -> Response:
    """Say what is collected, why, for how long, who gets it."""
    return visit.page("privacy.html", revised=REVISED)


async def accessibility(visit: Visit) -> Response:
    """Say what was tested, what is known to be wrong, and whom to tell."""
    return visit.page("accessibility.html", revised=REVISED)


async def status(visit: Visit) -> Response:
    """Ask every part now, with a real call, and show what it answered."""
    parts = []
    for service, name, expected in PROBES:
        path = ENDPOINTS[name].path + ("?q=khai" if name == "suggest" else "")
        answered = await visit.api.answers(service, path)
        parts.append((service, 0 < answered < 500 and answered in (expected, 200, 401, 403)))
    stops = (await visit.api.get_or({}, "stops")).get("results", [])
    return visit.page("status.html", parts=parts, good=all(good for _, good in parts), at=visit.now, stops=stops)


ROUTES = [
    *route("/help", help_page, also=("/tro-giup",)),
    *route("/privacy", privacy, also=("/quyen-rieng-tu",)),
    *route("/accessibility", accessibility, also=("/tiep-can",)),
    *route("/status", status, also=("/tinh-trang",)),
]
