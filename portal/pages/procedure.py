"""The guide to one procedure: everything before filing; what nobody published is said to be so."""

from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from portal import codes
from portal.pages import linked_data
from portal.pages.problem import problem_page, route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem


async def guide(visit: Visit) -> Response:
    """Show one procedure; an old code says what replaced it."""
    try:
        procedure = await visit.api.call(
            "procedure", {"code": visit.part("code")}, query={"revision": visit.query("revision", 10)}
        )
    except ApiProblem as refused:
        if refused.status in (404, 422):
            return problem_page(visit, 404)
        raise
    asked = await visit.api.get_or({}, "questions", procedure=procedure["code"])
    trail = (visit.t("frame.section_search"), "/search"), (visit.title_of(procedure), "")
    return visit.page(
        "procedure.html",
        procedure=procedure,
        guide=procedure.get("guide") or {},
        applicants=[_applicant(visit, str(one)) for one in procedure.get("applicants") or ()],
        as_list=as_list,
        questions=asked.get("results", []),
        qr=Markup(codes.qr_svg(visit.canonical("vi"), visit.t("guide.qr"))),
        linked=[linked_data.service(visit, procedure), linked_data.crumbs(visit, *trail)],
    )


def _applicant(visit: Visit, kind: str) -> str:
    key = f"find.applicant_{kind}"
    return visit.t(key) if visit.t.known(key) else kind


def as_list(value: Any) -> list[Any]:
    """Return a guide's part as a list: parts come as one text or as several."""
    if not value:
        return []
    return list(value) if isinstance(value, list) else [value]


ROUTES = route("/procedures/{code}", guide, also=("/thu-tuc/{code}",))
