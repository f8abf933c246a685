"""Paying what the office asked for: three ends, one of them not known, and money that is never lost.

A payment is a fact of the nation. ``started`` and ``unknown`` are alive: while one is, no second one starts. Money
that has arrived is kept at most once for an ask; all other money goes back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dossier_service.model.dossier import Ask, Dossier
from dossier_service.model.happened import DossierChanged
from dossier_service.model.noting import noted
from dossier_service.model.states import UNDER_WAY, AskKind, RequestKind, RequestState
from kernel.errors import Conflict, Text

SOON = (5, 10, 20, 40, 50)
LATER = (600, 3600, 6 * 3600, 24 * 3600, 3 * 24 * 3600)
NEVER_BEGUN = len(SOON)
REFUNDED = "payment_refunded"


class PayState(StrEnum):
    """Where a payment stands."""

    STARTED = "started"
    UNKNOWN = "unknown"
    PAID = "paid"
    NOT_PAID = "not_paid"


class RefundState(StrEnum):
    """Where money stands that goes back."""

    DUE = "due"
    DONE = "done"


class RefundWhy(StrEnum):
    """Why money goes back."""

    ENDED = "ended"
    NOT_ASKED = "not_asked"
    TWICE = "twice"
    AMOUNT = "amount"
    NOT_ACCEPTED = "not_accepted"


class Word(StrEnum):
    """What the platform says of a payment. ``waiting``: nothing was debited; ``processing``: it does not know yet."""

    WAITING = "waiting"
    PROCESSING = "processing"
    PAID = "paid"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    NO_SUCH = "no_such"


class Todo(StrEnum):
    """What is still to be done by itself."""

    ASK = "ask"
    ANSWER = "answer"
    REFUND = "refund"
    NOTHING = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the platform. ``address`` is where the person pays; amounts are đồng; times are aware."""

    word: Word
    amount_vnd: int = 0
    receipt_no: str = ""
    at: datetime | None = None
    address: str = ""
    expires_at: datetime | None = None
    refund_no: str = ""
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to pay one ask. ``id`` is also the platform's idempotency key.

    ``asked`` counts how often the platform was asked since the state last changed; ``next_at`` (real time) is when it
    is asked again. ``change_no`` numbers the changes.
    """

    id: str
    code: str
    ask_no: int
    by: str
    helper: str | None
    amount_vnd: int
    started_at: datetime
    state: PayState = PayState.STARTED
    address: str = ""
    expires_at: datetime | None = None
    reason: str = ""
    charged_vnd: int = 0
    receipt_no: str = ""
    paid_at: datetime | None = None
    request_no: int | None = None
    settled: bool = False
    refund: RefundState | None = None
    refund_why: str = ""
    refund_no: str = ""
    refunded_at: datetime | None = None
    asked: int = 0
    next_at: datetime | None = None
    change_no: int = 1

    @property
    def alive(self) -> bool:
        """It may still take money."""
        return self.state in (PayState.STARTED, PayState.UNKNOWN)

    @property
    def kept(self) -> bool:
        """Its money is here to stay, as far as is known."""
        return self.state is PayState.PAID and self.refund is None

    @property
    def todo(self) -> Todo:
        """What is still to be done by itself."""
        if self.refund is RefundState.DUE:
            return Todo.REFUND
        if self.kept and not self.settled:
            return Todo.ANSWER
        return Todo.ASK if self.state is not PayState.PAID and self.next_at is not None else Todo.NOTHING


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside a payment: its dossier, the dossier's other payments, the kinds of requests that wait."""

    dossier: Dossier
    others: Sequence[Payment]
    waiting: Collection[RequestKind]


def asked_for(around: Around, ask_no: int | None, amount_vnd: int) -> Ask:
    """Return the open ask that is paid with ``amount_vnd``, the amount that the person saw.

    Raises ``Conflict``: ``dossier_ended``, ``already_paid``, ``nothing_asked``, ``amount_changed``.
    """
    dossier = around.dossier
    if dossier.state not in UNDER_WAY:
        raise Conflict(
            "dossier_ended",
            Text(
                "Hồ sơ này không còn chờ nộp tiền. Bạn không phải nộp gì.",
                "This dossier does not wait for money any more. There is nothing to pay.",
            ),
        )
    wanted = [ask for ask in dossier.open_asks if ask.kind is AskKind.MONEY and ask_no in (None, ask.ask_no)]
    if RequestKind.PAYMENT in around.waiting or any(is_kept(around.others, ask.ask_no) for ask in wanted):
        raise Conflict("already_paid", Text("Bạn đã nộp khoản này rồi.", "You have paid this already."))
    if not wanted or not wanted[0].amount_vnd:
        raise Conflict("nothing_asked", Text("Cơ quan không chờ bạn nộp tiền.", "The office asks for no money now."))
    if wanted[0].amount_vnd != amount_vnd:
        raise Conflict(
            "amount_changed",
            Text("Số tiền vừa thay đổi. Bạn xem lại rồi nộp.", "The amount has changed. Look again, then pay."),
            extra={"amount_vnd": wanted[0].amount_vnd},
        )
    return wanted[0]


def is_kept(payments: Sequence[Payment], ask_no: int) -> bool:
    """Tell whether money for ask ``ask_no`` is here to stay."""
    return any(one.kept and one.ask_no == ask_no for one in payments)


