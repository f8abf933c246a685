"""The log door: dossier.events.v1 in."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from citizen_service import usecases
from citizen_service.model import Access, Fact
from kernel.clock import Clock
from kernel.consume import Apply
from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from proto.events.v1 import dossier_pb2

TOPIC = "dossier.events.v1"
CHANGES = frozenset(
    (
        *("dossier_submitted", "dossier_delivered", "state_reported", "request_filed", "request_answered"),
        *("dossier_recovered", "due_changed"),
    )
)


def applier(clock: Clock, wake: Callable[[], None]) -> Apply:
    """Return the function that applies a batch; ``wake`` is called once its mail may be sent."""

    async def apply(tx: Tx, records: Sequence[Record]) -> None:
        """Write notices and accesses of a batch. Raises ``Reject`` for what cannot be read; others are passed over."""
        facts = [read_change(record) for record in records if record.headers.get("ce_type") in CHANGES]
        seen = [read_access(record) for record in records if record.headers.get("ce_type") == "access_recorded"]
        if await usecases.note_facts(tx, facts=facts, now=clock.now()):
            tx.after_commit(wake)
        await usecases.note_accesses(tx, accesses=seen)

    return apply


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
