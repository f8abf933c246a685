"""Paying what the office asked for: see the amount, go to the platform, come back to what became of it."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from portal.forms.values import one
from portal.pages.kept import kept
from portal.pages.naming import in_english
from portal.pages.problem import route
from portal.pages.reaching import reach
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

Payment = Mapping[str, Any]
REASONS = ("declined", "cancelled", "expired", "refunded", "never_begun")


@kept
async def pay(visit: Visit) -> Response:
    """Show what is paid, to whom and by which rule; then start the payment, one however often it is pressed."""
    dossier = await _dossier(visit)
    alive = next((one for one in dossier.get("payments") or () if one["state"] in ("started", "unknown")), None)
    if visit.request.method == "GET":
        if alive is not None:
            return visit.go(f"/dossiers/{dossier['code']}/payments/{alive['id']}")
        return await _pay_page(visit, dossier)
    texts, _ = await posted(visit)
    amount, ask_no = one(texts, "amount_vnd"), one(texts, "ask_no")
    if not (amount.isdecimal() and ask_no.isdecimal() and len(amount) < 16 and len(ask_no) < 6):
        raise HTTPException(400)
    body = {"amount_vnd": int(amount), "ask_no": int(ask_no)}
    code = {"code": str(dossier["code"])}
    try:
        payment = await visit.api.call("start_payment", code, json=body, key=one(texts, "key")[:80] or None)
    except ApiProblem as refused:
        if refused.status != 409:
            raise
        if refused.code == "payment_under_way":
            return visit.go(f"/dossiers/{dossier['code']}/payments/{refused.body['payment']}")
        return await _pay_page(visit, await _dossier(visit), refused.detail)
    return visit.go(f"/dossiers/{dossier['code']}/payments/{payment['id']}")


async def _pay_page(visit: Visit, dossier: Mapping[str, Any], error: str = "") -> Response:
    wanted = [ask for ask in dossier["asks"] if ask["kind"] == "money" and ask["state"] == "open"]
    if not wanted or "pay" not in dossier.get("can", ()):
        return visit.go(f"/dossiers/{dossier['code']}")
    return visit.page(
        "pay.html",
        409 if error else 200,
        private=True,
        dossier=dossier,
        ask=wanted[0],
        error=error,
        key=secrets.token_urlsafe(18),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


async def payment(visit: Visit) -> Response:
    """Show what became of a payment. Who comes back from the platform lands here; the platform itself is asked."""
    parts = {"code": visit.part("code"), "id": visit.part("id")}
    found = await visit.api.call("check_payment", parts)
    dossier = await _dossier(visit)
    ask = next((ask for ask in dossier["asks"] if ask["ask_no"] == found["ask_no"]), None)
    return visit.page(
        "payment.html",
        private=True,
        dossier=dossier,
        payment=found,
        ask=ask,
        end=end_of(found),
        again="pay" in dossier.get("can", ()),
        asked=ask is not None and ask["state"] == "open",
        reason=found["reason"] if found["reason"] in REASONS else "declined",
        key=secrets.token_urlsafe(18),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


def end_of(payment: Payment) -> str:
    """Return which of the pages a payment has: where money goes back, that is what is told."""
    return f"refund_{payment['refund']['state']}" if payment["refund"] else str(payment["state"])


async def _dossier(visit: Visit) -> Mapping[str, Any]:
    dossier: dict[str, Any] = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    return dossier


ROUTES = [
    *route("/dossiers/{code}/pay", pay, "GET", "POST"),
    *route("/dossiers/{code}/payments/{id}", payment),
]
