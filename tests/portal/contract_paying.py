"""Paying, as the public contract has it: one payment alive for a dossier, and what the platform says of it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from kernel.errors import Conflict, NotFound, Text
from tests.portal.samples import PAYMENTS, payment

Opened = Callable[[Request, str], dict[str, Any]]


def add_paying(app: FastAPI, opened: Opened) -> dict[str, dict[str, Any]]:
    """Add the endpoints; return the payments by id, which a test may change as a platform would."""
    payments = {id: dict(one) for id, one in PAYMENTS.items()}

    @app.post("/dossiers/{code}/payments", status_code=201)
    async def start(code: str, request: Request) -> Response:
        dossier = opened(request, code)
        ask, asked = dossier["asks"][0], await request.json()
        if asked["amount_vnd"] != ask["amount_vnd"]:
            text = Text("Số tiền vừa thay đổi. Bạn xem lại rồi nộp.", "The amount has changed. Look again, then pay.")
            raise Conflict("amount_changed", text, extra={"amount_vnd": ask["amount_vnd"]})
        alive = [one for one in dossier["payments"] if one["state"] in ("started", "unknown")]
        if not alive:
            id = f"new{len(dossier['payments']) + 1}"
            payments[id] = payment(id, "started", pay_url=f"http://pay.test/pay/{id}", amount_vnd=ask["amount_vnd"])
            dossier["payments"] = [*dossier["payments"], payments[id]]
            dossier["can"] = [one for one in dossier["can"] if one != "pay"]
            alive = [payments[id]]
        return JSONResponse(alive[0], 201)

    @app.post("/dossiers/{code}/payments/{id}/check")
    async def check(code: str, id: str, request: Request) -> Any:
        opened(request, code)
        if id not in payments:
            raise NotFound("no_such_payment", Text("Không tìm thấy khoản nộp này.", "There is no such payment."))
        return payments[id]

    return payments
