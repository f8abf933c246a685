"""Between rows and the model: lists and appointments are JSON text, enums are their values."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from dossier_service.model.dossier import Appointment, Ask, AskItem, Dossier, FileRef, Request, from_fields
from dossier_service.model.happened import Filed
from dossier_service.model.history import Entry
from dossier_service.model.states import AskKind, AskState, RequestKind, RequestState, State

STATE_OF = {state.value: state for state in State}
PLAIN = [
    "code",
    "owner",
    "helper",
    "procedure",
    "revision",
    "form_digest",
    "place",
    "lane",
    "office",
    "office_name",
    "received_by",
    "result_at",
    "submitted_at",
    "updated_at",
    "occurred_at",
    "held_since",
    "state_digest",
    "head",
    "epoch",
    "version",
    "event_no",
    "delivery_no",
    "request_count",
    "national_at",
    "reason",
    "reason_rule",
    "held_by",
    "authority_seconds",
    "delivered_at",
    "wants_draft",
    "snapshot_asked_at",
]
MOVING = [
    "owner",
    "lane",
    "office",
    "office_name",
    "updated_at",
    "occurred_at",
    "held_since",
    "state_digest",
    "head",
    "epoch",
    "version",
    "event_no",
    "delivery_no",
    "request_count",
    "national_at",
    "reason",
    "reason_rule",
    "held_by",
    "authority_seconds",
    "delivered_at",
    "snapshot_asked_at",
]


def dump(value: object) -> str:
    """Return JSON text; dataclasses become objects, aware times RFC 3339."""
    return orjson.dumps(value).decode()


def dossier_row(dossier: Dossier) -> dict[str, Any]:
    """Return the whole row."""
    return {name: getattr(dossier, name) for name in PLAIN} | {
        "state": dossier.state.value,
        "status": dossier.status,
        "asks": dump(dossier.asks),
        "due": dump(dossier.due) if dossier.due else None,
        "expected": dump(dossier.expected) if dossier.expected else None,
        "results": dump(dossier.results),
        "draft_result": dump(dossier.draft_result) if dossier.draft_result else None,
    }


def changed_columns(before: Dossier, after: Dossier) -> dict[str, Any]:
    """Return the columns that differ between two states of one dossier."""
    old, new = before.__dict__, after.__dict__
    values = {name: new[name] for name in MOVING if new[name] is not old[name] and new[name] != old[name]}
    if after.state is not before.state:
        values["state"] = after.state.value
    if (after.state is not before.state or after.asks != before.asks) and after.status != before.status:
        values["status"] = after.status
    for name in ("asks", "results"):
        if new[name] != old[name]:
            values[name] = dump(new[name])
    for name in ("due", "draft_result"):
        if new[name] != old[name]:
            values[name] = dump(new[name]) if new[name] else None
    return values


def dossier_of(row: Any) -> Dossier:
    """Return the dossier of a row of the whole table."""
    values = dict(zip(row._fields, row, strict=True))
    del values["status"]
    values["state"] = STATE_OF[values["state"]]
    values["asks"] = asks_of(values["asks"])
    values["due"] = appointment_of(values["due"])
    values["expected"] = appointment_of(values["expected"])
    values["results"] = files_of(values["results"])
    values["draft_result"] = file_of(orjson.loads(values["draft_result"])) if values["draft_result"] else None
    return from_fields(Dossier, values)


def asks_of(text: str) -> tuple[Ask, ...]:
    """Return the asks of their JSON text."""
    if text == "[]":
        return ()
    return tuple(
        Ask(
            ask_no=ask["ask_no"],
            kind=AskKind(ask["kind"]),
            state=AskState(ask["state"]),
            items=tuple(AskItem(**item) for item in ask["items"]),
            due=instant_of(ask["due"]),
            amount_vnd=ask["amount_vnd"],
        )
        for ask in orjson.loads(text)
    )


def appointment_of(text: str | None) -> Appointment | None:
    """Return the appointment of its JSON text."""
    if text is None:
        return None
    value = orjson.loads(text)
    at = instant_of(value["at"])
    assert at is not None
    return Appointment(
        at=at,
        start=instant_of(value["start"]),
        amount=value["amount"],
        unit=value["unit"],
        calendar=value["calendar"],
        skipped=tuple(date.fromisoformat(day) for day in value["skipped"]),
        counted_from=instant_of(value["counted_from"]),
    )


def instant_of(text: str | None) -> datetime | None:
    """Return the aware UTC time of its text."""
    if not text:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def file_of(value: Mapping[str, Any]) -> FileRef:
    """Return a file reference from its JSON object."""
    return FileRef(value["sha256"], value["size"], value["type"], value["name"])


def files_of(text: str) -> tuple[FileRef, ...]:
    """Return the file references of their JSON text."""
    return () if text == "[]" else tuple(file_of(value) for value in orjson.loads(text))


def request_row(code: str, request: Request) -> dict[str, Any]:
    """Return the row of a request."""
    return {
        "code": code,
        "request_no": request.request_no,
        "kind": request.kind.value,
        "ask_no": request.ask_no,
        "filed_at": request.filed_at,
        "by": request.by,
        "helper": request.helper,
        "answers": dump(request.answers) if request.answers is not None else None,
        "files": dump(request.files),
        "text": request.text,
        "state": request.state.value,
        "answer_code": request.code,
        "answer_text": request.answer_text,
        "answered_version": request.answered_version,
    }


def request_of(row: Any) -> Request:
    """Return the request of a row."""
    return Request(
        request_no=row.request_no,
        kind=RequestKind(row.kind),
        ask_no=row.ask_no,
        filed_at=row.filed_at,
        by=row.by,
        helper=row.helper,
        answers=orjson.loads(row.answers) if row.answers else None,
        files=files_of(row.files),
        text=row.text,
        state=RequestState(row.state),
        code=row.answer_code,
        answer_text=row.answer_text,
        answered_version=row.answered_version,
    )


def entry_row(entry: Entry, kind: str) -> dict[str, Any]:
    """Return the row of a history entry; ``kind`` is the event's type."""
    return {
        "code": entry.dossier,
        "n": entry.n,
        "prev": entry.prev,
        "type": entry.type,
        "kind": kind,
        "epoch": entry.epoch,
        "version": entry.version,
        "request_no": entry.request_no,
        "occurred_at": entry.occurred_at,
        "received_at": entry.received_at,
        "reported_at": entry.reported_at,
        "content_digest": entry.content_digest,
        "hash": entry.hash,
        "salt": entry.salt,
        "content": entry.content,
        "state": entry.state.value,
        "status": entry.status,
        "state_digest": entry.state_digest,
        "recovered": entry.recovered,
        "late": entry.late,
        "drift": entry.drift,
    }


def entry_of(row: Any) -> Entry:
    """Return the history entry of a row."""
    return Entry(
        dossier=row.code,
        n=row.n,
        prev=row.prev,
        type=row.type,
        epoch=row.epoch,
        version=row.version,
        request_no=row.request_no,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        content_digest=row.content_digest,
        hash=row.hash,
        salt=row.salt,
        content=row.content,
        state=State(row.state),
        status=row.status,
        state_digest=row.state_digest,
        reported_at=row.reported_at,
        recovered=row.recovered,
        late=row.late,
        drift=row.drift,
    )


def filed_of(row: Any) -> Filed:
    """Return what was filed."""
    return Filed(
        procedure_title=row.procedure_title,
        answers=orjson.loads(row.answers),
        files=files_of(row.files),
        applicant_name=row.applicant_name,
        term_amount=row.term_amount,
        term_unit=row.term_unit,
        demo_asks_json=row.demo_asks_json,
    )
