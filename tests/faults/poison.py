"""Nonsense for the log of reports, on whichever engine a portal runs, and what became of it."""

import asyncio
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select

from dossier_service.model.dossier import Report, Step, state_digest
from dossier_service.model.states import State
from dossier_service.store.tables import METADATA as DOSSIERS
from exchange.store import LANE_ITEM
from kernel.clock import real_now
from kernel.digest import instant
from kernel.log import Message, partition_of
from motcua.assembly import open_log
from motcua.cluster.engines import Kafka
from motcua.topics import TOPICS
from proto.exchange.v1 import exchange_pb2 as pb
from tests.faults.losing import rows, settings_of
from tests.running import Portal

REPORTS = "province.reports.v1"
UNDECODABLE = b"\xff\xff\xff not a protobuf"


def message(code: str, body: bytes, version: int = 2) -> Message:
    """Return the message that the exchange would publish for a report of ``body``."""
    headers = {
        "ce_id": uuid.uuid4().hex,
        "ce_type": "report_received",
        "ce_source": "exchange",
        "ce_time": instant(real_now()),
        "subject": code,
        "subject_version": str(version),
    }
    return Message(REPORTS, code, headers, body)


def upward(code: str, lane: str, *, state: int, version: int = 2, digest: str = "") -> bytes:
    """Return a report of ``lane``; ``state`` may be a number that nobody knows."""
    now = Timestamp()
    now.FromDatetime(real_now())
    report = pb.Report(epoch=1, version=version, state=state, occurred_at=now, digest=digest)  # type: ignore[arg-type]
    report.step.CopyFrom(pb.HistoryStep(type="decided", actor_role="officer", office=lane))
    whole = pb.Upward(subject=code, subject_kind="dossier", participant=lane, received_at=now, report=report)
    return whole.SerializeToString()


def skipping(code: str, lane: str) -> bytes:
    """Return a well-made report that jumps from submitted to returned."""
    said = Report(
        epoch=1,
        version=2,
        digest="",
        state=State.RETURNED,
        occurred_at=real_now(),
        step=Step(type="returned"),
        asks=(),
        results=(),
    )
    return upward(code, lane, state=pb.RETURNED, digest=state_digest(code, said))


def append(portal: Portal, messages: Sequence[Message]) -> None:
    """Append to the portal's log from outside."""
    asyncio.run(_append(portal, messages))


async def _append(portal: Portal, messages: Sequence[Message]) -> None:
    log = await open_log(settings_of(portal))
    try:
        await log.append(messages)
    finally:
        await log.close()


def flip(portal: Portal, sent: Message, broker: Kafka | None) -> None:
    """Change one byte of the stored ``sent``, the newest of its key, as a bad disk would; while the portal is down."""
    if broker is not None:
        [partitions] = [topic.partitions for topic in TOPICS if topic.name == sent.topic]
        place = f"{sent.topic}-{partition_of(sent.key, partitions)}"
        [segment] = (broker.folder / "kafka" / place).glob("*.log")
        stored = bytearray(segment.read_bytes())
        stored[bytes(stored).rindex(sent.body)] ^= 0xFF
        segment.write_bytes(stored)
        return
    _flip_embedded(portal.data / "log.db", sent)


def _flip_embedded(path: Path, sent: Message) -> None:
    with sqlite3.connect(path, isolation_level=None) as log:
        offset, partition, body = log.execute(
            'SELECT "offset", "partition", body FROM entry WHERE topic = ? AND key = ? ORDER BY "offset" DESC',
            (sent.topic, sent.key),
        ).fetchone()
        log.execute(
            'UPDATE entry SET body = ? WHERE topic = ? AND "partition" = ? AND "offset" = ?',
            (bytes([body[0] ^ 0xFF]) + body[1:], sent.topic, partition, offset),
        )
    log.close()


def set_aside(portal: Portal) -> dict[str, list[str]]:
    """Return the reasons in the quarantine of dossier_service, by the dossier that each message was keyed by."""
    table = DOSSIERS.tables["quarantine"]
    found: dict[str, list[str]] = {}
    for key, reason in rows(portal, "dossiers", select(table.c.key, table.c.reason)):
        found.setdefault(key, []).append(reason)
    return found


def told_refused(portal: Portal) -> set[tuple[str, str]]:
    """Return the (lane, dossier) pairs about which a ReportRefused is on a lane."""
    query = select(LANE_ITEM.c.lane, LANE_ITEM.c.subject).where(LANE_ITEM.c.kind == "report_refused")
    return {(lane, subject) for lane, subject in rows(portal, "exchange", query)}
