"""Frames of the link, read and made. What a participant sends is never trusted."""

import re
from datetime import UTC, datetime

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from exchange import usecases
from exchange.model import MAX_BODY, UpwardReceived
from kernel.digest import digest_bytes
from proto.exchange.v1 import exchange_pb2

SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,63}")
SHA256 = re.compile(r"[0-9a-f]{64}")
PROTOCOL = 1
EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), 86_400
NOT_KNOWN = "Cổng quốc gia không đọc được báo cáo này. Hãy cập nhật phần mềm rồi gửi lại."
TOO_LONG = f"Báo cáo này dài quá {MAX_BODY // 1024} KB. Hãy rút ngắn rồi gửi lại."

Upward = UpwardReceived | usecases.Unreadable


class Damaged(Exception):
    """The frame's digest does not fit its body: the participant sends it again on a new stream."""


def read_item(item: exchange_pb2.UpItem, *, lane: str, journal_id: str, now: datetime) -> Upward:
    """Return what a report frame brings, stamped with the lane and the nation's time.

    Raises ``Damaged``. A body that was sent whole but makes no sense is ``Unreadable``: it is kept, receipted and
    answered, and the lane goes on.
    """
    if digest_bytes(item.body) != item.digest:
        raise Damaged(f"report {item.report_seq}")
    identity = f"{lane}/{journal_id}/{item.report_seq}"
    kept = item.body if len(item.body) <= MAX_BODY else b""
    try:
        upward = exchange_pb2.Upward.FromString(item.body)
    except DecodeError:
        return usecases.Unreadable(item.report_seq, kept, "not a report", None)
    if SUBJECT.fullmatch(upward.subject) is None:
        return usecases.Unreadable(item.report_seq, kept, "no subject", None)
    if not kept:
        answer = _bad_schema(lane, upward.subject, identity, TOO_LONG)
        return usecases.Unreadable(item.report_seq, kept, f"{len(item.body)} bytes", answer)
    kind = upward.WhichOneof("body")
    if kind is None:
        answer = _bad_schema(lane, upward.subject, identity, NOT_KNOWN)
        return usecases.Unreadable(item.report_seq, item.body, "a kind that is not known here", answer)
    version = 0
    if kind == "report":
        version = upward.report.version
    elif kind == "snapshot":
        version = upward.snapshot.state.version
    upward.participant = lane
    upward.subject_kind = upward.subject_kind or "dossier"
    since = now - EPOCH
    upward.received_at.seconds = since.days * DAY + since.seconds
    upward.received_at.nanos = since.microseconds * 1000
    return UpwardReceived(lane, item.report_seq, upward.subject, kind, max(version, 0), upward.SerializeToString())


def _bad_schema(lane: str, subject: str, identity: str, text: str) -> usecases.Incoming:
    delivery = exchange_pb2.Delivery(
        subject=subject,
        subject_kind="dossier",
        lane=lane,
        report_refused=exchange_pb2.ReportRefused(code="BAD_SCHEMA", text=text),
    )
    body = delivery.SerializeToString()
    return usecases.Incoming(lane, subject, "dossier", 0, "report_refused", 0, body, identity)


def stamp(at: datetime) -> Timestamp:
    """Return ``at`` (aware) as a protobuf time."""
    told = Timestamp()
    told.FromDatetime(at)
    return told
