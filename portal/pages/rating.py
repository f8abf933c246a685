"""Rating a dossier that has ended: one tap, then, for those who wish, why and in their own words."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from portal.forms.values import one
from portal.pages.kept import kept
from portal.pages.naming import in_english
from portal.pages.problem import route
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

SCORES = (5, 4, 3, 2, 1)
CAUSES = ("portal_error", "complicated", "payment", "network", "device", "other")
UNHAPPY = 2


@kept
async def rating(visit: Visit) -> Response:
    """Take a tap or the rest of a rating, and show it with what is published of the office."""
    code = visit.part("code")
    dossier = await visit.api.call("dossier", {"code": code})
    await in_english(visit, [dossier])
    given = await visit.api.get_or(None, "rating", {"code": code})
    if visit.request.method == "GET":
        return await _page(visit, dossier, given)
    texts, _ = await posted(visit)
    score = one(texts, "score")
    if score not in map(str, SCORES):
        return await _page(visit, dossier, given, error=visit.t("rating.choose"))
    told = "told" in texts
    body = {
        "score": int(score),
        "reasons": [cause for cause in CAUSES if cause in texts.get("reason", [])] if told else _kept(given, "reasons"),
        "text": one(texts, "text")[:2000] if told else _kept(given, "text"),
        "call_back": one(texts, "call_back") == "yes",
    }
    try:
        await visit.api.call("rate", {"code": code}, json={k: v for k, v in body.items() if v is not None})
    except ApiProblem as refused:
        if refused.status not in (409, 422):
            raise
        return await _page(visit, dossier, given, error=refused.detail)
    return visit.go(f"/dossiers/{code}/rating?{'told' if told else 'sent'}=1")


def _kept(given: Mapping[str, Any] | None, name: str) -> Any:
    return given[name] if given else None


async def _page(
    visit: Visit, dossier: Mapping[str, Any], given: Mapping[str, Any] | None, *, error: str = ""
) -> Response:
    figure = await visit.api.get_or(None, "ratings", office=dossier["office"]["id"])
    return visit.page(
        "rating.html",
        422 if error else 200,
        private=True,
        dossier=dossier,
        given=given,
        error=error,
        errors=[("score", error)] if error else [],
        figure=figure,
        average=str((figure or {}).get("average") or "").replace(".", "," if visit.lang == "vi" else "."),
        told=bool(visit.query("told", 1)),
        scores=SCORES,
        causes=CAUSES,
        unhappy=UNHAPPY,
    )


ROUTES = route("/dossiers/{code}/rating", rating, "GET", "POST")
