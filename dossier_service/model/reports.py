"""What the nation does with what the owner reports: apply, duplicate, park or refuse (road.md 1.1-1.6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dossier_service.model.dossier import (
    Answer,
    Appointment,
    Dossier,
    Report,
    Request,
    advance,
    holder_of,
    state_digest,
)
from dossier_service.model.happened import DossierChanged
from dossier_service.model.history import Entry, new_entry
from dossier_service.model.states import (
    ALLOWED,
    ASK_ALLOWED_IN,
    AskState,
    RequestKind,
    RequestState,
    State,
    derive_status,
)
from kernel.workdays import Calendar, Term, Unit

LATE = timedelta(hours=1)
DRIFT = timedelta(minutes=2)
PARK_LIMIT = 50
PARK_MOST = 10 * PARK_LIMIT
PARK_PATIENCE = timedelta(minutes=15)

ILLEGAL, UNKNOWN, CONFLICT = "ILLEGAL", "UNKNOWN", "CONFLICT"
STALE_OWNER, MISSING_FILE, BAD_SCHEMA = "STALE_OWNER", "MISSING_FILE", "BAD_SCHEMA"


@dataclass(frozen=True, slots=True)
class Refused:
    """Never applied; ``text`` (Vietnamese) is for the officer."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Already applied: same version, same digest."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Cannot be applied yet: an earlier version (``gap``) or a file (``missing_file``) is not here."""

    reason: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The dossier after a report, with everything that has to be written."""

    dossier: Dossier
    entries: tuple[Entry, ...]
    changes: tuple[DossierChanged, ...]
    answered: tuple[Request, ...] = ()


@dataclass
class Book:
    """What is known beside the dossier: open requests, digests of older versions, files that are here."""

    open_requests: dict[int, Request] = field(default_factory=dict)
    digests: Mapping[int, str] = field(default_factory=dict)
    here: Collection[str] = frozenset()


def judge(dossier: Dossier, report: Report, book: Book) -> Refused | Duplicate | Parked | None:
    """Return why ``report`` is not applied now, or None when it is the next version and legal."""
    early = judge_identity(dossier, report)
    if early is not None:
        return early
    if report.version <= dossier.version:
        return judge_old(dossier, report, book)
    if report.version > dossier.version + 1:
        return Parked("gap")
    fault = fault_of(dossier, report, book)
    if fault is not None:
        return Refused(ILLEGAL, fault)
    for ref in report.files:
        if ref.sha256 not in book.here:
            return Parked("missing_file", ref.sha256)
    return None


def judge_identity(dossier: Dossier, report: Report) -> Refused | None:
    """Refuse another owner's epoch and a digest that is not that of the state."""
    if report.epoch < dossier.epoch:
        return Refused(STALE_OWNER, "Hồ sơ này đã chuyển cho cơ quan khác. Báo cáo không được áp dụng.")
    if report.epoch > dossier.epoch:
        return Refused(ILLEGAL, "Số kỳ quản lý của báo cáo lớn hơn số đang có hiệu lực.")
    if report.digest != state_digest(dossier.code, report):
        return Refused(BAD_SCHEMA, "Mã băm của báo cáo không khớp với nội dung.")
    return None


def judge_old(dossier: Dossier, report: Report, book: Book) -> Refused | Duplicate:
    """Tell a repeated report from another content under a used version."""
    seen = dossier.state_digest if report.version == dossier.version else book.digests.get(report.version, "")
    if seen in ("", report.digest):
        return Duplicate()
    return conflict_of(report)


def conflict_of(report: Report) -> Refused:
    """Return the refusal of another content under a used version (road.md 1.2)."""
    return Refused(
        CONFLICT,
        f"Phiên bản {report.version} đã được dùng cho một nội dung khác. Hãy đối chiếu rồi báo cáo bằng số mới.",
    )


