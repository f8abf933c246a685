"""A snapshot fills a gap: it may jump versions forward within the epoch and marks what it filled as recovered."""

from dataclasses import replace
from datetime import datetime

from dossier_service.model.dossier import Answer, Dossier, PastStep, Report, Snapshot, advance
from dossier_service.model.reports import (
    ILLEGAL,
    Applied,
    Book,
    Duplicate,
    Parked,
    Refused,
    Stamps,
    Writer,
    apply_report,
    fault_of_jump,
    judge_identity,
    judge_old,
)
from dossier_service.model.states import REACHABLE, RequestState
from kernel.workdays import Calendar


def judge_snapshot(dossier: Dossier, snapshot: Snapshot, book: Book) -> Refused | Duplicate | Parked | None:
    """Return why ``snapshot`` is not applied now, or None. A version jump is allowed, going back is not."""
    report = snapshot.state
    early = judge_identity(dossier, report)
    if early is not None:
        return early
    if report.version <= dossier.version:
        return judge_old(dossier, report, book)
    if report.state not in REACHABLE[dossier.state]:
        return Refused(ILLEGAL, f"Từ “{dossier.state}” không thể tới “{report.state}”.")
    said = (snapshot.requests or {}).items()
    agreed = any(number > dossier.request_count and state is RequestState.ACCEPTED for number, state in said)
    told = _with_answers(snapshot, book)
    fault = _fault_of_past(dossier, snapshot) or fault_of_jump(dossier, told, book, agreed=agreed)
    if fault is not None:
        return Refused(ILLEGAL, fault)
    for ref in report.files:
        if ref.sha256 not in book.here:
            return Parked("missing_file", ref.sha256)
    return None


def apply_snapshot(
    dossier: Dossier, snapshot: Snapshot, book: Book, *, received_at: datetime, calendar: Calendar
) -> Applied:
    """Return the dossier after ``snapshot``: one recovered entry per step it brings, the newest state last.

    Requests that the owner has answered in a lost report get that answer here, once.
    """
    received_at = max(received_at, dossier.updated_at)
    entries, changes = [], []
    filled = dossier
    for past in _missed(dossier, snapshot):
        at = min(max(past.occurred_at, filled.occurred_at), received_at)
        filled = advance(filled, version=past.version, state=past.state, asks=(), state_digest="", occurred_at=at)
        writer = Writer(filled, Stamps(at, received_at, past.occurred_at), recovered=True)
        step = past.step
        content: dict[str, object] = {
            "role": step.role,
            "office": step.office,
            "handler": step.handler,
            "note": step.note,
        }
        writer.write("dossier_recovered", step.type, content, step=step.type)
        filled = writer.dossier
        entries += writer.entries
        changes += writer.changes
    filled = advance(filled, asks=dossier.asks, state=dossier.state)
    last = apply_report(filled, _with_answers(snapshot, book), book, received_at=received_at, calendar=calendar)
    return Applied(last.dossier, (*entries, *last.entries), (*changes, *last.changes), last.answered)


def _missed(dossier: Dossier, snapshot: Snapshot) -> list[PastStep]:
    """Return the steps that the nation did not see, by version."""
    rows = (row for row in snapshot.history if dossier.version < row.version < snapshot.state.version)
    return sorted(rows, key=lambda row: row.version)


def _fault_of_past(dossier: Dossier, snapshot: Snapshot) -> str | None:
    version, state = dossier.version, dossier.state
    for past in _missed(dossier, snapshot):
        if past.version == version:
            return f"Lịch sử có hai bước cùng phiên bản {version}."
        if past.state not in REACHABLE[state] or snapshot.state.state not in REACHABLE[past.state]:
            return f"Lịch sử đi từ “{state}” qua “{past.state}” là không thể."
        version, state = past.version, past.state
    return None


def _with_answers(snapshot: Snapshot, book: Book) -> Report:
    report = snapshot.state
    cited = {answer.request_no: answer for answer in report.answers if answer.request_no in book.open_requests}
    for number, state in (snapshot.requests or {}).items():
        if number in book.open_requests and state is not RequestState.OPEN and number not in cited:
            cited[number] = Answer(number, state)
    return replace(report, answers=tuple(cited[number] for number in sorted(cited)))
