"""Search results: plain GET form, filters, paging, and a way on when nothing was found."""

from typing import Any

from starlette.responses import Response

from portal.pages.problem import route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

FILTERS = ("field", "level", "applicant", "agency")
SHOWN_OPTIONS = 60


async def search(visit: Visit) -> Response:
    """Show what was found for ``q`` and the filters; no words and no filter shows how to look."""
    asked = {"q": visit.query("q"), **{name: visit.query(name) for name in FILTERS}}
    found: dict[str, Any] | None = None
    wrong = ""
    if any(asked.values()):
        try:
            found = await visit.api.call(
                "search", query={**asked, "cursor": visit.query("cursor", 500), "page_size": 20}
            )
        except ApiProblem as refused:
            if refused.status not in (400, 422):
                raise
            wrong = refused.detail or visit.t("find.bad_query")
    return visit.page(
        "search.html",
        asked=asked,
        found=found,
        wrong=wrong,
        facets=_facets(found, asked),
        top=(await visit.api.get_or({}, "top")).get("results", [])[:5] if not found or not found["results"] else [],
    )


def _facets(found: dict[str, Any] | None, asked: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of each filter: those the index counted, and always the one that is set."""
    facets = (found or {}).get("facets") or {}
    shown = {}
    for name in FILTERS:
        values = facets.get(name) or facets.get(f"{name}s") or []
        pairs = [_choice(value) for value in (values.items() if isinstance(values, dict) else values)][:SHOWN_OPTIONS]
        if asked[name] and asked[name] not in (value for value, _ in pairs):
            pairs.insert(0, (asked[name], asked[name]))
        shown[name] = pairs
    return shown


def _choice(value: Any) -> tuple[str, str]:
    if isinstance(value, dict):
        name = str(value.get("value") or value.get("name") or value.get("id"))
        return (
            name,
            f"{value.get('label') or value.get('title') or name} ({value['count']})" if "count" in value else name,
        )
    if isinstance(value, (list, tuple)):
        return str(value[0]), f"{value[0]} ({value[1]})"
    return str(value), str(value)


ROUTES = route("/search", search, also=("/tim-kiem", "/tra-cuu-thu-tuc"))
