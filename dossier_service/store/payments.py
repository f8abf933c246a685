"""Payments of dossiers, and what is to be done about them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from dossier_service.model.payments import Payment, PayState, RefundState, Todo
from dossier_service.model.states import RequestState
from dossier_service.store.tables import PAYMENT, REQUEST
from kernel.db import Tx, UtcDateTime

NAMES = tuple(field.name for field in fields(Payment))


async def get(tx: Tx, code: str, id: str) -> Payment | None:
    """Return one payment of a dossier, or None."""
    row = await tx.first(select(PAYMENT).where(PAYMENT.c.id == id, PAYMENT.c.code == code))
    return _payment(row) if row else None


async def of_dossier(tx: Tx, code: str) -> list[Payment]:
    """Return every payment of a dossier, oldest first."""
    rows = await tx.all(select(PAYMENT).where(PAYMENT.c.code == code).order_by(PAYMENT.c.started_at, PAYMENT.c.id))
    return [_payment(row) for row in rows]


async def add(tx: Tx, payment: Payment) -> None:
    """Insert a payment; the partial unique index refuses a second one that is alive."""
    await tx.execute(insert(PAYMENT).values(**_columns(payment)))


async def put(tx: Tx, payment: Payment) -> None:
    """Write a payment as it is now."""
    await tx.execute(update(PAYMENT).where(PAYMENT.c.id == payment.id).values(**_columns(payment)))


async def due(tx: Tx, now: datetime, *, limit: int) -> list[Payment]:
    """Return payments that the platform is to be asked about, or told to give back, at ``now`` (real time)."""
    wanted = (PAYMENT.c.todo.in_((Todo.ASK.value, Todo.REFUND.value)), PAYMENT.c.next_at <= now)
    rows = await tx.all(select(PAYMENT).where(*wanted).order_by(PAYMENT.c.next_at).limit(limit))
    return [_payment(row) for row in rows]


async def answered(tx: Tx, *, limit: int) -> Sequence[tuple[Payment, RequestState]]:
    """Return payments whose money is kept and whose request the office has answered since, with its verdict."""
    query = (
        select(PAYMENT, REQUEST.c.state.label("verdict"))
        .join(REQUEST, (REQUEST.c.code == PAYMENT.c.code) & (REQUEST.c.request_no == PAYMENT.c.request_no))
        .where(PAYMENT.c.todo == Todo.ANSWER.value, REQUEST.c.state != RequestState.OPEN.value)
        .limit(limit)
    )
    return [(_payment(row), RequestState(row.verdict)) for row in await tx.all(query)]


async def standing(tx: Tx) -> tuple[int, datetime | None, int]:
    """Return how many payments are not known, since when the oldest of them was begun, and how many refunds are due."""
    since = func.min(PAYMENT.c.started_at, type_=UtcDateTime).label("since")
    unknown = select(func.count().label("many"), since).where(PAYMENT.c.state == PayState.UNKNOWN.value)
    due = select(func.count().label("many")).where(PAYMENT.c.refund == RefundState.DUE.value)
    first, second = (await tx.all(unknown))[0], (await tx.all(due))[0]
    return int(first.many), first.since, int(second.many)


def _columns(payment: Payment) -> dict[str, Any]:
    values = {name: getattr(payment, name) for name in NAMES}
    refund = payment.refund.value if payment.refund else None
    return {**values, "state": payment.state.value, "refund": refund, "todo": payment.todo.value}


def _payment(row: Any) -> Payment:
    values = {name: getattr(row, name) for name in NAMES}
    refund = RefundState(row.refund) if row.refund else None
    return Payment(**{**values, "state": PayState(row.state), "refund": refund})
