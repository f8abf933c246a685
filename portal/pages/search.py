"""Search results: plain GET form, filters, paging, and a way on when nothing was found."""

from typing import Any

from starlette.responses import Response

from portal.i18n import Words
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
        facets=_facets(found, asked, visit.t),
        top=(await visit.api.get_or({}, "top")).get("results", []) if not found or not found["results"] else [],
    )


def _facets(found: dict[str, Any] | None, asked: dict[str, str], t: Words) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of each filter: those the index counted, and always the one that is set."""
    facets = (found or {}).get("facets") or {}
    shown = {}
    for name in FILTERS:
        counts = {str(one["value"]): int(one["count"]) for one in (facets.get(name) or [])[:SHOWN_OPTIONS]}
        chosen = asked[name]
        if chosen and chosen not in counts:
            counts = {chosen: 0, **counts}
        shown[name] = [(value, _label(name, value, count, t)) for value, count in counts.items()]
    return shown


def _label(name: str, value: str, count: int, t: Words) -> str:
    key = f"find.{name}_{value}"
    text = t(key) if name in ("level", "applicant") and t.known(key) else value
    return f"{text} ({t.number(count)})" if count else text


ROUTES = route("/search", search, also=("/tim-kiem", "/tra-cuu-thu-tuc"))