def fault_of(dossier: Dossier, report: Report, book: Book) -> str | None:
    """Return which rule the next version breaks (Vietnamese, for the officer), or None."""
    if report.state is not dossier.state and report.state not in ALLOWED[dossier.state]:
        return f"Không thể chuyển từ “{dossier.state}” sang “{report.state}”."
    return (
        _fault_of_asks(dossier, report)
        or _fault_of_answers(report, book)
        or _fault_of_end(dossier, report, book)
        or _fault_of_first_steps(dossier, report)
    )


def fault_of_jump(dossier: Dossier, report: Report, book: Book, *, agreed: bool = False) -> str | None:
    """Return which rule a state several versions on breaks (Vietnamese, for the officer), or None.

    Asks may have been opened and closed on the way; what has ended stays as it ended. ``agreed``: the owner granted
    a request whose number was never given here, so it was lost with what a back-up does not hold.
    """
    return (
        _fault_of_asks(dossier, report, jump=True)
        or _fault_of_answers(report, book)
        or _fault_of_end(dossier, report, book, agreed=agreed)
    )


def _fault_of_asks(dossier: Dossier, report: Report, *, jump: bool = False) -> str | None:
    asks = sorted(report.asks, key=lambda ask: ask.ask_no)
    if [ask.ask_no for ask in asks] != list(range(1, len(asks) + 1)) or len(asks) < len(dossier.asks):
        return "Các yêu cầu bổ sung phải đánh số liên tục và không được bỏ đi."
    known = {ask.ask_no: ask for ask in dossier.asks}
    for ask in asks:
        before = known.get(ask.ask_no)
        if before is None and ask.state is not AskState.OPEN and not jump:
            return f"Yêu cầu số {ask.ask_no} chưa từng được mở."
        if before is not None and before.kind is not ask.kind:
            return f"Yêu cầu số {ask.ask_no} đã đổi loại."
        if before is not None and before.state is not AskState.OPEN and before.state is not ask.state:
            return f"Yêu cầu số {ask.ask_no} đã đóng, không mở lại được."
        if ask.state is AskState.OPEN and report.state not in ASK_ALLOWED_IN[ask.kind]:
            return f"Yêu cầu số {ask.ask_no} không thể còn mở ở bước “{report.state}”."
    return None


def _fault_of_answers(report: Report, book: Book) -> str | None:
    cited: set[int] = set()
    for answer in report.answers:
        if answer.request_no in cited or answer.request_no not in book.open_requests:
            return f"Đề nghị số {answer.request_no} không chờ trả lời."
        if answer.verdict is RequestState.OPEN:
            return f"Đề nghị số {answer.request_no} chưa có kết luận."
        cited.add(answer.request_no)
        kind = book.open_requests[answer.request_no].kind
        granted = kind is RequestKind.WITHDRAWAL and answer.verdict is RequestState.ACCEPTED
        if granted and report.state is not State.WITHDRAWN:
            return "Đã đồng ý cho rút thì hồ sơ phải chuyển sang “withdrawn”."
    return None


def _fault_of_end(dossier: Dossier, report: Report, book: Book, *, agreed: bool = False) -> str | None:
    if dossier.ended:
        if report.results != dossier.results or not report.answers:
            return "Hồ sơ đã kết thúc. Chỉ còn được trả lời đề nghị của công dân."
        return None
    granted = agreed or any(
        answer.verdict is RequestState.ACCEPTED and book.open_requests[answer.request_no].kind is RequestKind.WITHDRAWAL
        for answer in report.answers
    )
    if report.state is State.WITHDRAWN and not granted:
        return "Chỉ rút hồ sơ khi công dân đề nghị và đề nghị đó được chấp nhận."
    if report.state is State.REFUSED and not report.reason:
        return "Từ chối hồ sơ phải nêu lý do."
    return None


