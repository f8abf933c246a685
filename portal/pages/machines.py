"""What machines ask for: the map of the site, what they may read, and feeds of what changed."""

from typing import Any

from starlette.responses import PlainTextResponse, Response

from kernel.web import etagged
from portal.pages.problem import route
from portal.pages.visit import OWN, Visit

MINUTES = 300
HOUR = 3600
CLOSED = (*OWN, "/auth/", "/office/", "/dev/", "/id/", "/components")
PAGES = (
    *("/", "/search", "/services", "/information", "/feedback", "/consultations", "/transparency"),
    *("/guides", "/questions", "/essential-services", "/addresses", "/offices", "/offices/missing"),
    *("/lookup", "/help", "/privacy", "/accessibility", "/status"),
)


async def sitemap(visit: Visit) -> Response:
    """List every public page: the sections, the checklists, the guides, the provinces' offices, every procedure."""
    events = await visit.api.get_or({"results": []}, "life_events")
    guides = await visit.api.get_or({"results": []}, "guides")
    areas = await visit.api.get_or({"results": []}, "provinces")
    found = await visit.api.call("codes")
    pages = [
        *PAGES,
        *(f"/life-events/{one['id']}" for one in events["results"]),
        *(f"/guides/{one['id']}" for one in guides["results"]),
        *(f"/offices?province={one['code']}" for one in areas["results"]),
    ]
    return _xml(visit, "sitemap.xml", HOUR, "application/xml", pages=pages, procedures=found["results"])


async def robots(visit: Visit) -> Response:
    """Say what search engines may read: everything but people's own pages."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED), f"Sitemap: {visit.whole('/sitemap.xml')}", ""]
    return PlainTextResponse("\n".join(lines), headers={"cache-control": f"public, max-age={HOUR}"})


async def changed(visit: Visit) -> Response:
    """Tell which procedures were published, changed or withdrawn last, newest first."""
    found = await visit.api.call("changes", query={"page_size": 50})
    rows = [_change(visit, one) for one in found["results"]]
    return _feed(visit, "/feeds/procedures.atom", "feeds.procedures", rows)


def _change(visit: Visit, one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": visit.whole(f"/procedures/{one['code']}?revision={one['revision']}"),
        "address": visit.whole(f"/procedures/{one['code']}"),
        "title": visit.t(f"feeds.{one['change']}", title=visit.title_of(one)),
        "text": f"{one['code']}. {one['title']}",
        "at": one["changed_at"],
    }


async def notices(visit: Visit) -> Response:
    """Tell of planned stops, newest first; those that were called off say so."""
    found = await visit.api.call("stops", query={"past": "true", "page_size": 50})
    rows = [
        {
            "id": f"{visit.whole('/status')}#stop-{one['id']}",
            "address": visit.whole("/status"),
            "title": visit.t("feeds.called_off" if one["cancelled_at"] else "feeds.stop", at=_when(visit, one)),
            "text": visit.t.pick(one["text"]),
            "at": one["cancelled_at"] or one["announced_at"],
        }
        for one in found["results"]
    ]
    return _feed(visit, "/feeds/notices.atom", "feeds.notices", rows)


def _when(visit: Visit, stop: dict[str, Any]) -> str:
    return visit.t.day_time(stop["starts_at"])


def _feed(visit: Visit, path: str, title: str, rows: list[dict[str, Any]]) -> Response:
    newest = max((row["at"] for row in rows), default="2026-07-01T00:00:00+07:00")
    values = {"address": visit.whole(path), "title": visit.t(title), "rows": rows, "updated": newest}
    return _xml(visit, "feed.xml", MINUTES, "application/atom+xml", **values)


def _xml(visit: Visit, template: str, max_age: int, media_type: str, **values: Any) -> Response:
    body = visit.rendered(template, **values).encode()
    return etagged(visit.request, body, max_age, media_type=media_type)


ROUTES = [
    *route("/sitemap.xml", sitemap),
    *route("/robots.txt", robots),
    *route("/feeds/procedures.atom", changed),
    *route("/feeds/notices.atom", notices),
]
