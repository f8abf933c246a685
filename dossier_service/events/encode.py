"""Model events as messages: dossier.events.v1 without personal data, province.deliveries.v1 with bodies."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from dossier_service.events.words import ASK_KINDS, ASK_STATES, REQUEST_KINDS, STATES, UNITS, VERDICTS
from dossier_service.model.dossier import Answer, Appointment, Ask, Dossier, FileRef, Report, Request, as_report
from dossier_service.model.happened import (
    AccessRecorded,
    DailyRootSealed,
    DossierChanged,
    Filed,
    HandoverQueued,
    RefusalQueued,
    RequestQueued,
    SnapshotQueued,
    SnapshotWanted,
)
from dossier_service.model.history import Entry
from dossier_service.model.ratings import RatingGiven
from dossier_service.model.tasks import TaskQueued
from kernel.outbox import Outgoing
from proto.events.v1 import dossier_pb2
from proto.exchange.v1 import exchange_pb2 as wire

EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), 86_400
EVENTS, DELIVERIES = "dossier.events.v1", "province.deliveries.v1"


def encode(event: object) -> Outgoing:
    """Return the message of a model event. Raises ``TypeError`` for anything else."""
    match event:
        case DossierChanged():
            body = _changed(event).SerializeToString()
            code, number = event.dossier.code, event.entry.n
            return Outgoing(EVENTS, code, event.kind, code, number, body)
        case AccessRecorded():
            return Outgoing(EVENTS, event.code, "access_recorded", f"{event.code}/access", event.no, _access(event))
        case DailyRootSealed():
            sealed = dossier_pb2.DailyRootSealed(
                date=event.date, count=event.count, root=event.root, prev_root=event.prev_root
            )
            number = int(event.date.replace("-", ""))
            return Outgoing(EVENTS, event.date, "daily_root_sealed", event.date, number, sealed.SerializeToString())
        case TaskQueued():
            return _task(event)
        case RatingGiven():
            return Outgoing(EVENTS, event.id, "rating_given", event.id, event.change_no, _rating(event))
        case HandoverQueued():
            delivery = _delivery(event.dossier)
            delivery.handover.CopyFrom(_handover(event.dossier, event.filed))
            return _queued(delivery, "handover", event.dossier.delivery_no)
        case RequestQueued():
            delivery = _delivery(event.dossier)
            delivery.request_filed.CopyFrom(_request(event.request))
            return _queued(delivery, "request_filed", event.dossier.delivery_no)
        case RefusalQueued():
            delivery = wire.Delivery(subject=event.code, subject_kind="dossier", lane=event.lane, epoch=event.epoch)
            delivery.report_refused.CopyFrom(
                wire.ReportRefused(version=event.version, code=event.reason, text=event.text)
            )
            return _queued(delivery, "report_refused", event.no)
        case SnapshotWanted():
            delivery = _delivery(event.dossier)
            delivery.send_snapshot.SetInParent()
            return _queued(delivery, "send_snapshot", event.dossier.delivery_no)
        case SnapshotQueued():
            delivery = _delivery(event.dossier)
            delivery.snapshot.CopyFrom(_snapshot(event))
            return _queued(delivery, "snapshot", event.dossier.delivery_no)
    raise TypeError(f"no message for {type(event).__name__}")


def _changed(event: DossierChanged) -> dossier_pb2.DossierChanged:
    dossier, entry = event.dossier, event.entry
    shown = dossier.due or dossier.expected
    until = next((ask.due for ask in dossier.open_asks if ask.ask_no == event.ask_no), None)
    return dossier_pb2.DossierChanged(
        code=dossier.code,
        event_no=entry.n,
        owner=dossier.owner,
        procedure=dossier.procedure,
        revision=dossier.revision,
        lane=dossier.lane,
        office=dossier.office,
        epoch=entry.epoch,
        version=entry.version,
        state=entry.state.value,
        status=entry.status,
        state_digest=entry.state_digest,
        request_no=entry.request_no or 0,
        ask_no=event.ask_no,
        step=event.step,
        due_at=_at(shown.at) if shown else None,
        due_expected=dossier.due is None and shown is not None,
        occurred_at=_at(entry.occurred_at),
        received_at=_at(entry.received_at),
        received_by=dossier.received_by,
        helper=dossier.helper or "",
        late=entry.late,
        request_count=dossier.request_count,
        ask_due_at=_at(until) if until else None,
        former_lane=event.former_lane,
    )


def _access(event: AccessRecorded) -> bytes:
    access = dossier_pb2.AccessRecorded(
        code=event.code, owner=event.owner, role=event.role, office=event.office, why=event.why, at=_at(event.at)
    )
    return access.SerializeToString()


def _rating(event: RatingGiven) -> bytes:
    given = dossier_pb2.RatingGiven(
        id=event.id,
        change_no=event.change_no,
        procedure=event.procedure,
        lane=event.lane,
        office=event.office,
        score=event.score,
        reasons=[cause.value for cause in event.reasons],
        helped=event.helped,
        day=event.day.isoformat(),
    )
    return given.SerializeToString()


def _task(event: TaskQueued) -> Outgoing:
    """Return the task as a subject of its own, so that an office which knows none still gets its dossiers."""
    dossier, task = event.dossier, event.task
    delivery = wire.Delivery(
        subject=f"{task.code}.{task.about}", subject_kind="task", lane=dossier.lane, epoch=dossier.epoch
    )
    opened = wire.TaskOpened(
        dossier=task.code,
        about=task.about,
        kind=task.kind.value,
        what=task.what,
        ask_no=task.ask_no,
        opened_at=_at(task.opened_at),
        contact=event.contact,
    )
    delivery.task_opened.CopyFrom(opened)
    return _queued(delivery, "task_opened", 1)


def _delivery(dossier: Dossier) -> wire.Delivery:
    return wire.Delivery(subject=dossier.code, subject_kind="dossier", lane=dossier.lane, epoch=dossier.epoch)


def _queued(delivery: wire.Delivery, kind: str, number: int) -> Outgoing:
    return Outgoing(DELIVERIES, delivery.subject, kind, delivery.subject, number, delivery.SerializeToString())


def _handover(dossier: Dossier, filed: Filed) -> wire.Handover:
    return wire.Handover(
        procedure=dossier.procedure,
        revision=dossier.revision,
        form_digest=dossier.form_digest,
        answers_json=orjson.dumps(filed.answers).decode(),
        files=[_file(ref) for ref in filed.files],
        submitted_at=_at(dossier.submitted_at),
        received_by=dossier.received_by,
        office=dossier.office,
        result_at=dossier.result_at,
        applicant_name=filed.applicant_name,
        procedure_title=filed.procedure_title,
        term_amount=filed.term_amount,
        term_unit=UNITS.get(filed.term_unit, wire.TERM_UNIT_UNSPECIFIED),
        wants_draft=dossier.wants_draft,
        demo_asks_json=filed.demo_asks_json,
        paper_code=filed.paper_code,
        corrects=filed.corrects,
        wrong=filed.wrong,
    )


def _request(request: Request) -> wire.Request:
    return wire.Request(
        request_no=request.request_no,
        kind=REQUEST_KINDS[request.kind],
        ask_no=request.ask_no or 0,
        filed_at=_at(request.filed_at),
        by=request.by,
        answers_json=orjson.dumps(request.answers).decode() if request.answers else "",
        files=[_file(ref) for ref in request.files],
        text=request.text,
        state=request.state.value,
    )


def _snapshot(event: SnapshotQueued) -> wire.Snapshot:
    state = as_report(event.dossier)
    answers = [
        Answer(request.request_no, request.state, request.code, request.answer_text)
        for request in event.requests
        if request.answered_version == event.dossier.version
    ]
    return wire.Snapshot(
        state=report_message(state, answers),
        history=[_row(entry) for entry in _one_a_version(event.history)],
        requests=[_request(request) for request in event.requests],
        files=[_file(ref) for ref in event.filed.files],
        handover=_handover(event.dossier, event.filed),
    )


def _one_a_version(history: Sequence[Entry]) -> list[Entry]:
    steps: dict[int, Entry] = {}
    for entry in history:
        if entry.type not in ("delivered", "request_filed", "owner_changed"):
            steps.setdefault(entry.version, entry)
    return list(steps.values())


def report_message(report: Report, answers: list[Answer]) -> wire.Report:
    """Return a report on the wire with ``answers`` for its own."""
    return wire.Report(
        epoch=report.epoch,
        version=report.version,
        state=STATES[report.state],
        asks=[_ask(ask) for ask in report.asks],
        due=_due(report.due) if report.due else None,
        results=[_file(ref) for ref in report.results],
        draft_result=_file(report.draft_result) if report.draft_result else None,
        answers=[
            wire.Answer(request_no=one.request_no, verdict=VERDICTS[one.verdict], code=one.code, text=one.text)
            for one in answers
        ],
        step=wire.HistoryStep(
            type=report.step.type,
            actor_role=report.step.role,
            office=report.step.office,
            handler=report.step.handler,
            note=report.step.note,
        ),
        occurred_at=_at(report.occurred_at),
        digest=report.digest,
        reason=report.reason,
        reason_rule=report.reason_rule,
    )


def _row(entry: Entry) -> wire.HistoryRow:
    content = orjson.loads(entry.content) if entry.content else {}
    return wire.HistoryRow(
        version=entry.version,
        step=wire.HistoryStep(
            type=entry.type,
            actor_role=content.get("role", ""),
            office=content.get("office", ""),
            handler=content.get("handler", ""),
            note=content.get("note", ""),
        ),
        occurred_at=_at(entry.occurred_at),
        state=STATES[entry.state],
    )


def _ask(ask: Ask) -> wire.Ask:
    return wire.Ask(
        ask_no=ask.ask_no,
        kind=ASK_KINDS[ask.kind],
        state=ASK_STATES[ask.state],
        items=[wire.AskItem(field=i.field, text=i.text, reason=i.reason, rule=i.rule) for i in ask.items],
        due=_at(ask.due) if ask.due else None,
        amount_vnd=ask.amount_vnd,
    )


def _due(due: Appointment) -> wire.Due:
    return wire.Due(
        at=_at(due.at),
        start=_at(due.start) if due.start else None,
        amount=due.amount,
        unit=UNITS.get(due.unit, wire.TERM_UNIT_UNSPECIFIED),
        calendar=due.calendar,
        skipped=[day.isoformat() for day in due.skipped],
    )


def _file(ref: FileRef) -> wire.FileRef:
    return wire.FileRef(sha256=ref.sha256, size=ref.size, type=ref.type, name=ref.name)


def _at(at: datetime) -> Timestamp:
    since = at - EPOCH
    return Timestamp(seconds=since.days * DAY + since.seconds, nanos=since.microseconds * 1000)
