"""What mends itself: payments that are not known are asked about until they are, money that is not kept goes back."""

from dossier_service.model.payments import Todo, office_answered
from dossier_service.store import payments
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.payments.figures import OLDEST, REFUNDS_DUE, UNKNOWN
from dossier_service.usecases.payments.hearing import ask_platform, count, give_back
from kernel.clock import real_now

MOST = 100
SILENCES = 3


async def reconcile_payments(*, desk: Desk) -> int:
    """Do what is due now of all payments; return how many the platform was asked about.

    Three calls in a row without an answer end the round: the platform is away.
    """
    if desk.platform is None:
        return 0
    await _note_verdicts(desk)
    async with desk.database.read() as tx:
        due = await payments.due(tx, real_now(), limit=MOST)
    asked = silent = 0
    for payment in due:
        act = give_back if payment.todo is Todo.REFUND else ask_platform
        silent = 0 if await act(desk=desk, payment=payment) else silent + 1
        asked += 1
        if silent == SILENCES:
            break
    await _measure(desk)
    return asked


async def _note_verdicts(desk: Desk) -> None:
    """Note what the office said of money that was filed: what it did not take is to go back."""
    async with desk.database.read() as tx:
        found = await payments.answered(tx, limit=MOST)
    if not found:
        return
    async with desk.database.begin() as tx:
        for payment, verdict in await payments.answered(tx, limit=MOST):
            after = office_answered(payment, verdict, now=real_now())
            await payments.put(tx, after)
            count(payment, after)


async def _measure(desk: Desk) -> None:
    async with desk.database.read() as tx:
        unknown, since, refunds = await payments.standing(tx)
    UNKNOWN.set(unknown)
    OLDEST.set((desk.clock.now() - since).total_seconds() if since else 0)
    REFUNDS_DUE.set(refunds)
