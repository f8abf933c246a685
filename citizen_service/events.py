"""The log door: dossier.events.v1 in, citizen.events.v1 out and, where the database was lost, in again."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from citizen_service import usecases
from citizen_service.model import Access, Channel, Fact, NoticeSettled, PersonUnreached
from kernel.clock import Clock
from kernel.consume import Apply
from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from kernel.outbox import Outgoing
from proto.events.v1 import citizen_pb2, dossier_pb2

TOPIC = "dossier.events.v1"
OWN = "citizen.events.v1"
CHANNELS = frozenset(("inbox", "office", *Channel))
CHANGES = frozenset(
    (
        *("dossier_submitted", "dossier_delivered", "state_reported", "request_filed", "request_answered"),
        *("dossier_recovered", "due_changed", "owner_changed", "rating_asked", "ask_reminded"),
        *("exemption_granted", "exemption_refused", "exemption_to_prove", "payment_refunded"),
    )
)


def applier(clock: Clock, wake: Callable[[], None], *, ways: Collection[Channel] = tuple(Channel)) -> Apply:
    """Return the function that applies a batch; ``wake`` is called once its messages may be sent.

    ``ways`` are the channels that this installation has.
    """

    async def apply(tx: Tx, records: Sequence[Record]) -> None:
        """Write notices and accesses of a batch. Raises ``Reject`` for what cannot be read; others are passed over."""
        facts = [read_change(record) for record in records if record.headers.get("ce_type") in CHANGES]
        over = [read_change(each) for each in records if each.headers.get("ce_type") in usecases.CONTACT_OVER]
        seen = [read_access(record) for record in records if record.headers.get("ce_type") == "access_recorded"]
        if await usecases.note_facts(tx, facts=facts, now=clock.now(), ways=ways):
            tx.after_commit(wake)
        await usecases.note_accesses(tx, accesses=seen)
        if over:
            await usecases.end_contacts(tx, dossiers=[fact.dossier for fact in over])

    return apply


async def apply_settled(tx: Tx, records: Sequence[Record]) -> None:
    """Take in what this service said itself. Raises ``Reject`` for what cannot be read; others are passed over."""
    mine = [read_settled(record) for record in records if record.headers.get("ce_type") == "notice_settled"]
    await usecases.note_settled(tx, settled=mine)


def read_settled(record: Record) -> NoticeSettled:
    """Return what was settled. Raises ``Reject``."""
    message = citizen_pb2.NoticeSettled()
    _parse(message, record.body)
    if not message.dossier or message.channel not in CHANNELS:
        raise Reject("a settled notice without dossier or channel")
    return NoticeSettled(message.dossier, message.event_no, message.channel, _time(message.at))


def encode(event: object) -> Outgoing:
    """Return the message of a settled notice, or of a person no message reaches. Raises ``TypeError`` for others."""
    if isinstance(event, PersonUnreached):
        told = citizen_pb2.PersonUnreached(
            dossier=event.dossier, event_no=event.event_no, what=event.what, by_teller=event.by_teller
        )
        told.at.FromDatetime(event.at)
        subject = f"{event.dossier}/{event.event_no}"
        return Outgoing(OWN, event.dossier, "person_unreached", subject, 1, told.SerializeToString())
    if not isinstance(event, NoticeSettled):
        raise TypeError(f"no message for {type(event).__name__}")
    at = Timestamp()
    at.FromDatetime(event.at)
    body = citizen_pb2.NoticeSettled(dossier=event.dossier, event_no=event.event_no, channel=event.channel, at=at)
    subject = f"{event.dossier}/{event.event_no}/{event.channel}"
    return Outgoing(OWN, event.dossier, "notice_settled", subject, 1, body.SerializeToString())


def read_change(record: Record) -> Fact:
    """Return the fact in ``record``. Raises ``Reject``."""
    message = dossier_pb2.DossierChanged()
    _parse(message, record.body)
    if not message.code or message.event_no < 1:
        raise Reject("a change without code or number")
    return Fact(
        dossier=message.code,
        event_no=message.event_no,
        owner=message.owner,
        version=message.version,
        type=record.headers["ce_type"],
        step=message.step,
        state=message.state,
        status=message.status,
        ask_no=message.ask_no,
        due_at=_time(message.due_at) if message.HasField("due_at") else None,
        due_expected=message.due_expected,
        ask_due_at=_time(message.ask_due_at) if message.HasField("ask_due_at") else None,
        occurred_at=_time(message.received_at if message.HasField("received_at") else message.occurred_at),
        helper=message.helper,
    )


def read_access(record: Record) -> Access:
    """Return the access in ``record``; the header ``subject_version`` numbers it. Raises ``Reject``."""
    message = dossier_pb2.AccessRecorded()
    _parse(message, record.body)
    number = record.headers.get("subject_version", "")
    if not message.code or not message.owner or not number.isdigit():
        raise Reject("an access without code, owner or number")
    return Access(
        owner=message.owner,
        dossier=message.code,
        no=int(number),
        role=message.role,
        office=message.office,
        why=message.why,
        at=_time(message.at),
    )


def _parse(message: Message, body: bytes) -> None:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Reject(f"not a {message.DESCRIPTOR.name}: {error}") from None


def _time(stamp: Timestamp) -> datetime:
    try:
        return stamp.ToDatetime(UTC)
    except ValueError as error:
        raise Reject(f"time out of range: {error}") from None
