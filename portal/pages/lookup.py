"""Public look-up by code: the code and the degree of completion, nothing else, for anyone."""

from starlette.responses import Response

from portal import codes
from portal.pages.problem import route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem


async def lookup(visit: Visit) -> Response:
    """Show the box, or how far the dossier is."""
    typed = visit.request.path_params.get("code") or visit.query("code", 80)
    code = codes.normal(str(typed)) if typed else ""
    if not code:
        return visit.page("lookup.html", code="", typed="", found=None, error="")
    check = visit.query("k", 4)
    if not codes.well_formed(code):
        return _again(visit, str(typed), visit.t("following.code_shape"))
    if check and check != codes.check(code):
        return _again(visit, str(typed), visit.t("following.code_check"))
    try:
        found = await visit.api.call("lookup", {"code": code})
    except ApiProblem as refused:
        if refused.status not in (404, 422):
            raise
        return _again(visit, str(typed), visit.t("following.code_unknown", code=code), 404)
    return visit.page("lookup.html", code=code, typed=code, found=found, error="")


def _again(visit: Visit, typed: str, error: str, status: int = 422) -> Response:
    return visit.page("lookup.html", status, code="", typed=typed[:80], found=None, error=error)


ROUTES = [
    *route("/lookup", lookup, also=("/tra-cuu",)),
    *route("/lookup/{code}", lookup, also=("/tra-cuu/{code}",)),
]
