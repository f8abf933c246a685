"""The claim code of a printed receipt: follow without signing in, take the dossier over, end the helper's right.

The two codes never stand in an address: while the person signs in, a cookie that only these pages get keeps them.
"""

from typing import Any

import orjson
from starlette.responses import Response

from portal import codes
from portal.forms.values import Posted, one
from portal.pages.naming import in_english
from portal.pages.problem import route
from portal.pages.reaching import reach
from portal.pages.standing import KINDS
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

COOKIE, PATH, KEPT = "claim", "/claim", 15 * 60


async def ask(visit: Visit) -> Response:
    """Ask for the two codes; right after signing in, go on with those that were typed before."""
    kept = _kept(visit)
    if kept is None or not visit.signed_in:
        return visit.page("claim.html", private=True, errors=[], typed={})
    return await _look(visit, kept)


async def look(visit: Visit) -> Response:
    """Show what the two codes open."""
    texts, _ = await posted(visit)
    both = _read(texts)
    if one(texts, "switch"):
        return visit.page("claim.html", private=True, errors=[], typed=both)
    return await _look(visit, both)


async def _look(
    visit: Visit, both: dict[str, str], refused: str = "", *, ended: bool = False, untold: bool = False
) -> Response:
    missing = [(name, visit.t(f"claim.{name}_missing")) for name in ("dossier", "claim_code") if not both[name]]
    if missing:
        return visit.page("claim.html", 422, private=True, errors=missing, typed=both)
    try:
        found = await visit.api.call("look_at_claim", json=both)
    except ApiProblem as wrong:
        if wrong.status not in (404, 422, 429):
            raise
        if own := await _own(visit, both["dossier"]):
            own.delete_cookie(COOKIE, path=PATH)
            return own
        errors = [("claim_code", wrong.detail if wrong.status == 429 else visit.t("claim.wrong"))]
        response = visit.page("claim.html", wrong.status, private=True, errors=errors, typed=both)
        response.delete_cookie(COOKIE, path=PATH)
        return response
    await in_english(visit, [found])
    return visit.page(
        "claimed.html",
        409 if refused else 200,
        private=True,
        found=found,
        both=both,
        kind=KINDS.get(found["status"], "now"),
        person=await reach(visit, found["office"]["id"]),
        refused=refused,
        ended=ended,
        untold=untold,
    )


async def take(visit: Visit) -> Response:
    """Take the dossier over to one's own space; asks to sign in first and then comes back."""
    both = await _typed(visit)
    if not visit.signed_in:
        response = visit.sign_in(PATH)
        text = orjson.dumps(both).hex()
        visit.set_cookie(response, COOKIE, text, path=PATH, max_age=KEPT)
        return response
    try:
        taken = await visit.api.call("claim", json=both)
    except ApiProblem as refused:
        if refused.status not in (403, 409):
            return await _look(visit, both)
        return await _look(visit, both, refused.detail)
    response = visit.go(f"/dossiers/{taken['code']}")
    response.delete_cookie(COOKIE, path=PATH)
    return response


async def end(visit: Visit) -> Response:
    """End the helper's right at once; needs no sign-in."""
    return await _stop(visit, "end_help")


async def end_contact(visit: Visit) -> Response:
    """Stop the news by telephone, or through whom was named; needs no sign-in."""
    return await _stop(visit, "end_contact")


async def _stop(visit: Visit, endpoint: str) -> Response:
    both = await _typed(visit)
    try:
        await visit.api.call(endpoint, json=both)
    except ApiProblem as refused:
        if refused.status not in (404, 422, 429):
            raise
        return await _look(visit, both)
    return await _look(visit, both, ended=endpoint == "end_help", untold=endpoint == "end_contact")


async def _typed(visit: Visit) -> dict[str, str]:
    texts, _ = await posted(visit)
    return _read(texts)


def _read(texts: Posted) -> dict[str, str]:
    claim = one(texts, "claim_code").strip()[:60]
    return {"dossier": codes.normal(one(texts, "dossier")[:60]), "claim_code": claim}


async def _own(visit: Visit, code: str) -> Response | None:
    """Return the way to a dossier that the person has already, None where it is not theirs."""
    if not visit.signed_in or not codes.well_formed(code):
        return None
    try:
        found = await visit.api.call("dossier", {"code": code})
    except ApiProblem:
        return None
    return visit.go(f"/dossiers/{found['code']}?sent=claimed")


def _kept(visit: Visit) -> dict[str, str] | None:
    try:
        found: Any = orjson.loads(bytes.fromhex(visit.request.cookies.get(COOKIE, "")))
        return {name: str(found[name])[:60] for name in ("dossier", "claim_code")}
    except (ValueError, KeyError, TypeError):
        return None


ROUTES = [
    *route("/claim", ask, also=("/nhan-ho-so",)),
    *route("/claim", look, "POST"),
    *route("/claim/take", take, "POST"),
    *route("/claim/end", end, "POST"),
    *route("/claim/end-contact", end_contact, "POST"),
]