def _fault_of_first_steps(dossier: Dossier, report: Report) -> str | None:
    if dossier.ended:
        return None
    if dossier.state is State.SUBMITTED:
        if report.state is State.STOPPED and not any(ask.state is AskState.LAPSED for ask in report.asks):
            return "Hồ sơ chưa tiếp nhận chỉ dừng khi hết hạn bổ sung."
        had, has = dossier.open_asks, any(ask.state is AskState.OPEN for ask in report.asks)
        if report.state is State.SUBMITTED and had and not has:
            return "Đóng yêu cầu bổ sung cuối cùng thì phải tiếp nhận hoặc từ chối hồ sơ."
    return None


def apply_report(dossier: Dossier, report: Report, book: Book, *, received_at: datetime, calendar: Calendar) -> Applied:
    """Return the dossier after ``report``, which ``judge`` has let through; removes answered requests from ``book``.

    ``received_at`` is business time (aware). The owner's time is clamped to [previous step, received_at].
    """
    received_at = max(received_at, dossier.updated_at)
    at = min(max(report.occurred_at, dossier.occurred_at), received_at)
    arrival = deliver(dossier, at=at, received_at=received_at)
    dossier = arrival.dossier if arrival else dossier
    answered = tuple(_answer(book.open_requests.pop(answer.request_no), answer, report) for answer in report.answers)
    after = _moved(dossier, report, book, at=at, received_at=received_at, calendar=calendar)
    kind = "state_reported"
    if not answered and dossier.due != report.due and _only_due(dossier, report):
        kind = "due_changed"
    opened = [ask.ask_no for ask in report.asks if ask.ask_no > len(dossier.asks)]
    stamps = Stamps(at, received_at, report.occurred_at)
    writer = Writer(after, stamps)
    if not answered or not _only_answers(dossier, report):
        writer.write(kind, report.step.type, _content(report), step=report.step.type, ask_no=max(opened, default=0))
    for request in answered:
        content = _content_of_answer(report, request)
        writer.write(
            "request_answered",
            "request_answered",
            content,
            step=f"{request.kind}_{request.state}",
            ask_no=request.ask_no or 0,
            request_no=request.request_no,
        )
    entries, changes = tuple(writer.entries), tuple(writer.changes)
    if arrival:
        entries, changes = (*arrival.entries, *entries), (*arrival.changes, *changes)
    return Applied(writer.dossier, entries, changes, answered)


def deliver(dossier: Dossier, *, at: datetime, received_at: datetime) -> Applied | None:
    """Return the dossier once its owner holds the hand-over, or None when that is known already.

    Known from the exchange's acknowledgement, or from the owner's first report if that is read earlier.
    """
    if dossier.delivered_at is not None:
        return None
    received_at = max(received_at, dossier.updated_at)
    at = min(max(at, dossier.occurred_at), received_at)
    after = advance(dossier, delivered_at=at, updated_at=received_at, occurred_at=at)
    writer = Writer(after, Stamps(at, received_at))
    writer.write("dossier_delivered", "delivered", {"office": dossier.office, "role": "exchange"}, step="delivered")
    return Applied(writer.dossier, tuple(writer.entries), tuple(writer.changes))


@dataclass(frozen=True, slots=True)
class Stamps:
    """When: clamped, received by the nation, and what the owner's clock said (all aware)."""

    at: datetime
    received_at: datetime
    reported_at: datetime | None = None


