"""JSON shapes of the public interface: snake_case, RFC 3339 with offset, money integer VND."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import Field

from dossier_service.model.dossier import Appointment, Ask, Dossier, FileRef, Request
from dossier_service.model.filing import possible_requests
from dossier_service.model.payments import Payment
from dossier_service.model.states import PROGRESS, RequestKind, RequestState
from dossier_service.store.mapping import appointment_of
from dossier_service.usecases.drafts import Draft
from dossier_service.usecases.reading import View
from kernel.auth import is_organisation
from kernel.clock import VIETNAM
from kernel.web import Body

CAN = {
    RequestKind.SUPPLEMENT: "supplement",
    RequestKind.PAYMENT: "pay",
    RequestKind.CONFIRMATION: "confirm",
    RequestKind.WITHDRAWAL: "withdraw",
}


class OpenDraft(Body):
    """``place`` is a five-digit ward code. ``demo_asks`` exists in the demo only: the office will ask for papers."""

    procedure: str = Field(min_length=1, max_length=40)
    place: str = Field(pattern=r"^\d{5}$")
    demo_asks: bool = False


class SaveAnswers(Body):
    """Answers by field of the form; null removes one."""

    answers: dict[str, Any] = Field(max_length=500)


class SubmitDraft(Body):
    """``wants_draft``: show me the result before it is signed."""

    wants_draft: bool = False


class FileRequest(Body):
    """A request after filing. ``ask_no`` may be left out when one ask of that kind is open."""

    kind: RequestKind
    ask_no: int | None = Field(default=None, ge=1, le=100000)
    answers: dict[str, Any] = Field(default_factory=dict, max_length=500)
    files: list[str] = Field(default_factory=list, max_length=40)
    text: str = Field(default="", max_length=5000)


def at(value: datetime | None) -> str | None:
    """Return a time of Viet Nam, RFC 3339 with offset, whole seconds."""
    return value.astimezone(VIETNAM).isoformat(timespec="seconds") if value else None


def draft_shape(draft: Draft) -> dict[str, Any]:
    """Return a draft; ``token`` only where it was just opened without sign-in."""
    shape: dict[str, Any] = {
        "id": draft.id,
        "procedure": draft.procedure,
        "revision": draft.revision,
        "place": draft.place,
        "answers": draft.answers,
        "version": draft.version,
        "saved_at": at(draft.saved_at),
        "expires_at": at(draft.expires_at),
        "submitted_code": draft.submitted_code,
        "submit_requested": draft.submit_requested,
        "files": [file_shape(ref) for ref in draft.files],
    }
    if draft.helping is not None:
        shape["assist"] = draft_assist_shape(draft.helping)
    return shape | ({"token": draft.token} if draft.token else {})


def draft_assist_shape(row: Any) -> dict[str, Any]:
    """Return for whom a draft is filled in: what the form is prefilled with, from what the person said."""
    return {"id": row.id, "for_name": row.for_name, "for_id_number": row.for_id_number}


def file_shape(ref: FileRef) -> dict[str, Any]:
    """Return a file reference."""
    return {"sha256": ref.sha256, "size": ref.size, "type": ref.type, "name": ref.name}


def file_row_shape(row: Any) -> dict[str, Any]:
    """Return a referenced file with the state of its virus scan."""
    return {
        "sha256": row.sha256,
        "size": row.size,
        "type": row.type,
        "name": row.name,
        "scan": row.scan,
        "added_at": at(row.added_at),
    }


def ask_shape(ask: Ask) -> dict[str, Any]:
    """Return an ask."""
    return {
        "ask_no": ask.ask_no,
        "kind": ask.kind.value,
        "state": ask.state.value,
        "items": [{"field": i.field, "text": i.text, "reason": i.reason, "rule": i.rule} for i in ask.items],
        "due": at(ask.due),
        "amount_vnd": ask.amount_vnd or None,
    }


def request_shape(request: Request) -> dict[str, Any]:
    """Return a request with its answer: ``code`` and ``text`` are the owner's, ``sent_text`` the citizen's."""
    return {
        "request_no": request.request_no,
        "kind": request.kind.value,
        "ask_no": request.ask_no,
        "state": request.state.value,
        "filed_at": at(request.filed_at),
        "code": request.code or None,
        "text": request.answer_text or None,
        "sent_text": request.text or None,
        "answers": request.answers,
        "files": [file_shape(ref) for ref in request.files],
        "by_helper": request.helper is not None and not is_organisation(request.by),
    }


def due_shape(
    due: Appointment | None,
    expected: Appointment | None,
    national_at: datetime | None,
    counted_from: datetime | None = None,
) -> dict[str, Any] | None:
    """Return the appointment with its sum; before the authority gave one, the expected date, marked so."""
    shown = due or expected
    if shown is None:
        return None
    differs = due is not None and national_at is not None and at(national_at) != at(due.at)
    return {
        "at": at(shown.at),
        "expected": due is None,
        "start": at(shown.start),
        "counted_from": at(shown.counted_from or counted_from),
        "amount": shown.amount,
        "unit": shown.unit or None,
        "calendar": shown.calendar or None,
        "skipped": [day.isoformat() for day in shown.skipped],
        "national_at": at(national_at),
        "differs": differs,
    }


def dossier_shape(view: View) -> dict[str, Any]:
    """Return everything that the owner sees of a dossier."""
    dossier, filed = view.dossier, view.filed
    by_digest = {row.sha256: row for row in view.files}
    waiting = [request.kind for request in view.requests if request.state is RequestState.OPEN]
    draft_result = by_digest.get(dossier.draft_result.sha256) if dossier.draft_result else None
    ends = dossier.state.value in ("refused", "stopped")
    return {
        "code": dossier.code,
        "procedure": dossier.procedure,
        "revision": dossier.revision,
        "title": filed.procedure_title,
        "plain_title": filed.plain_title or None,
        "place": dossier.place,
        "lane": dossier.lane,
        "office": {"id": dossier.office, "name": dossier.office_name},
        "received_by": dossier.received_by,
        "result_at": dossier.result_at,
        "status": dossier.status,
        "progress": PROGRESS[dossier.status],
        "state": dossier.state.value,
        "version": dossier.version,
        "epoch": dossier.epoch,
        "event_no": dossier.event_no,
        "submitted_at": at(dossier.submitted_at),
        "delivered_at": at(dossier.delivered_at),
        "updated_at": at(dossier.updated_at),
        "link": {"connected": view.link.connected, "since": at(view.link.since)} if view.link else None,
        "due": due_shape(dossier.due, dossier.expected, dossier.national_at, view.counted_from),
        "authority_seconds": view.authority_seconds,
        "held_by": dossier.held_by,
        "asks": [ask_shape(ask) for ask in dossier.asks],
        "requests": [request_shape(request) for request in view.requests],
        "results": [file_row_shape(by_digest[r.sha256]) for r in dossier.results if r.sha256 in by_digest],
        "draft_result": file_row_shape(draft_result) if draft_result else None,
        "refusal": {"reason": dossier.reason, "rule": dossier.reason_rule or None} if ends else None,
        "answers": orjson.loads(filed.answers),
        "files": [file_row_shape(row) for row in view.files if row.role in ("filed", "supplement")],
        "acted_by": acted_by_shape(dossier, view.helping),
        "wants_draft": dossier.wants_draft,
        "root": {"date": view.root.date.isoformat(), "root": view.root.root} if view.root else None,
        "payments": [payment_shape(payment, dossier) for payment in view.payments],
        "can": [
            CAN[kind] for kind in possible_requests(dossier, waiting) if kind is not RequestKind.PAYMENT or view.payable
        ],
    }


def payment_shape(payment: Payment, dossier: Dossier) -> dict[str, Any]:
    """Return a payment; ``pay_url`` only while it can be used and the office still asks."""
    asked = any(ask.ask_no == payment.ask_no for ask in dossier.open_asks)
    refund = {
        "state": payment.refund,
        "why": payment.refund_why,
        "amount_vnd": payment.charged_vnd,
        "refund_no": payment.refund_no or None,
        "at": at(payment.refunded_at),
    }
    return {
        "id": payment.id,
        "ask_no": payment.ask_no,
        "amount_vnd": payment.amount_vnd,
        "state": payment.state.value,
        "reason": payment.reason or None,
        "started_at": at(payment.started_at),
        "pay_url": payment.address if payment.alive and asked and payment.address else None,
        "expires_at": at(payment.expires_at),
        "charged_vnd": payment.charged_vnd or None,
        "receipt_no": payment.receipt_no or None,
        "paid_at": at(payment.paid_at),
        "request_no": payment.request_no,
        "refund": refund if payment.refund else None,
        "by_helper": payment.helper is not None and not is_organisation(dossier.owner),
    }


def acted_by_shape(dossier: Dossier, helping: Any) -> dict[str, Any]:
    """Return who filed; of a helper with an account of their own also the name they gave and the desk.

    ``organisation``: one of its people, named by their subject (see ``/api/me/v1/colleagues``).
    """
    if dossier.helper is None:
        return {"role": "self"}
    if is_organisation(dossier.owner):
        return {"role": "organisation", "sub": dossier.helper}
    if helping is None:
        return {"role": "helper"}
    return {"role": "helper", "name": helping.helper_name, "at": helping.helped_at, "helping": helping.id}


def listed_shape(row: Any) -> dict[str, Any]:
    """Return one row of the list "my dossiers"."""
    return {
        "code": row.code,
        "procedure": row.procedure,
        "revision": row.revision,
        "title": row.procedure_title,
        "plain_title": row.plain_title or None,
        "office": {"id": row.office, "name": row.office_name},
        "status": row.status,
        "progress": PROGRESS[row.status],
        "state": row.state,
        "version": row.version,
        "event_no": row.event_no,
        "held_by": row.held_by,
        "submitted_at": at(row.submitted_at),
        "delivered_at": at(row.delivered_at),
        "updated_at": at(row.updated_at),
        "due": due_shape(appointment_of(row.due), appointment_of(row.expected), row.national_at),
    }


def entry_shape(row: Any) -> dict[str, Any]:
    """Return one row of the timeline. Erased content leaves role, office, handler and note null."""
    content: Mapping[str, Any] = orjson.loads(row.content) if row.content else {}
    return {
        "n": row.n,
        "type": row.type,
        "at": at(row.occurred_at),
        "received_at": at(row.received_at),
        "version": row.version,
        "request_no": row.request_no,
        "kind": content.get("kind"),
        "verdict": content.get("verdict"),
        "status": row.status,
        "state": row.state,
        "role": content.get("role") or None,
        "office": content.get("office") or None,
        "handler": content.get("handler") or None,
        "note": content.get("note") or None,
        "recovered": row.recovered,
        "late": row.late,
        "hash": row.hash,
    }


def paged(rows: Sequence[Any], size: int) -> tuple[Sequence[Any], bool]:
    """Return the page and whether more follow, from up to ``size`` + 1 rows."""
    return rows[:size], len(rows) > size
