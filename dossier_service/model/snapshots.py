"""A snapshot fills a gap: it may jump versions forward within the epoch and marks what it filled as recovered."""

from dataclasses import replace
from datetime import datetime

from dossier_service.model.dossier import Answer, Dossier, Report, Snapshot, advance
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
    numbers = sorted(ask.ask_no for ask in report.asks)
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < len(dossier.asks):
        return Refused(ILLEGAL, "Các yêu cầu bổ sung phải đánh số liên tục và không được bỏ đi.")
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
    for past in sorted(snapshot.history, key=lambda row: row.version):
        if not dossier.version < past.version < snapshot.state.version:
            continue
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


def _with_answers(snapshot: Snapshot, book: Book) -> Report:
    report = snapshot.state
    cited = {answer.request_no: answer for answer in report.answers if answer.request_no in book.open_requests}
    for number, state in (snapshot.requests or {}).items():
        if number in book.open_requests and state is not RequestState.OPEN and number not in cited:
            cited[number] = Answer(number, state)
    return replace(report, answers=tuple(cited[number] for number in sorted(cited)))
