"""Which facts a person is told, and when a message may leave.

One fact is one committed change of a dossier (its ``event_no``); each is told at most once per channel. The hours
from 22:00 to 6:00 are quiet, except for what the person has just started.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
QUIET_FROM = time(22, 0)
QUIET_UNTIL = time(6, 0)
OLD_NEWS = timedelta(days=30)  # as long as the log remembers what was sent


class Kind(StrEnum):
    """What happened, as far as the person is concerned."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PAPERS_ASKED = "papers_asked"
    MONEY_ASKED = "money_asked"
    DRAFT_SENT = "draft_sent"
    DRAFT_STANDS = "draft_stands"
    DECIDED = "decided"
    RETURNED = "returned"
    REFUSED = "refused"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    DUE_CHANGED = "due_changed"
    OWNER_CHANGED = "owner_changed"
    SUPPLEMENT_FILED = "supplement_filed"
    PAYMENT_FILED = "payment_filed"
    CONFIRMATION_FILED = "confirmation_filed"
    WITHDRAWAL_FILED = "withdrawal_filed"
    REQUEST_ACCEPTED = "request_accepted"
    REQUEST_DECLINED = "request_declined"
    REQUEST_CLOSED = "request_closed"
    RATING_ASKED = "rating_asked"
    APOLOGISED = "apologised"
    ASK_REMINDED = "ask_reminded"
    EXEMPTION_GRANTED = "exemption_granted"
    EXEMPTION_REFUSED = "exemption_refused"
    EXEMPTION_TO_PROVE = "exemption_to_prove"
    PAYMENT_REFUNDED = "payment_refunded"


STARTED_BY_PERSON = frozenset(
    (Kind.SUBMITTED, Kind.SUPPLEMENT_FILED, Kind.PAYMENT_FILED, Kind.CONFIRMATION_FILED, Kind.WITHDRAWAL_FILED)
)
TO_DO = frozenset(
    (
        *(Kind.PAPERS_ASKED, Kind.MONEY_ASKED, Kind.DRAFT_SENT, Kind.ASK_REMINDED, Kind.REFUSED),
        *(Kind.REQUEST_DECLINED,),
        *(Kind.EXEMPTION_REFUSED, Kind.EXEMPTION_TO_PROVE),
    )
)
ASKS = frozenset((Kind.PAPERS_ASKED, Kind.MONEY_ASKED, Kind.DRAFT_SENT, Kind.ASK_REMINDED))

