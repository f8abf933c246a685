"""Between the wire's messages (proto/exchange/v1) and the office's values. Unknown numbers are refused."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.errors import Reject
from kernel.workdays import Unit
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.clients.wording import asked_of_example
from province_backend.model.adopt import NationalState
from province_backend.model.case import (
    AccessNoted,
    Ask,
    AskKind,
    AskState,
    Case,
    Due,
    FileRef,
    Filing,
    HistoryRow,
    Item,
    Reported,
    Request,
    RequestKind,
    SnapshotGiven,
    State,
    Step,
    Verdict,
)
from province_backend.model.tasks import Task, TaskDone, TaskKind
from province_backend.store import ChangeRow

VERDICTS = {
    Verdict.ACCEPTED: pb.VERDICT_ACCEPTED,
    Verdict.DECLINED: pb.VERDICT_DECLINED,
    Verdict.CLOSED: pb.VERDICT_CLOSED,
}

DEMO_ASK = Item(
    text="Ảnh chụp rõ hơn của giấy tờ bạn đã nộp",
    reason="Hồ sơ ví dụ này được đánh dấu để cơ quan hỏi thêm giấy tờ (bản demo).",
)


def encode(event: object) -> ChangeRow:
    """Return the change row of a model event: an ``Upward`` without the members that the exchange sets."""
    match event:
        case Reported(case=case, answers=answers, step=step):
            upward = pb.Upward(subject=case.code, subject_kind="dossier", report=_report(case, step))
            upward.report.answers.extend(
                pb.Answer(request_no=a.request_no, verdict=VERDICTS[a.verdict], code=a.code, text=a.text)
                for a in answers
            )
            return ChangeRow(case.code, "report", case.epoch, case.version, upward.SerializeToString())
        case SnapshotGiven(case=case):
            upward = pb.Upward(subject=case.code, subject_kind="dossier", snapshot=_snapshot(case))
            return ChangeRow(case.code, "snapshot", case.epoch, case.version, upward.SerializeToString())
        case AccessNoted():
            noted = pb.AccessNoted(role=event.role, office=event.office, why=event.why, at=_at(event.at))
            upward = pb.Upward(subject=event.code, subject_kind="dossier", access_noted=noted)
            return ChangeRow(event.code, "access_noted", 0, 0, upward.SerializeToString())
        case TaskDone():
            closed = pb.TaskClosed(
                dossier=event.code,
                about=event.about,
                note=event.note,
                office=event.office,
                handler=event.handler,
                at=_at(event.at),
            )
            subject = f"{event.code}.{event.about}"
            upward = pb.Upward(subject=subject, subject_kind="task", task_closed=closed)
            return ChangeRow(subject, "task_closed", 0, 0, upward.SerializeToString())
    raise TypeError(f"{type(event).__name__} is no event of the office")


def filing_of(handover: pb.Handover) -> Filing:
    """Decode a hand-over. Raises ``Reject`` for answers that are no JSON object or an unknown unit."""
    term = None
    if handover.term_unit:
        term = (handover.term_amount, Unit(_name(pb.TermUnit, handover.term_unit)))
    return Filing(
        procedure=handover.procedure,
        revision=handover.revision,
        title=handover.procedure_title,
        form_digest=handover.form_digest,
        answers=_object(handover.answers_json),
        files=_files(handover.files),
        submitted_at=_time(handover.submitted_at),
        applicant=handover.applicant_name,
        received_by=handover.received_by,
        office=handover.office,
        result_at=handover.result_at,
        term=term,
        wants_draft=handover.wants_draft,
        demo_asks=_demo_asks(handover.demo_asks_json, handover.procedure),
        paper_code=handover.paper_code,
        corrects=handover.corrects,
        wrong=handover.wrong,
    )


def request_of(message: pb.Request) -> Request:
    """Decode a citizen's request; one that the nation holds as answered keeps its verdict."""
    return Request(
        request_no=message.request_no,
        kind=RequestKind(_name(pb.RequestKind, message.kind)),
        filed_at=_time(message.filed_at),
        ask_no=message.ask_no,
        by=message.by,
        answers=_object(message.answers_json),
        files=_files(message.files),
        text=message.text,
        verdict=_enum(Verdict, message.state or "open"),
    )


def task_of(message: pb.TaskOpened) -> Task:
    """Decode a task of the nation's. Raises ``Reject`` for a kind that nobody knows."""
    try:
        kind = TaskKind(message.kind)
    except ValueError:
        raise Reject(f"unknown task {message.kind[:20]}") from None
    about, contact = message.about, message.contact
    return Task(message.dossier, about, kind, message.what, message.ask_no, contact, _time(message.opened_at))


def national_state(code: str, epoch: int, snapshot: pb.Snapshot) -> NationalState:
    """Decode the nation's snapshot of a dossier."""
    report = snapshot.state
    filing = filing_of(snapshot.handover)
    state = State(_name(pb.State, report.state))
    at = _time(report.occurred_at) if report.HasField("occurred_at") else filing.submitted_at
    return NationalState(
        code=code,
        filing=filing,
        epoch=epoch,
        version=report.version,
        state=state,
        at=at,
        asks=tuple(_ask(ask) for ask in report.asks),
        requests=tuple(request_of(request) for request in snapshot.requests),
        due=_due(report.due) if report.HasField("due") else None,
        results=_files(report.results),
        draft_result=_file(report.draft_result) if report.HasField("draft_result") else None,
        history=tuple(
            HistoryRow(row.version, _step(row.step), State(_name(pb.State, row.state)), _time(row.occurred_at), "")
            for row in snapshot.history
        ),
        reason=report.reason,
        reason_rule=report.reason_rule,
    )


