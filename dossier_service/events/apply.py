"""Three topics in: each batch is decoded and given to its use case inside the consumer's transaction."""

from collections.abc import Sequence
from typing import Any

import orjson
from google.protobuf.message import DecodeError, Message
from prometheus_client import Counter

from dossier_service.events.decode import instant_of, report_of, snapshot_of, upward_of
from dossier_service.model.exemptions import grounds_in
from dossier_service.usecases.catalogue import Published, apply_catalogue
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.exchange import (
    Access,
    Delivered,
    LinkChanged,
    note_accesses,
    note_delivered,
    note_files,
    note_links,
    send_snapshots,
)
from dossier_service.usecases.reports import Incoming, Nonsense, apply_reports
from dossier_service.usecases.tasks import TaskDone, Unreached, close_tasks, open_tasks
from kernel.db import Tx
from kernel.errors import Reject
from kernel.log import Record
from proto.events.v1 import catalog_pb2, citizen_pb2
from proto.events.v1 import exchange_pb2 as said

PASSED = Counter("motcua_dossier_passed_over_total", "Messages of unknown type, passed over", ("topic",))


class LogDoor:
    """The ``apply`` functions of this service's consumers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def reports(self, tx: Tx, records: Sequence[Record]) -> None:
        """Apply province.reports.v1: reports and snapshots of dossiers, and noted accesses."""
        incoming: list[Incoming] = []
        nonsense: list[Nonsense] = []
        accesses: list[Access] = []
        tasks: list[TaskDone] = []
        for record in records:
            upward = upward_of(record.body)
            if upward.subject_kind not in ("dossier", "task", ""):
                continue
            kind = upward.WhichOneof("body")
            if kind in ("report", "snapshot"):
                try:
                    incoming.append(_incoming(record, upward))
                except Reject as reject:
                    nonsense.append(_nonsense(record, upward, reject))
            elif kind == "access_noted":
                note = upward.access_noted
                at = instant_of(note.at, "at")
                accesses.append(Access(upward.subject, upward.participant, note.role, note.office, note.why, at))
            elif kind == "task_closed":
                done = upward.task_closed
                tasks.append(
                    TaskDone(done.dossier, done.about, upward.participant, done.note, done.office, done.handler)
                )
            else:
                PASSED.labels(record.partition.topic).inc()
        if incoming or nonsense:
            await apply_reports(tx=tx, desk=self._desk, incoming=incoming, decode=decode, nonsense=nonsense)
        if accesses:
            await note_accesses(tx=tx, events=accesses)
        if tasks:
            await close_tasks(tx, self._desk, tasks)

    async def citizens(self, tx: Tx, records: Sequence[Record]) -> None:
        """Apply citizen.events.v1: people whom no message reaches."""
        said = [
            _parsed(citizen_pb2.PersonUnreached, record)
            for record in records
            if record.headers.get("ce_type") == "person_unreached"
        ]
        if said:
            unreached = [Unreached(one.dossier, one.event_no, one.what, one.by_teller) for one in said]
            await open_tasks(tx, self._desk, unreached)

    async def exchange(self, tx: Tx, records: Sequence[Record]) -> None:
        """Apply exchange.events.v1."""
        delivered: list[Delivered] = []
        wanted: set[str] = set()
        stored: set[str] = set()
        links: list[LinkChanged] = []
        for record in records:
            match record.headers.get("ce_type"):
                case "delivery_acked":
                    acked = _parsed(said.DeliveryAcked, record)
                    if acked.kind in ("handover", "snapshot"):
                        delivered.append(Delivered(acked.subject, instant_of(acked.at, "at"), acked.participant))
                case "redelivery_wanted":
                    wanted.add(_parsed(said.RedeliveryWanted, record).subject)
                case "file_stored":
                    stored.add(_parsed(said.FileStored, record).subject)
                case "link_connected":
                    up = _parsed(said.LinkConnected, record)
                    links.append(LinkChanged(up.participant, up.link_epoch, True, instant_of(up.at, "at")))
                case "link_lost":
                    down = _parsed(said.LinkLost, record)
                    links.append(LinkChanged(down.participant, down.link_epoch, False, instant_of(down.at, "at")))
                case _:
                    PASSED.labels(record.partition.topic).inc()
        if delivered:
            await note_delivered(tx=tx, desk=self._desk, events=delivered)
        if stored:
            await note_files(tx=tx, desk=self._desk, codes=stored, decode=decode)
        if wanted:
            await send_snapshots(tx=tx, codes=wanted)
        await note_links(tx=tx, events=links)

    async def catalogue(self, tx: Tx, records: Sequence[Record]) -> None:
        """Apply catalog.v1."""
        published = Published()
        for record in records:
            match record.headers.get("ce_type"):
                case "procedure_revision_published":
                    message = _parsed(catalog_pb2.ProcedureRevisionPublished, record)
                    published.revisions.append(_revision(message))
                    if rules := grounds_in(orjson.loads(message.content_json or "null")):
                        published.grounds[(message.code, message.revision)] = rules
                case "procedure_head_moved":
                    published.heads.append(_head(_parsed(catalog_pb2.ProcedureHeadMoved, record)))
                case "place_published":
                    published.places.append(_place(_parsed(catalog_pb2.PlacePublished, record)))
                case "participant_published":
                    holder = _parsed(catalog_pb2.ParticipantPublished, record)
                    published.participants.append(
                        {
                            "id": holder.id,
                            "version": holder.version,
                            "name": holder.name,
                            "lanes": " ".join(holder.lanes),
                        }
                    )
                case _:
                    PASSED.labels(record.partition.topic).inc()
        await apply_catalogue(tx=tx, published=published)


def decode(record: Record) -> Incoming:
    """Return the report or snapshot in a message that was parked."""
    return _incoming(record, upward_of(record.body))


def _incoming(record: Record, upward: Any) -> Incoming:
    said = report_of(upward.report) if upward.HasField("report") else snapshot_of(upward.snapshot)
    return Incoming(upward.subject, upward.participant, said, record)


def _nonsense(record: Record, upward: Any, reject: Reject) -> Nonsense:
    state = upward.report if upward.HasField("report") else upward.snapshot.state
    return Nonsense(
        upward.subject,
        upward.participant,
        state.epoch,
        state.version,
        reject.reason.removeprefix("BAD_SCHEMA: "),
        record,
    )


def _parsed(kind: Any, record: Record) -> Any:
    try:
        message: Message = kind.FromString(record.body)
    except DecodeError as error:
        raise Reject(f"not a {kind.DESCRIPTOR.name}") from error
    return message


def _revision(message: Any) -> dict[str, Any]:
    for text in (message.form_json, message.term_json, message.content_json):
        if text:
            try:
                orjson.loads(text)
            except orjson.JSONDecodeError:
                raise Reject("the form, term or guide of a revision is no JSON") from None
    return {
        "code": message.code,
        "revision": message.revision,
        "title": message.title,
        "plain_title": message.plain_title,
        "fileable": message.fileable,
        "competent_level": message.competent_level,
        "form": message.form_json,
        "form_digest": message.form_digest,
        "term": message.term_json,
    }


def _head(message: Any) -> dict[str, Any]:
    return {
        "code": message.code,
        "version": message.version,
        "revision": message.revision,
        "withdrawn": message.withdrawn,
        "successor": message.successor,
    }


def _place(message: Any) -> dict[str, Any]:
    return {
        "ward": message.ward,
        "version": message.version,
        "name": message.name,
        "province_name": message.province_name,
        "lane": message.lane,
        "office": message.office,
        "office_name": message.office_name,
        "centre_name": message.centre_name,
    }