def began(payment: Payment, said: Said, *, now: datetime) -> Payment:
    """Return the payment once the platform has it: the person can go to ``address``."""
    if not payment.alive or not said.address:
        return payment
    after = replace(payment, address=said.address, expires_at=said.expires_at)
    return payment if after == payment else _changed(after, now)


def hear(payment: Payment, said: Said, around: Around, *, now: datetime) -> tuple[Payment, bool]:
    """Return the payment after the platform answered, and whether its money is to be filed as a request.

    ``now`` is real time. Money is never overlooked: not even after the platform had said that there was none.
    """
    if payment.state is PayState.PAID:
        return payment, False
    match said.word:
        case Word.PAID:
            why, files = _claim(payment, said, around)
            paid = replace(
                payment,
                state=PayState.PAID,
                reason="",
                charged_vnd=said.amount_vnd,
                receipt_no=said.receipt_no,
                paid_at=said.at or now,
                refund=RefundState.DUE if why else None,
                refund_why=why,
            )
            return _changed(paid, now), files
        case Word.DECLINED | Word.CANCELLED | Word.EXPIRED | Word.REFUNDED:
            return _ended(payment, said.word.value, now), False
        case Word.NO_SUCH if not payment.address and payment.asked >= NEVER_BEGUN:
            return _ended(payment, "never_begun", now), False
        case Word.WAITING:
            return _moved(payment, PayState.STARTED, now), False
        case _:
            return not_heard(payment, now=now), False


def not_heard(payment: Payment, *, now: datetime) -> Payment:
    """Return the payment after the platform did not say what became of it.

    Whoever was never shown where to pay cannot have paid: nothing becomes unknown then.
    """
    known = payment.state is PayState.STARTED and not payment.address
    return _moved(payment, PayState.STARTED if known else PayState.UNKNOWN, now)


def office_answered(payment: Payment, verdict: RequestState, *, now: datetime) -> Payment:
    """Return the payment after the office answered its request: what it did not take goes back."""
    if not payment.kept or payment.settled or verdict is RequestState.OPEN:
        return payment
    if verdict is RequestState.ACCEPTED:
        return _changed(replace(payment, settled=True), now)
    back = replace(payment, settled=True, refund=RefundState.DUE, refund_why=RefundWhy.NOT_ACCEPTED.value)
    return _changed(back, now)


def refunded(payment: Payment, said: Said | None, *, now: datetime) -> Payment:
    """Return the payment after the platform was told to give the money back; anything but "refunded": try again."""
    if payment.refund is not RefundState.DUE:
        return payment
    if said is None or said.word is not Word.REFUNDED:
        return replace(payment, asked=payment.asked + 1, next_at=now + _soon(payment.asked))
    done = replace(payment, refund=RefundState.DONE, refund_no=said.refund_no, refunded_at=said.refunded_at or now)
    return _changed(done, now)


def note_refund(dossier: Dossier, payment: Payment, *, at: datetime) -> tuple[Dossier, DossierChanged]:
    """Return the dossier with the entry that money went back; state and version stay. ``at`` is business time."""
    return noted(dossier, REFUNDED, note="", at=at, role="portal", kind=payment.refund_why)


def _claim(payment: Payment, said: Said, around: Around) -> tuple[str, bool]:
    """Return why arrived money goes back (empty = it stays), and whether it is filed as a request of the citizen."""
    dossier = around.dossier
    if said.amount_vnd != payment.amount_vnd:
        return RefundWhy.AMOUNT.value, False
    rival = any(other.alive for other in around.others) or is_kept(around.others, payment.ask_no)
    if rival or RequestKind.PAYMENT in around.waiting:
        return RefundWhy.TWICE.value, False
    if dossier.state not in UNDER_WAY:
        return RefundWhy.ENDED.value, True
    if not any(ask.ask_no == payment.ask_no for ask in dossier.open_asks):
        return RefundWhy.NOT_ASKED.value, True
    return "", True


def _ended(payment: Payment, reason: str, now: datetime) -> Payment:
    if payment.state is PayState.NOT_PAID:
        return _asked_again(payment, now)
    return _changed(replace(payment, state=PayState.NOT_PAID, reason=reason), now)


def _moved(payment: Payment, state: PayState, now: datetime) -> Payment:
    if payment.state is state or not payment.alive:
        return _asked_again(payment, now)
    return _changed(replace(payment, state=state), now)


def _changed(payment: Payment, now: datetime) -> Payment:
    fresh = replace(payment, asked=0, change_no=payment.change_no + 1, next_at=now)
    return _scheduled(fresh, now)


def _asked_again(payment: Payment, now: datetime) -> Payment:
    return _scheduled(replace(payment, asked=payment.asked + 1), now)


def _scheduled(payment: Payment, now: datetime) -> Payment:
    if payment.state is PayState.NOT_PAID:
        wait = LATER[payment.asked] if payment.asked < len(LATER) else None
        return replace(payment, next_at=now + timedelta(seconds=wait) if wait else None)
    if payment.alive:
        return replace(payment, next_at=now + _soon(payment.asked))
    return replace(payment, next_at=now if payment.todo is not Todo.NOTHING else None)


def _soon(asked: int) -> timedelta:
    return timedelta(seconds=SOON[min(asked, len(SOON) - 1)])
