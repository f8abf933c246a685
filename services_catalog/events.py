"""The log door: catalogue events on catalog.v1 (immutable revision keys plus one head record a code)."""

import json
from collections.abc import Mapping
from typing import Any

from kernel.outbox import Outgoing
from proto.events.v1 import catalog_pb2 as pb
from services_catalog.model.announced import Announced, InformationPublished
from services_catalog.model.places import Participant, ParticipantPublished, Place, PlacePublished
from services_catalog.model.procedures import Head, ProcedureHeadMoved, ProcedureRevisionPublished

TOPIC = "catalog.v1"


def encode(event: object) -> Outgoing:
    """Return the message of a catalogue event. Raises ``TypeError`` for anything else."""
    match event:
        case ProcedureRevisionPublished():
            return _revision(event)
        case ProcedureHeadMoved(head):
            return _head(head)
        case PlacePublished(place):
            return _place(place)
        case ParticipantPublished(participant):
            return _participant(participant)
        case InformationPublished(one):
            return _information(one)
    raise TypeError(f"no message for {type(event).__name__}")


def _revision(event: ProcedureRevisionPublished) -> Outgoing:
    content, written = event.content, event.content.editorial
    guide = None if written.guide is None else {**written.guide, "examples": list(written.examples)}
    body = pb.ProcedureRevisionPublished(
        code=content.code,
        revision=event.revision,
        title=content.title,
        plain_title=written.plain_title,
        plain_title_en=written.plain_title_en,
        issuer=content.issuer,
        executors=content.executors,
        field=content.field,
        levels=content.levels,
        applicants=content.applicants,
        decision=content.decision,
        fileable=content.fileable,
        content_json=_json(guide),
        form_json=_json(event.form),
        form_digest=event.form_digest,
        digest=event.digest,
        competent_level=written.competent_level,
        term_json=_json(written.term),
        everyday=written.everyday,
    )
    subject = f"{content.code}@{event.revision}"
    return _message(subject, "procedure_revision_published", event.revision, body)


def _head(head: Head) -> Outgoing:
    body = pb.ProcedureHeadMoved(
        code=head.code,
        version=head.version,
        revision=head.revision,
        withdrawn=head.withdrawn,
        successor=head.successor,
    )
    return _message(head.code, "procedure_head_moved", head.version, body)


def _place(place: Place) -> Outgoing:
    body = pb.PlacePublished(
        ward=place.ward,
        name=place.name,
        province=place.province,
        province_name=place.province_name,
        lane=place.lane,
        former_province=place.former_province,
        office=place.office,
        office_name=place.office_name,
        former_names=place.former_names,
        version=place.version,
        centre_name=place.centre_name,
    )
    return _message(f"place/{place.ward}", "place_published", place.version, body)


def _participant(one: Participant) -> Outgoing:
    body = pb.ParticipantPublished(
        id=one.id,
        name=one.name,
        kind=one.kind,
        successor_province=one.successor_province,
        successor_name=one.successor_name,
        lanes=one.lanes,
        version=one.version,
    )
    return _message(f"participant/{one.id}", "participant_published", one.version, body)


def _information(one: Announced) -> Outgoing:
    body = pb.InformationPublished(
        kind=one.kind,
        id=one.id,
        version=one.version,
        title=one.title.vi,
        title_en=one.title.en,
        text=one.text.vi,
        text_en=one.text.en,
        address=one.address,
        procedures=one.procedures,
        everyday=one.everyday,
        withdrawn=one.withdrawn,
    )
    return _message(one.subject, "information_published", one.version, body)


def _message(subject: str, kind: str, version: int, body: Any) -> Outgoing:
    return Outgoing(TOPIC, subject, kind, subject, version, body.SerializeToString())


def _json(value: Mapping[str, Any] | None) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