STEPS: Mapping[str, Kind] = {
    "accepted": Kind.ACCEPTED,
    "papers_asked": Kind.PAPERS_ASKED,
    "money_asked": Kind.MONEY_ASKED,
    "draft_sent": Kind.DRAFT_SENT,
    "ask_lapsed": Kind.DRAFT_STANDS,
    "decided": Kind.DECIDED,
    "returned": Kind.RETURNED,
    "result_returned": Kind.RETURNED,
    "refused": Kind.REFUSED,
    "stopped": Kind.STOPPED,
    "withdrawn": Kind.WITHDRAWN,
}
ENDS: Mapping[str, Kind] = {
    "refused": Kind.REFUSED,
    "stopped": Kind.STOPPED,
    "withdrawn": Kind.WITHDRAWN,
    "returned": Kind.RETURNED,
}
FILED: Mapping[str, Kind] = {
    "supplement_filed": Kind.SUPPLEMENT_FILED,
    "payment_filed": Kind.PAYMENT_FILED,
    "confirmation_filed": Kind.CONFIRMATION_FILED,
    "withdrawal_filed": Kind.WITHDRAWAL_FILED,
}
ANSWERED: Mapping[str, Kind] = {
    "accepted": Kind.REQUEST_ACCEPTED,
    "declined": Kind.REQUEST_DECLINED,
    "closed": Kind.REQUEST_CLOSED,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One committed change of a dossier, as the log tells it. Times are aware.

    ``due_at`` is the appointment; ``ask_due_at`` until when the person has time for what was just asked; ``helper`` who
    filed it for the person, if anybody did.
    """

    dossier: str
    event_no: int
    owner: str
    version: int
    type: str
    step: str
    state: str
    status: int
    ask_no: int
    due_at: datetime | None
    due_expected: bool
    ask_due_at: datetime | None
    occurred_at: datetime
    helper: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told about one fact: in the ``inbox``, and by one channel or at last through the ``office``.

    ``due_at`` is the person's own last moment where something is asked, else the appointment.
    """

    owner: str
    dossier: str
    event_no: int
    version: int
    channel: str
    kind: Kind
    due_at: datetime | None
    due_expected: bool
    at: datetime
    send_after: datetime


@dataclass(frozen=True, slots=True)
class NoticeSettled:
    """A message left (``mail``, ``sms``, ...), was read (``inbox``), or became a task (``office``) at business ``at``.

    Nothing of it is to be done again.
    """

    dossier: str
    event_no: int
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonUnreached:
    """No message can tell the person of this change, so the office is to do it: at most once for a change.

    ``what`` happened; ``by_teller``: somebody was named to tell a person without a telephone, and nothing failed.
    """

    dossier: str
    event_no: int
    what: Kind
    by_teller: bool
    at: datetime


def kind_of(fact: Fact) -> Kind | None:
    """Return what the person is told about ``fact``, or None: most steps of an office need no message.

    An office may name its steps as it likes, so the known names come first and then what state and asks say.
    A withdrawal that was accepted is told by the end that it causes, once.
    """
    match fact.type:
        case "dossier_submitted":
            return Kind.SUBMITTED
        case "due_changed":
            return Kind.APOLOGISED if fact.step == "apologised" else Kind.DUE_CHANGED
        case "owner_changed":
            return Kind.OWNER_CHANGED
        case "rating_asked" | "ask_reminded":
            return Kind(fact.type)
        case "exemption_granted" | "exemption_refused" | "exemption_to_prove" | "payment_refunded":
            return Kind(fact.type)
        case "request_filed":
            return FILED.get(fact.step)
        case "request_answered":
            request, _, verdict = fact.step.rpartition("_")
            return None if (request, verdict) == ("withdrawal", "accepted") else ANSWERED.get(verdict)
        case "state_reported" | "dossier_recovered":
            return STEPS.get(fact.step) or ENDS.get(fact.state) or _asked(fact)
    return None


def mailed_alone(kind: Kind) -> bool:
    """Tell whether a message of ``kind`` leaves although another tells of the same version of the dossier.

    One report of an office can move the dossier and answer a request; the inbox shows both, one message is enough.
    """
    return kind not in (Kind.REQUEST_ACCEPTED, Kind.REQUEST_CLOSED)


def _asked(fact: Fact) -> Kind | None:
    if not fact.ask_no:
        return None
    return {5: Kind.PAPERS_ASKED, 6: Kind.MONEY_ASKED}.get(fact.status)


def send_after(
    kind: Kind, now: datetime, *, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL
) -> datetime:
    """Return when a message of ``kind`` that is known at ``now`` (business time) may leave.

    The quiet hours may go over midnight; where both ends are the same there are none.
    """
    local = now.astimezone(VIETNAM)
    at = local.time()
    over_night = quiet_from > quiet_until
    quiet = (at >= quiet_from or at < quiet_until) if over_night else quiet_from <= at < quiet_until
    if kind in STARTED_BY_PERSON or not quiet:
        return now
    day = local.date() + timedelta(days=over_night and at >= quiet_from)
    return datetime.combine(day, quiet_until, VIETNAM).astimezone(now.tzinfo)


def is_old_news(fact: Fact, now: datetime) -> bool:
    """Tell whether ``fact`` is too old at ``now`` (business time) to write a message about: it was told then."""
    return now - fact.occurred_at > OLD_NEWS
