"""Section 3, what people ask before any procedure: life events, guides, questions, essential services, addresses."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from kernel.workdays import YEARS
from portal import codes
from portal.forms.dates import Problem, read_date
from portal.pages import linked_data
from portal.pages.problem import problem_page, route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem


async def information(visit: Visit) -> Response:
    """Show the way to everything of this section."""
    events = await visit.api.get_or(None, "life_events")
    guides = await visit.api.get_or(None, "guides")
    fields = await visit.api.get_or(None, "fields")
    return visit.page(
        "information.html",
        events=(events or {}).get("results", []),
        guides=(guides or {}).get("results", []),
        fields=(fields or {}).get("results", []),
        away=events is None,
    )


async def life_event(visit: Visit) -> Response:
    """Show a checklist; a day (three boxes, in the address alone) turns its terms into dates."""
    typed = tuple(visit.query(box, 20) for box in "dmy")
    read = read_date(*typed, partial=False, today=visit.today)
    error, day = _chosen(visit, read)
    try:
        event = await visit.api.call("life_event", {"id": visit.part("id")}, query={"day": day})
    except ApiProblem as refused:
        if refused.status != 404:
            raise
        return problem_page(visit, 404)
    title = visit.t.pick(event["title"])
    return visit.page(
        "life_event.html",
        422 if error else 200,
        event=event,
        typed=typed,
        error=error,
        filed=await _filed(visit),
        firsts={step["id"]: visit.t.pick(step["title"]) for step in event["steps"]},
        qr=_qr(visit, f"/life-events/{event['id']}", title),
        linked=[linked_data.crumbs(visit, (visit.t("frame.section_information"), "/information"), (title, ""))],
    )


def _chosen(visit: Visit, read: str | Problem | None) -> tuple[str, str]:
    """Return (error, day) of what was typed into the boxes; both empty when nothing was."""
    if isinstance(read, Problem):
        return visit.t(f"filing.bad_{read.code}", **read.values), ""
    # A term may end in the last year that the calendar knows, so none begins there.
    if read is not None and date.fromisoformat(read).year not in YEARS[:-1]:
        return visit.t("checklist.out_of_years"), ""
    return "", read or ""


async def _filed(visit: Visit) -> Mapping[str, Mapping[str, Any]]:
    """Return the newest dossier of each procedure that the signed-in person filed."""
    if not visit.signed_in:
        return {}
    listed = await visit.api.get_or({}, "dossiers", page_size=100)
    return {str(one["procedure"]): one for one in reversed(listed.get("results", []))}


def _qr(visit: Visit, path: str, title: str) -> Markup:
    return Markup(codes.qr_svg(visit.whole(path), visit.t("checklist.qr", title=title)))


async def guides(visit: Visit) -> Response:
    """List the one-page guides."""
    listed = await visit.api.call("guides")
    return visit.page("guides.html", guides=listed["results"])


async def one_guide(visit: Visit) -> Response:
    """Show a guide in big type, for the wall and for the hand."""
    try:
        guide = await visit.api.call("guide", {"id": visit.part("id")})
    except ApiProblem as refused:
        if refused.status != 404:
            raise
        return problem_page(visit, 404)
    return visit.page("one_guide.html", guide=guide, qr=_qr(visit, guide["see"], visit.t.pick(guide["title"])))


async def questions(visit: Visit) -> Response:
    """Show questions with their answers, all of them or those that were looked for."""
    q, topic = visit.query("q"), visit.query("topic", 32)
    query = {"q": q, "topic": topic, "cursor": visit.query("cursor", 500), "page_size": 30}
    try:
        found = await visit.api.call("questions", query=query)
    except ApiProblem as refused:
        if refused.status != 422:
            raise
        found = await visit.api.call("questions")
        q = topic = ""
    return visit.page(
        "questions.html",
        found=found,
        q=q,
        topic=topic,
        linked=[linked_data.faq(visit, found["results"])] if found["results"] else [],
    )


async def essential(visit: Visit) -> Response:
    """List the 25 essential services, and say which have no code."""
    return visit.page("essential.html", listed=await visit.api.call("essential"))


async def addresses(visit: Visit) -> Response:
    """Say what an old address is called today, and which desk serves it."""
    query = visit.query("q")
    found = await visit.api.get_or(None, "places", q=query) if query else {"results": []}
    return visit.page("addresses.html", q=query, away=found is None, places=(found or {}).get("results", []))


ROUTES = [
    *route("/information", information, also=("/thong-tin",)),
    *route("/life-events/{id}", life_event, also=("/viec-doi/{id}",)),
    *route("/guides", guides, also=("/huong-dan",)),
    *route("/guides/{id}", one_guide, also=("/huong-dan/{id}",)),
    *route("/questions", questions, also=("/hoi-dap",)),
    *route("/essential-services", essential, also=("/dich-vu-thiet-yeu",)),
    *route("/addresses", addresses, also=("/dia-chi",)),
]
