"""Paying what the office asked for: start, read, ask the platform again."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.parts import Code, DeskOf, IdempotencyKey, bind_key
from dossier_service.api.shapes import payment_shape
from dossier_service.usecases.payments import check_payment, read_payment, read_payments, start_payment
from kernel.auth import SignedIn
from kernel.web import Body, etagged

ROUTER = APIRouter(tags=["payments"])
PaymentId = Annotated[str, Path(min_length=1, max_length=64)]


class StartPayment(Body):
    """``amount_vnd`` is the amount the person saw (đồng); ``ask_no`` may be left out when one money ask is open."""

    amount_vnd: int = Field(ge=1, le=10**15)
    ask_no: int | None = Field(default=None, ge=1, le=100000)


@ROUTER.post("/dossiers/{code}/payments", status_code=201)
async def post_payment(
    desk: DeskOf, code: Code, body: StartPayment, principal: SignedIn, key: IdempotencyKey
) -> Response:
    """Start paying what the office asked for; while a payment is alive, that one is returned and no second begins.

    ``state``: ``started`` (go to ``pay_url``; null: the platform is away, start again), ``unknown`` (do not pay again;
    it is asked about by itself), ``paid``, ``not_paid`` (with ``reason``). ``refund`` tells of money that goes back:
    ``due`` or ``done``. Amounts are đồng. 404 ``no_such_dossier``; 409 ``payment_not_offered``, ``payment_under_way``,
    ``already_paid``, ``nothing_asked``, ``amount_changed`` (with ``amount_vnd``), ``dossier_ended``.
    """
    content = body.model_dump() | {"code": code}
    await bind_key(desk=desk, act="payments", principal=principal, token=None, key=key, body=content)
    payment = await start_payment(
        desk=desk, principal=principal, code=code, ask_no=body.ask_no, amount_vnd=body.amount_vnd
    )
    dossier, _ = await read_payments(desk=desk, principal=principal, code=code)
    return JSONResponse(payment_shape(payment, dossier), 201, {"cache-control": "no-store"})


@ROUTER.get("/dossiers/{code}/payments")
async def get_payments(request: Request, desk: DeskOf, code: Code, principal: SignedIn) -> Response:
    """Return every payment of my dossier, oldest first."""
    dossier, found = await read_payments(desk=desk, principal=principal, code=code)
    shape: dict[str, Any] = {"results": [payment_shape(one, dossier) for one in found], "next_cursor": None}
    return etagged(request, shape, private=True)


@ROUTER.get("/dossiers/{code}/payments/{id}")
async def get_payment(request: Request, desk: DeskOf, code: Code, id: PaymentId, principal: SignedIn) -> Response:
    """Return one payment as it is known here. 404 ``no_such_payment``."""
    dossier, payment = await read_payment(desk=desk, principal=principal, code=code, id=id)
    return etagged(request, payment_shape(payment, dossier), private=True)


@ROUTER.post("/dossiers/{code}/payments/{id}/check")
async def post_check(desk: DeskOf, code: Code, id: PaymentId, principal: SignedIn) -> Response:
    """Ask the platform what became of a payment and return it; the way back from the platform leads here.

    Safe to repeat. Without an answer the payment is ``unknown``, and it is asked about by itself until it is known.
    """
    dossier, payment = await check_payment(desk=desk, principal=principal, code=code, id=id)
    return JSONResponse(payment_shape(payment, dossier), headers={"cache-control": "no-store"})