class Writer:
    """Extends a dossier's history under its head: each entry takes the next event_no."""

    def __init__(self, dossier: Dossier, stamps: Stamps, *, recovered: bool = False) -> None:
        self.dossier = dossier
        self.entries: list[Entry] = []
        self.changes: list[DossierChanged] = []
        self._stamps = stamps
        self._recovered = recovered

    def write(
        self,
        kind: str,
        type: str,
        content: dict[str, object],
        *,
        step: str = "",
        ask_no: int = 0,
        request_no: int | None = None,
    ) -> None:
        """Append one entry of ``type`` and the event ``kind`` that tells of it."""
        dossier, stamps = self.dossier, self._stamps
        said = stamps.reported_at
        entry = new_entry(
            dossier=dossier.code,
            n=dossier.event_no + 1,
            prev=dossier.head,
            type=type,
            epoch=dossier.epoch,
            version=dossier.version,
            request_no=request_no,
            occurred_at=stamps.at,
            received_at=stamps.received_at,
            content=content,
            state=dossier.state,
            status=dossier.status,
            state_digest=dossier.state_digest,
            reported_at=said,
            recovered=self._recovered,
            late=said is not None and stamps.received_at - said > LATE,
            drift=said is not None and said - stamps.received_at > DRIFT,
        )
        self.dossier = advance(dossier, event_no=entry.n, head=entry.hash)
        self.entries.append(entry)
        self.changes.append(DossierChanged(kind, self.dossier, entry, step, ask_no))


def _moved(
    dossier: Dossier, report: Report, book: Book, *, at: datetime, received_at: datetime, calendar: Calendar
) -> Dossier:
    waiting = [(request.kind, request.ask_no) for request in book.open_requests.values()]
    holder = holder_of(report.state, report.asks, waiting)
    due, national_at = dossier.due, dossier.national_at
    if report.due != due:
        due, national_at = recomputed(report.due, calendar)
    return advance(
        dossier,
        version=report.version,
        state=report.state,
        asks=tuple(sorted(report.asks, key=lambda ask: ask.ask_no)),
        due=due,
        national_at=national_at,
        results=report.results,
        draft_result=report.draft_result,
        reason=report.reason,
        reason_rule=report.reason_rule,
        state_digest=report.digest,
        occurred_at=at,
        updated_at=received_at,
        snapshot_asked_at=None,
        **held(dossier, holder, at, calendar),
    )


def held(dossier: Dossier, holder: str, at: datetime, calendar: Calendar) -> dict[str, object]:
    """Return the clock fields when ``holder`` has the dossier from ``at`` on; the authority's clock pauses else."""
    if holder == dossier.held_by:
        return {}
    seconds = dossier.authority_seconds
    if dossier.held_by == "authority":
        seconds += calendar.working_seconds(dossier.held_since, at)
    return {"held_by": holder, "held_since": at, "authority_seconds": seconds}


def recomputed(due: Appointment | None, calendar: Calendar) -> tuple[Appointment | None, datetime | None]:
    """Return the owner's appointment and the nation's own sum for it (None when it gives no sum)."""
    if due is None or due.start is None or not due.unit or not 0 <= due.amount <= 3650:
        return due, None
    own = calendar.due(due.start, Term(due.amount, Unit(due.unit)))
    return due, own.at


def _only_due(dossier: Dossier, report: Report) -> bool:
    before = (dossier.state, dossier.asks, dossier.results, dossier.draft_result)
    return before == (report.state, report.asks, report.results, report.draft_result)


def _only_answers(dossier: Dossier, report: Report) -> bool:
    return _only_due(dossier, report) and dossier.due == report.due


def _answer(request: Request, answer: Answer, report: Report) -> Request:
    return replace(
        request, state=answer.verdict, code=answer.code, answer_text=answer.text, answered_version=report.version
    )


def _content(report: Report) -> dict[str, object]:
    return {
        "role": report.step.role,
        "office": report.step.office,
        "handler": report.step.handler,
        "note": report.step.note,
        "reason": report.reason,
        "rule": report.reason_rule,
        "state": report.digest,
    }


def _content_of_answer(report: Report, request: Request) -> dict[str, object]:
    return {
        "role": report.step.role,
        "office": report.step.office,
        "handler": report.step.handler,
        "state": report.digest,
        "verdict": request.state.value,
        "code": request.code,
        "note": request.answer_text,
        "kind": request.kind.value,
    }


def status_of(report: Report) -> int:
    """Return the national code of a reported state."""
    return derive_status(report.state, [ask.kind for ask in report.asks if ask.state is AskState.OPEN])