def asks_of(report: pb.Report) -> tuple[Ask, ...]:
    """Decode a report's asks (for checks of our own change rows)."""
    return tuple(_ask(ask) for ask in report.asks)


def state_of(report: pb.Report) -> State:
    """Decode a report's state."""
    return State(_name(pb.State, report.state))


def results_of(report: pb.Report) -> tuple[FileRef, ...]:
    """Decode a report's results."""
    return _files(report.results)


def due_of(report: pb.Report) -> datetime | None:
    """Decode the instant of a report's appointment."""
    return _time(report.due.at) if report.HasField("due") else None


def _report(case: Case, step: Step) -> pb.Report:
    report = pb.Report(
        epoch=case.epoch,
        version=case.version,
        state=case.state.name,
        asks=[_ask_message(ask) for ask in case.asks],
        results=[_file_message(ref) for ref in case.results],
        step=_step_message(step),
        occurred_at=_at(case.changed_at),
        digest=case.digest,
        reason=case.reason,
        reason_rule=case.reason_rule,
    )
    if case.due is not None:
        report.due.CopyFrom(
            pb.Due(
                at=_at(case.due.at),
                start=_at(case.due.start),
                amount=case.due.amount,
                unit=case.due.unit.name,
                calendar=case.due.calendar,
                skipped=[day.isoformat() for day in case.due.skipped],
            )
        )
    if case.draft_result is not None:
        report.draft_result.CopyFrom(_file_message(case.draft_result))
    return report


def _snapshot(case: Case) -> pb.Snapshot:
    filing = case.filing
    last = case.history[-1].step
    return pb.Snapshot(
        state=_report(case, last),
        history=[
            pb.HistoryRow(
                version=row.version,
                step=_step_message(row.step),
                occurred_at=_at(row.at),
                state=row.state.name,
            )
            for row in case.history
        ],
        requests=[
            pb.Request(
                request_no=request.request_no,
                kind=request.kind.name,
                ask_no=request.ask_no,
                filed_at=_at(request.filed_at),
                by=request.by,
                text=request.text,
                state=request.verdict.value,
                files=[_file_message(ref) for ref in request.files],
            )
            for request in case.requests
        ],
        files=[_file_message(ref) for ref in case.files],
        handover=pb.Handover(
            procedure=filing.procedure,
            revision=filing.revision,
            form_digest=filing.form_digest,
            submitted_at=_at(filing.submitted_at),
            office=filing.office,
        ),
    )


def _ask(message: pb.Ask) -> Ask:
    return Ask(
        ask_no=message.ask_no,
        kind=AskKind(_name(pb.AskKind, message.kind)),
        state=AskState(_name(pb.AskState, message.state)),
        items=tuple(Item(item.text, item.reason, item.rule, item.field) for item in message.items),
        due=_time(message.due) if message.HasField("due") else None,
        amount_vnd=message.amount_vnd,
    )


def _ask_message(ask: Ask) -> pb.Ask:
    message = pb.Ask(
        ask_no=ask.ask_no,
        kind=ask.kind.name,
        state=ask.state.name,
        items=[pb.AskItem(field=i.field, text=i.text, reason=i.reason, rule=i.rule) for i in ask.items],
        amount_vnd=ask.amount_vnd,
    )
    if ask.due is not None:
        message.due.CopyFrom(_at(ask.due))
    return message


def _due(message: pb.Due) -> Due:
    return Due(
        at=_time(message.at),
        start=_time(message.start),
        amount=message.amount,
        unit=Unit(_name(pb.TermUnit, message.unit)),
        calendar=message.calendar,
        skipped=tuple(date.fromisoformat(day) for day in message.skipped),
    )


def _step(message: pb.HistoryStep) -> Step:
    return Step(message.type, message.actor_role, message.office, message.handler, message.note)


def _step_message(step: Step) -> pb.HistoryStep:
    return pb.HistoryStep(
        type=step.type, actor_role=step.role, office=step.office, handler=step.handler, note=step.note
    )


def _file(message: pb.FileRef) -> FileRef:
    return FileRef(message.sha256, message.size, message.type, message.name)


def _files(messages: Iterable[pb.FileRef]) -> tuple[FileRef, ...]:
    return tuple(_file(message) for message in messages)


def _file_message(ref: FileRef) -> pb.FileRef:
    return pb.FileRef(sha256=ref.sha256, size=ref.size, type=ref.type, name=ref.name)


def _at(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at.astimezone(UTC))
    return stamp


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _name(kind: Any, number: int) -> str:
    if number == 0 or number not in kind.values():
        raise Reject(f"unknown {kind.DESCRIPTOR.name} {number}")
    return str(kind.Name(number)).lower()


def _enum(kind: type[Verdict], value: str) -> Verdict:
    try:
        return kind(value)
    except ValueError:
        raise Reject(f"unknown request state {value[:20]}") from None


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        raise Reject("answers are no JSON") from None
    if not isinstance(value, dict):
        raise Reject("answers are no JSON object")
    return value


def _demo_asks(text: str, procedure: str) -> tuple[Item, ...]:
    """Read what the example case wants to be asked for: ``true`` (what the office knows of it), or a list of items."""
    try:
        value = json.loads(text or "null")
    except ValueError:
        return ()
    if value is True:
        return asked_of_example(procedure) or (DEMO_ASK,)
    rows = value.get("items", []) if isinstance(value, dict) else value
    if not isinstance(rows, list):
        return ()
    return tuple(
        Item(*(_vietnamese(row.get(name)) for name in ("text", "reason", "rule", "field")))
        for row in rows
        if isinstance(row, dict)
    )


def _vietnamese(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("vi", ""))
    return "" if value is None else str(value)
