"""Exemptions that an officer decides: the ground, what the list said and what the person sent; nothing else."""

from typing import Any

from starlette.responses import Response

from portal.forms.values import Posted, one
from portal.pages.kept import kept
from portal.pages.naming import with_titles
from portal.pages.problem import route
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

HOME = "/desk/exemptions"
CHOICES = ("grant", "refuse")


async def waiting(visit: Visit) -> Response:
    """List what waits for the officer's office."""
    found = await visit.api.call("exemptions", query={"cursor": visit.query("cursor", 500)})
    await with_titles(visit, found["results"])
    return visit.page("desk/exemptions.html", private=True, found=found, done=visit.query("done", 2))


async def proof(visit: Visit) -> Response:
    """Show one wish as far as it has to be seen."""
    return await _proof_page(visit, {}, [])


async def _proof_page(visit: Visit, texts: Posted, errors: list[tuple[str, str]]) -> Response:
    seen = await visit.api.call("exemption_proof", {"code": visit.part("code")})
    said = {name: one(texts, name) for name in ("decision", "reason", "rule")}
    status = 422 if errors else 200
    values: dict[str, Any] = {"seen": seen, "said": said, "errors": errors, "wrong": dict(errors)}
    return visit.page("desk/exemption.html", status, private=True, **values)


@kept
async def decide(visit: Visit) -> Response:
    """Record the decision once; a refusal needs its reason."""
    texts, _ = await posted(visit)
    said = one(texts, "decision")
    if said not in CHOICES:
        return await _proof_page(visit, texts, [("f-decision", visit.t("exemption.desk_choose"))])
    body = {"granted": said == "grant", "reason": one(texts, "reason")[:1000], "rule": one(texts, "rule")[:300]}
    if body["granted"]:
        body |= {"reason": "", "rule": ""}
    try:
        await visit.api.call("decide_exemption", {"code": visit.part("code")}, json=body)
    except ApiProblem as refused:
        if refused.status not in (409, 422):
            raise
        return await _proof_page(visit, texts, [("f-reason", refused.detail)])
    return visit.go(f"{HOME}?done=1")


ROUTES = [
    *route(HOME, waiting),
    *route(f"{HOME}/{{code}}", proof),
    *route(f"{HOME}/{{code}}", decide, "POST"),
]
