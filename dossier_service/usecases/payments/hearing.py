"""Hearing from the platform what became of a payment; money that has arrived is filed in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace

from dossier_service.clients.payments import NoAnswer
from dossier_service.model.dossier import Dossier, Request
from dossier_service.model.filing import file_fact
from dossier_service.model.payments import (
    Around,
    Payment,
    PayState,
    RefundState,
    Said,
    hear,
    not_heard,
    note_refund,
    refunded,
)
from dossier_service.model.states import RequestKind
from dossier_service.store import dossiers, payments
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.payments.figures import ENDS, REFUNDS, SILENT
from dossier_service.usecases.reading import own_dossier
from dossier_service.usecases.requests import keep_request
from kernel.auth import Principal
from kernel.clock import real_now
from kernel.db import Tx
from kernel.errors import NotFound, Text
from kernel.locale import money

NO_PAYMENT = Text("Không tìm thấy khoản nộp này.", "There is no such payment.")


async def read_payments(*, desk: Desk, principal: Principal, code: str) -> tuple[Dossier, Sequence[Payment]]:
    """Return the caller's dossier and its payments, oldest first. Raises ``NotFound``."""
    async with desk.database.read() as tx:
        return await own_dossier(tx, principal, code), await payments.of_dossier(tx, code)


async def read_payment(*, desk: Desk, principal: Principal, code: str, id: str) -> tuple[Dossier, Payment]:
    """Return the caller's dossier and one payment of it. Raises ``NotFound``."""
    async with desk.database.read() as tx:
        dossier = await own_dossier(tx, principal, code)
        payment = await payments.get(tx, code, id)
    if payment is None:
        raise NotFound("no_such_payment", NO_PAYMENT)
    return dossier, payment


async def check_payment(*, desk: Desk, principal: Principal, code: str, id: str) -> tuple[Dossier, Payment]:
    """Ask the platform what became of a payment that is alive; return it with its dossier. Raises ``NotFound``.

    A browser that comes back from the platform proves nothing: the platform itself is asked.
    """
    dossier, payment = await read_payment(desk=desk, principal=principal, code=code, id=id)
    if not payment.alive or desk.platform is None:
        return dossier, payment
    await ask_platform(desk=desk, payment=payment)
    return await read_payment(desk=desk, principal=principal, code=code, id=id)


async def ask_platform(*, desk: Desk, payment: Payment) -> bool:
    """Ask what became of ``payment`` and write it down; tell whether there was an answer."""
    assert desk.platform is not None
    try:
        said = await desk.platform.ask(payment)
    except NoAnswer:
        SILENT.inc()
        said = None
    await note_answer(desk=desk, code=payment.code, id=payment.id, said=said)
    return said is not None


async def note_answer(*, desk: Desk, code: str, id: str, said: Said | None) -> Payment:
    """Write down what the platform said of a payment (None: nothing). Money that arrived becomes a request, once."""
    async with desk.database.begin() as tx:
        payment = await payments.get(tx, code, id)
        assert payment is not None
        if payment.state is PayState.PAID:
            return payment
        around, waiting = await _around(tx, payment)
        if said is None:
            after, files = not_heard(payment, now=real_now()), False
        else:
            after, files = hear(payment, said, around, now=real_now())
        if files:
            after = replace(after, request_no=await _file(tx, desk, around.dossier, waiting, after))
        await payments.put(tx, after)
        tx.after_commit(lambda: count(payment, after))
    return after


async def give_back(*, desk: Desk, payment: Payment) -> bool:
    """Have the platform give the money of ``payment`` back; tell whether there was an answer."""
    assert desk.platform is not None
    try:
        said = await desk.platform.refund(payment)
    except NoAnswer:
        SILENT.inc()
        said = None
    async with desk.database.begin() as tx:
        known = await payments.get(tx, payment.code, payment.id)
        assert known is not None
        after = refunded(known, said, now=real_now())
        if after.refund is RefundState.DONE and known.refund is RefundState.DUE:
            before = (await dossiers.load(tx, [payment.code]))[payment.code]
            dossier, change = note_refund(before, after, at=desk.clock.now())
            await dossiers.move(tx, [(before, dossier)])
            await dossiers.add_history(tx, [change])
            tx.emit(change)
            tx.after_commit(lambda: desk.changes.ring([payment.code]))
        await payments.put(tx, after)
    return said is not None


def count(before: Payment, after: Payment) -> None:
    """Count how a payment ended, and that it goes back."""
    if after.state is not before.state and after.state is not PayState.STARTED:
        ENDS.labels(after.state.value).inc()
    if after.refund is RefundState.DUE and before.refund is None:
        REFUNDS.labels(after.refund_why).inc()


async def _around(tx: Tx, payment: Payment) -> tuple[Around, list[Request]]:
    dossier = (await dossiers.load(tx, [payment.code]))[payment.code]
    others = [one for one in await payments.of_dossier(tx, payment.code) if one.id != payment.id]
    waiting = list((await dossiers.open_requests(tx, [payment.code])).get(payment.code, {}).values())
    return Around(dossier, others, {one.kind for one in waiting}), waiting


async def _file(tx: Tx, desk: Desk, dossier: Dossier, waiting: Sequence[Request], payment: Payment) -> int:
    paid_at = payment.paid_at.isoformat() if payment.paid_at else None
    request = Request(
        request_no=0,
        kind=RequestKind.PAYMENT,
        ask_no=payment.ask_no,
        filed_at=desk.clock.now(),
        by=dossier.owner,
        helper=payment.helper,
        answers={"amount_vnd": payment.charged_vnd, "receipt_no": payment.receipt_no, "paid_at": paid_at},
        text=" · ".join(filter(None, (money(payment.charged_vnd, "vi"), payment.receipt_no))),
    )
    applied, numbered = file_fact(dossier, request, waiting, at=desk.clock.now(), calendar=desk.calendar)
    await keep_request(tx, desk, dossier, applied, numbered)
    return numbered.request_no
