"""Starting a payment: written down first, then told to the platform; however often it is pressed, it is one."""

import secrets
from datetime import timedelta

from dossier_service.clients.payments import NoAnswer, PaymentPlatform
from dossier_service.model.payments import SOON, Around, Payment, asked_for, began
from dossier_service.store import dossiers, exemptions, payments
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.payments.figures import SILENT
from dossier_service.usecases.reading import own_dossier
from kernel.auth import Principal
from kernel.clock import real_now
from kernel.db import Tx
from kernel.errors import Conflict, Text


def offered(desk: Desk) -> PaymentPlatform:
    """Return the platform. Raises ``Conflict`` (``payment_not_offered``) where this installation has none."""
    if desk.platform is None:
        raise Conflict(
            "payment_not_offered",
            Text("Chưa nộp tiền được ở đây.", "Paying is not offered here yet."),
        )
    return desk.platform


async def start_payment(*, desk: Desk, principal: Principal, code: str, ask_no: int | None, amount_vnd: int) -> Payment:
    """Start paying the open money ask of the caller's dossier, or return the payment of it that is alive.

    ``amount_vnd`` is what the person saw. Without an ``address`` in the answer the platform did not take it in: nothing
    can have been paid, and starting again goes on with the same payment. Raises ``NotFound``, ``Conflict``
    (``payment_not_offered``, ``payment_under_way``, ``exempt_from_fee``, and as ``model.payments.asked_for``).
    """
    platform = offered(desk)
    async with desk.database.begin() as tx:
        payment, office = await _written(tx, desk, principal, code, ask_no, amount_vnd)
    if payment.address:
        return payment
    back_to = f"{desk.settings.public_url.rstrip('/')}/dossiers/{code}/payments/{payment.id}"
    try:
        said = await platform.begin(payment, about=f"{code} · {office}", back_to=back_to)
    except NoAnswer:
        SILENT.inc()
        return payment
    async with desk.database.begin() as tx:
        kept = await payments.get(tx, code, payment.id)
        assert kept is not None
        after = began(kept, said, now=real_now())
        await payments.put(tx, after)
    return after


async def _written(
    tx: Tx, desk: Desk, principal: Principal, code: str, ask_no: int | None, amount_vnd: int
) -> tuple[Payment, str]:
    """Return the payment, written with this transaction or before it, and the name of the office it is for."""
    dossier = await own_dossier(tx, principal, code)
    others = await payments.of_dossier(tx, code)
    alive = next((one for one in others if one.alive), None)
    if alive is not None:
        if ask_no not in (None, alive.ask_no) or amount_vnd != alive.amount_vnd:
            raise Conflict(
                "payment_under_way",
                Text(
                    "Một khoản nộp khác đang được xác nhận. Bạn chờ, không nộp thêm.",
                    "Another payment is being confirmed. Wait, and do not pay more.",
                ),
                extra={"payment": alive.id},
            )
        return alive, dossier.office_name
    if await exemptions.spared(tx, code):
        text = Text("Bạn đang được miễn lệ phí. Không phải nộp gì.", "You are exempt from the fee. Pay nothing.")
        raise Conflict("exempt_from_fee", text)
    waiting = (await dossiers.open_requests(tx, [code])).get(code, {}).values()
    ask = asked_for(Around(dossier, others, {one.kind for one in waiting}), ask_no, amount_vnd)
    payment = Payment(
        id=secrets.token_hex(16),
        code=code,
        ask_no=ask.ask_no,
        by=dossier.owner,
        helper=principal.actor if principal.sub == dossier.owner else principal.sub,
        amount_vnd=amount_vnd,
        started_at=desk.clock.now(),
        next_at=real_now() + timedelta(seconds=SOON[0]),
    )
    await payments.add(tx, payment)
    return payment, dossier.office_name
