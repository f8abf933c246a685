"""The exchange's door to the log: deliveries, dossiers' states and participants in; reports and link events out."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from exchange import model, usecases
from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from kernel.outbox import Outgoing
from kernel.telemetry import failpoint
from proto.events.v1 import catalog_pb2, dossier_pb2
from proto.events.v1 import exchange_pb2 as exchange_events_pb2
from proto.exchange.v1 import exchange_pb2

DELIVERIES = "province.deliveries.v1"
DOSSIERS = "dossier.events.v1"
CATALOG = "catalog.v1"
REPORTS = "province.reports.v1"
OWN = "exchange.events.v1"

STATE_EVENTS = frozenset(
    (
        *("dossier_submitted", "dossier_delivered", "state_reported", "request_filed", "request_answered"),
        *("dossier_recovered", "due_changed", "owner_changed"),
    )
)

Wake = Callable[[Iterable[str]], None]


class Deliveries:
    """Applies province.deliveries.v1; ``wake`` is told after the commit which lanes got something."""

    def __init__(self, wake: Wake) -> None:
        self._wake = wake

    async def apply(self, tx: Tx, records: Sequence[Record]) -> None:
        """Put a batch on its lanes. Raises ``Reject`` for what no participant could read."""
        filled = await usecases.drain_deliveries(
            tx, deliveries=[read_delivery(record) for record in records], notice=handed_on
        )
        if filled:
            tx.after_commit(lambda: self._after(filled))

    def _after(self, filled: set[str]) -> None:
        failpoint("delivery_drained")
        self._wake(filled)


def handed_on(subject: str, lane: str, epoch: int) -> bytes:
    """Return the delivery that tells ``lane`` that its ownership in ``epoch`` is over."""
    text = "Hồ sơ này đã chuyển cho cơ quan khác trước khi nội dung này tới bạn."
    told = exchange_pb2.ReportRefused(code="STALE_OWNER", text=text)
    delivery = exchange_pb2.Delivery(
        subject=subject, subject_kind="dossier", lane=lane, epoch=epoch, report_refused=told
    )
    return delivery.SerializeToString()


def read_delivery(record: Record) -> usecases.Incoming:
    """Return the lane item in ``record``. Raises ``Reject``."""
    if len(record.body) > model.MAX_BODY:
        raise Reject(f"a delivery of {len(record.body)} bytes fits into no frame")
    try:
        delivery = exchange_pb2.Delivery.FromString(record.body)
    except DecodeError as error:
        raise Reject(f"not a delivery: {error}") from None
    kind = delivery.WhichOneof("body")
    if kind is None or not delivery.lane or not delivery.subject:
        raise Reject("a delivery needs a lane, a subject and a kind that is known here")
    return usecases.Incoming(
        lane=delivery.lane,
        subject=delivery.subject,
        subject_kind=delivery.subject_kind or "dossier",
        epoch=delivery.epoch,
        kind=kind,
        request_no=delivery.request_filed.request_no if kind == "request_filed" else 0,
        body=record.body,
        ce_id=record.headers.get("ce_id") or f"{record.partition.topic}/{record.partition.number}/{record.offset}",
    )


async def apply_states(tx: Tx, records: Sequence[Record]) -> None:
    """Copy the states that dossier.events.v1 tells. Raises ``Reject``."""
    states = [read_state(record) for record in records if record.headers.get("ce_type") in STATE_EVENTS]
    await usecases.copy_states(tx, states=states)


def read_state(record: Record) -> usecases.DossierState:
    """Return the state in ``record``. Raises ``Reject``."""
    try:
        changed = dossier_pb2.DossierChanged.FromString(record.body)
    except DecodeError as error:
        raise Reject(f"not a dossier's change: {error}") from None
    return usecases.DossierState(
        code=changed.code,
        lane=changed.lane,
        epoch=changed.epoch,
        version=changed.version,
        event_no=changed.event_no,
        request_no=max(changed.request_no, changed.request_count),
        digest=changed.state_digest,
        ended=changed.state in model.ENDED,
        changed_at=record.appended_at,
        former_lane=changed.former_lane,
    )


async def apply_catalog(tx: Tx, records: Sequence[Record]) -> None:
    """Keep who may hold which lane. Raises ``Reject``."""
    await usecases.hold_lanes(
        tx, participants=[read_participant(r) for r in records if r.headers.get("ce_type") == "participant_published"]
    )


def read_participant(record: Record) -> usecases.Participant:
    """Return the participant in ``record``. Raises ``Reject``."""
    try:
        told = catalog_pb2.ParticipantPublished.FromString(record.body)
    except DecodeError as error:
        raise Reject(f"not a participant: {error}") from None
    return usecases.Participant(told.id, tuple(told.lanes or [told.id]), told.version, record.appended_at)


# ---- out ----


def encode(event: object) -> Outgoing:
    """Encode one of the model's events. Raises ``TypeError`` for anything else."""
    match event:
        case model.UpwardReceived():
            number = event.version or event.report_seq
            return Outgoing(REPORTS, event.subject, f"{event.kind}_received", event.subject, number, event.body)
        case model.DeliveryAcked(lane, subject, kind, seq, request_no, at):
            body = exchange_events_pb2.DeliveryAcked(
                participant=lane, subject=subject, kind=kind, seq=seq, request_no=request_no, at=stamp(at)
            )
            return _own("delivery_acked", subject, seq, body.SerializeToString())
        case model.LinkConnected(lane, epoch, at):
            connected = exchange_events_pb2.LinkConnected(participant=lane, link_epoch=epoch, at=stamp(at))
            return _own("link_connected", lane, epoch, connected.SerializeToString())
        case model.LinkLost(lane, epoch, at):
            lost = exchange_events_pb2.LinkLost(participant=lane, link_epoch=epoch, at=stamp(at))
            return _own("link_lost", lane, epoch, lost.SerializeToString())
    return _encode_rare(event)


def _encode_rare(event: object) -> Outgoing:
    match event:
        case model.RedeliveryWanted(lane, subject, reason, version):
            wanted = exchange_events_pb2.RedeliveryWanted(participant=lane, subject=subject, reason=reason)
            return _own("redelivery_wanted", subject, version, wanted.SerializeToString())
        case model.ItemQuarantined(lane, subject, seq, reason):
            stuck = exchange_events_pb2.ItemQuarantined(participant=lane, subject=subject, seq=seq, reason=reason)
            return _own("item_quarantined", subject, seq, stuck.SerializeToString())
        case model.FileStored(lane, subject, sha256, size):
            stored = exchange_events_pb2.FileStored(participant=lane, subject=subject, sha256=sha256, size=size)
            return _own("file_stored", subject, 0, stored.SerializeToString())
    raise TypeError(f"no encoding for {type(event).__name__}")


def _own(kind: str, subject: str, version: int, body: bytes) -> Outgoing:
    return Outgoing(OWN, subject, kind, subject, version, body)


def stamp(at: datetime) -> Timestamp:
    """Return ``at`` (aware) as a protobuf time."""
    told = Timestamp()
    told.FromDatetime(at)
    return told
