"""Publishing and withdrawing by two people: an editor asks, another person looks and approves or declines."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from portal.forms.values import one
from portal.pages.desk.catalogue import overview_page
from portal.pages.desk.copies import HOME, address, may_edit, seen, waiting
from portal.pages.kept import kept
from portal.pages.problem import route
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

SHORTEST_REASON, LONGEST_REASON = 10, 500


@kept
async def ask_to_publish(visit: Visit) -> Response:
    """Ask a second person to publish the working copy, with the reason that everybody can read."""
    code = visit.part("code")
    texts, _ = await posted(visit)
    reason = " ".join(one(texts, "reason").split())[:LONGEST_REASON]
    restores = one(texts, "restores") == "yes"
    if len(reason) < SHORTEST_REASON:
        return await overview_page(visit, 422, error=visit.t("desk.reason_short"), reason=reason, restores=restores)
    body = {"version": seen(texts), "reason": reason, "restores": restores}
    try:
        await visit.api.call("ask_to_publish", {"code": code}, json=body)
    except ApiProblem as refused:
        if refused.status not in (404, 409, 412, 422):
            raise
        if refused.code == "proposal_not_found":
            return visit.go(address(code))
        return await overview_page(visit, refused.status, error=refused.detail, reason=reason, restores=restores)
    return visit.go(address(code, "?asked=1"))


@kept
async def ask_to_withdraw(visit: Visit) -> Response:
    """Say what withdrawing means for drafts and dossiers; take the reason and what replaces the procedure."""
    code = visit.part("code")
    if visit.request.method == "GET":
        return await _withdraw_page(visit)
    texts, _ = await posted(visit)
    typed = {"reason": " ".join(one(texts, "reason").split())[:LONGEST_REASON]}
    typed |= {"successor": one(texts, "successor").strip()[:64], "replaced": one(texts, "replaced")}
    errors = []
    if len(typed["reason"]) < SHORTEST_REASON:
        errors.append(("reason", visit.t("desk.reason_short")))
    if typed["replaced"] not in ("yes", "no") or (typed["replaced"] == "yes" and not typed["successor"]):
        errors.append(("replaced-yes" if not typed["replaced"] else "successor", visit.t("approving.successor_needed")))
    if not errors:
        none = typed["replaced"] == "no"
        body = {"reason": typed["reason"], "no_successor": none, "successor": "" if none else typed["successor"]}
        try:
            await visit.api.call("ask_to_withdraw", {"code": code}, json=body)
            return visit.go(address(code, "?asked=1"))
        except ApiProblem as refused:
            if refused.status not in (409, 422):
                raise
            errors = [("successor" if refused.status == 422 else "reason", refused.detail)]
    return await _withdraw_page(visit, typed, errors)


async def _withdraw_page(
    visit: Visit, typed: dict[str, str] | None = None, errors: list[tuple[str, str]] | None = None
) -> Response:
    code = visit.part("code")
    procedure = await visit.api.call("procedure", {"code": code})
    if procedure["withdrawn"] or not may_edit(visit):
        return visit.go(address(code))
    values: dict[str, Any] = {"reason": "", "successor": "", "replaced": "", **(typed or {})}
    return visit.page(
        "desk/withdraw.html",
        422 if errors else 200,
        private=True,
        procedure=procedure,
        at=address(code),
        errors=errors or [],
        **values,
    )


async def approve(visit: Visit) -> Response:
    """Do what was asked, as the second person."""
    code = visit.part("code")
    texts, _ = await posted(visit)
    asked = await waiting(visit, code)
    try:
        await visit.api.call("approve_motion", {"code": code}, json={"id": one(texts, "id")[:64] or "-"})
    except ApiProblem as refused:
        if refused.status not in (403, 404, 409, 412, 422):
            raise
        return await overview_page(visit, refused.status, error=refused.detail)
    return visit.go(address(code, "?published=1" if asked and asked["kind"] == "publish" else ""))


async def decline(visit: Visit) -> Response:
    """Take back what was asked, or decline it; the working copy stays."""
    await visit.api.call("drop_motion", {"code": visit.part("code")})
    return visit.go(address(visit.part("code")))


ROUTES: list[Route] = [
    *route(f"{HOME}/{{code}}/publish", ask_to_publish, "POST"),
    *route(f"{HOME}/{{code}}/withdraw", ask_to_withdraw, "GET", "POST"),
    *route(f"{HOME}/{{code}}/approve", approve, "POST"),
    *route(f"{HOME}/{{code}}/decline", decline, "POST"),
]
