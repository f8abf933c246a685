"""Every step a case can take. Each returns the next case and the report of it, or raises ``Conflict``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.errors import Conflict, FieldProblem, Invalid, Text
from province_backend.model.case import (
    NEXT,
    Answer,
    Ask,
    AskKind,
    AskState,
    Case,
    Due,
    FileRef,
    HistoryRow,
    Item,
    Reported,
    Request,
    RequestKind,
    State,
    Step,
    Verdict,
)

Appoint = Callable[[datetime, Case], Due | None]
"""Works out the appointment of a case from the time its clock starts; None when no term is published."""

WORKING = (State.SUBMITTED, State.ACCEPTED, State.PROCESSING)
STEPS_IN: Mapping[State, tuple[str, ...]] = {
    State.SUBMITTED: ("accept", "ask_for_papers", "refuse"),
    State.ACCEPTED: ("start", "ask_for_papers", "ask_for_money", "apologise", "stop"),
    State.PROCESSING: ("decide", "send_draft", "ask_for_papers", "ask_for_money", "apologise", "stop"),
    State.DECIDED: ("return", "attach"),
    State.RETURNED: (),
    State.REFUSED: (),
    State.WITHDRAWN: (),
    State.STOPPED: (),
}
BLOCKED_BY: Mapping[str, tuple[RequestKind, ...]] = {
    "accept": (RequestKind.SUPPLEMENT, RequestKind.WITHDRAWAL),
    "send_draft": (RequestKind.CONFIRMATION,),
    "decide": tuple(RequestKind),
}
APOLOGISED = "apologised"
BEFORE_LATE = timedelta(days=1)
CLOSED_TEXT = "Hồ sơ đã kết thúc trước khi yêu cầu này được xử lý."


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes the step: role, office id and the name the citizen may read."""

    role: str
    office: str
    handler: str


Moved = tuple[Case, Reported]


def advance(
    case: Case,
    *,
    actor: Actor,
    now: datetime,
    step: str,
    note: str = "",
    state: State | None = None,
    asks: tuple[Ask, ...] | None = None,
    answers: tuple[Answer, ...] = (),
    due: Due | None = None,
    results: tuple[FileRef, ...] | None = None,
    draft: FileRef | None = None,
    reason: tuple[str, str] | None = None,
) -> Moved:
    """Make the next version. Ending the case drops its open asks and closes every request still open.

    Raises ``Conflict`` ``illegal_step`` when the state table does not allow the step.
    """
    target = state or case.state
    if state is not None and state not in NEXT[case.state]:
        raise _illegal(case, step)
    asks = case.asks if asks is None else asks
    ending = not NEXT[target]
    if ending or target is State.DECIDED:
        asks = tuple(replace(ask, state=AskState.DROPPED) if ask.state is AskState.OPEN else ask for ask in asks)
    if ending:
        given = {answer.request_no for answer in answers}
        answers += tuple(
            Answer(request.request_no, Verdict.CLOSED, "ended", CLOSED_TEXT)
            for request in case.waiting
            if request.request_no not in given
        )
    at = max(now, case.changed_at)
    row = Step(step, actor.role, actor.office, actor.handler, note)
    moved = replace(
        case,
        version=case.version + 1,
        state=target,
        asks=asks,
        requests=_answered(case.requests, answers),
        due=due or case.due,
        results=case.results if results is None else results,
        draft_result=draft or case.draft_result,
        changed_at=at,
        reason=reason[0] if reason else case.reason,
        reason_rule=reason[1] if reason else case.reason_rule,
    )
    moved = replace(moved, history=(*case.history, HistoryRow(moved.version, row, target, at, moved.digest)))
    return moved, Reported(moved, answers, row)


def accept(case: Case, *, actor: Actor, now: datetime, appoint: Appoint) -> Moved:
    """Take the dossier in; its appointment starts when the citizen filed it. Open asks are dropped."""
    if case.state is not State.SUBMITTED:
        raise _illegal(case, "accepted")
    _no_waiting(case, "accept")
    start = case.filing.submitted_at
    asks = _with_state(case.asks, AskState.DROPPED)
    return advance(
        case, actor=actor, now=now, step="accepted", state=State.ACCEPTED, asks=asks, due=appoint(start, case)
    )


def start(case: Case, *, actor: Actor, now: datetime) -> Moved:
    """Begin processing."""
    return advance(case, actor=actor, now=now, step="processing_started", state=State.PROCESSING)


def ask_for_papers(
    case: Case, *, actor: Actor, now: datetime, items: tuple[Item, ...], due: datetime, again: str = ""
) -> Moved:
    """Ask once for everything that is missing; ``again`` is the head's reason to ask twice, told to the citizen.

    Raises ``Conflict`` ``already_asked`` while an ask is open, ``Invalid`` without ``again`` where papers were asked
    for before (Decision 766/QĐ-TTg counts a second request as late).
    """
    if case.state not in WORKING:
        raise _illegal(case, "papers_asked")
    if not items:
        raise _missing("items", Text("Ghi giấy tờ cần bổ sung.", "Write what is missing."))
    if case.open_ask(AskKind.PAPERS):
        raise Conflict(
            "already_asked",
            Text(
                "Đã có một yêu cầu bổ sung đang chờ người dân.",
                "A request for papers is already waiting for the citizen.",
            ),
        )
    if asked_before(case) and not again:
        raise _missing(
            "again",
            Text(
                "Đã hỏi bổ sung một lần. Ghi lý do của người đứng đầu để hỏi lần nữa.",
                "Papers were asked for before. Write the head's reason to ask once more.",
            ),
        )
    ask = Ask(len(case.asks) + 1, AskKind.PAPERS, AskState.OPEN, items, due)
    return advance(case, actor=actor, now=now, step="papers_asked", asks=(*case.asks, ask), note=again)


def asked_before(case: Case) -> bool:
    """Tell whether the citizen was already asked for papers in this dossier."""
    return any(ask.kind is AskKind.PAPERS for ask in case.asks)


def ask_for_money(case: Case, *, actor: Actor, now: datetime, amount_vnd: int, rule: str, due: datetime) -> Moved:
    """Ask for a fee (đồng). Only an accepted case can owe money."""
    if case.state not in (State.ACCEPTED, State.PROCESSING):
        raise _illegal(case, "money_asked")
    if amount_vnd <= 0:
        raise _missing("amount_vnd", Text("Ghi số tiền lớn hơn 0.", "Write an amount above zero."))
    if case.open_ask(AskKind.MONEY):
        raise Conflict(
            "already_asked", Text("Đã có một yêu cầu nộp tiền đang chờ.", "A request for payment is already waiting.")
        )
    item = Item("Nộp phí, lệ phí", "", rule)
    ask = Ask(len(case.asks) + 1, AskKind.MONEY, AskState.OPEN, (item,), due, amount_vnd)
    return advance(case, actor=actor, now=now, step="money_asked", asks=(*case.asks, ask))


def send_draft(case: Case, *, actor: Actor, now: datetime, draft: FileRef, due: datetime) -> Moved:
    """Show the citizen the result before it is signed; an older draft's ask is dropped."""
    if case.state is not State.PROCESSING:
        raise _illegal(case, "draft_sent")
    _no_waiting(case, "send_draft")
    older = tuple(
        replace(ask, state=AskState.DROPPED) if ask.kind is AskKind.CONFIRM and ask.state is AskState.OPEN else ask
        for ask in case.asks
    )
    item = Item("Xem bản nháp kết quả và xác nhận thông tin đúng")
    ask = Ask(len(case.asks) + 1, AskKind.CONFIRM, AskState.OPEN, (item,), due)
    return advance(case, actor=actor, now=now, step="draft_sent", asks=(*older, ask), draft=draft)


def decide(case: Case, *, actor: Actor, now: datetime) -> Moved:
    """Decide. Every waiting request needs its answer first; open asks are dropped."""
    _no_waiting(case, "decide")
    return advance(case, actor=actor, now=now, step="decided", state=State.DECIDED)


def attach_result(case: Case, *, actor: Actor, now: datetime, result: FileRef) -> Moved:
    """Attach a signed result to a decided case."""
    if case.state is not State.DECIDED:
        raise _illegal(case, "result_attached")
    if any(ref.sha256 == result.sha256 for ref in case.results):
        raise Conflict("already_attached", Text("Tệp này đã được đính kèm.", "This file is already attached."))
    return advance(case, actor=actor, now=now, step="result_attached", results=(*case.results, result))


def return_result(case: Case, *, actor: Actor, now: datetime) -> Moved:
    """Give the result to the citizen. Raises ``Conflict`` ``no_result`` when none is attached."""
    if case.state is State.DECIDED and not case.results:
        raise Conflict(
            "no_result", Text("Đính kèm kết quả trước khi trả.", "Attach the result before returning the dossier.")
        )
    return advance(case, actor=actor, now=now, step="result_returned", state=State.RETURNED)


def refuse(case: Case, *, actor: Actor, now: datetime, reason: str, rule: str) -> Moved:
    """Refuse to take the dossier in; needs a reason and the rule it rests on."""
    _reasoned(reason, rule)
    return advance(case, actor=actor, now=now, step="refused", state=State.REFUSED, note=reason, reason=(reason, rule))


def stop(case: Case, *, actor: Actor, now: datetime, reason: str, rule: str) -> Moved:
    """Stop an accepted case; a submitted one is stopped only by a lapsed ask (``lapse``)."""
    _reasoned(reason, rule)
    if case.state is State.SUBMITTED:
        raise _illegal(case, "stopped")
    return advance(case, actor=actor, now=now, step="stopped", state=State.STOPPED, note=reason, reason=(reason, rule))


def apologise(case: Case, *, actor: Actor, now: datetime, reason: str, head: str, due: Due | None) -> Moved:
    """Say sorry before the appointment is missed, with the reason, the head's name and a new day: once, a day ahead.

    The rule is that of decree 61/2018, article 19.9; decree 118/2025 replaced it and was not compared.
    Raises ``Conflict`` (``no_appointment``, ``apologised_already``, ``too_late_to_apologise``), ``Invalid``.
    """
    if case.state not in (State.ACCEPTED, State.PROCESSING) or case.due is None or due is None:
        raise Conflict("no_appointment", Text("Hồ sơ chưa có ngày hẹn.", "There is no appointment to move."))
    if apologised(case):
        text = Text("Chỉ được hẹn lại một lần.", "An appointment is moved once only.")
        raise Conflict("apologised_already", text)
    if now > case.due.at - BEFORE_LATE:
        text = Text(
            "Phải xin lỗi trước ngày hẹn ít nhất 1 ngày. Nay hồ sơ tính là trễ.",
            "An apology comes a day before the appointment. This one counts as late now.",
        )
        raise Conflict("too_late_to_apologise", text)
    wanted = {
        "reason": (reason, Text("Ghi lý do để người dân hiểu.", "Write a reason that the citizen understands.")),
        "head": (head, Text("Ghi tên người đứng đầu ký xin lỗi.", "Write the name of the head who signs.")),
    }
    missing = [FieldProblem(name, "required", text) for name, (value, text) in wanted.items() if not value.strip()]
    if missing:
        raise Invalid("missing", missing[0].text, missing)
    note = f"Cơ quan xin lỗi vì sẽ trễ hẹn. Lý do: {reason.strip()} Người đứng đầu ký: {head.strip()}."
    return advance(case, actor=actor, now=now, step=APOLOGISED, note=note, due=due)


def apologised(case: Case) -> bool:
    """Tell whether the appointment was moved already."""
    return any(row.step.type == APOLOGISED for row in case.history)


def lapse(case: Case, *, actor: Actor, now: datetime) -> Moved | None:
    """Let asks whose time is over lapse. Papers or money not brought stop the case; a draft not answered stands.

    A request that was filed in time and waits keeps its ask open. Returns None when nothing lapses.
    """
    answered = {request.ask_no for request in case.waiting}
    over = {
        ask.ask_no
        for ask in case.asks
        if ask.state is AskState.OPEN and ask.due and ask.due <= now and ask.ask_no not in answered
    }
    if case.ended or not over:
        return None
    asks = tuple(replace(ask, state=AskState.LAPSED) if ask.ask_no in over else ask for ask in case.asks)
    if all(ask.kind is AskKind.CONFIRM for ask in case.asks if ask.ask_no in over):
        return advance(case, actor=actor, now=now, step="ask_lapsed", asks=asks)
    text = "Hết thời hạn mà chưa nhận được giấy tờ hoặc tiền đã yêu cầu."
    return advance(
        case, actor=actor, now=now, step="stopped", state=State.STOPPED, asks=asks, note=text, reason=(text, "")
    )


def possible(case: Case) -> tuple[str, ...]:
    """Return the names of the steps an officer can take now, the most likely first.

    A step that must wait for the answer to a citizen's request is left out.
    """
    if case.stale:
        return ()
    names = tuple(name for name in STEPS_IN[case.state] if not _blocked(case, name))
    if case.due is None or apologised(case):
        names = tuple(name for name in names if name != "apologise")
    return tuple(name for name in names if name != "return" or case.results)


def _blocked(case: Case, name: str) -> bool:
    asked = {"ask_for_papers": AskKind.PAPERS, "ask_for_money": AskKind.MONEY}
    if name in asked and case.open_ask(asked[name]):
        return True
    return any(request.kind in BLOCKED_BY.get(name, ()) for request in case.waiting)


def _answered(requests: tuple[Request, ...], answers: tuple[Answer, ...]) -> tuple[Request, ...]:
    given = {answer.request_no: answer for answer in answers}
    return tuple(
        replace(
            request,
            verdict=given[request.request_no].verdict,
            code=given[request.request_no].code,
            reply=given[request.request_no].text,
        )
        if request.request_no in given and request.verdict is Verdict.OPEN
        else request
        for request in requests
    )


def _with_state(asks: tuple[Ask, ...], state: AskState) -> tuple[Ask, ...]:
    return tuple(replace(ask, state=state) if ask.state is AskState.OPEN else ask for ask in asks)


def _no_waiting(case: Case, step: str) -> None:
    if any(request.kind in BLOCKED_BY[step] for request in case.waiting):
        raise Conflict(
            "request_waits",
            Text(
                "Trả lời yêu cầu của người dân trước khi làm bước này.",
                "Answer the citizen's request before this step.",
            ),
        )


def _illegal(case: Case, step: str) -> Conflict:
    return Conflict(
        "illegal_step",
        Text("Hồ sơ đang ở bước khác, không làm bước này được.", "The dossier is at another step; this one is closed."),
        extra={"state": case.state.value, "step": step},
    )


def _missing(path: str, text: Text) -> Invalid:
    return Invalid("missing", text, [FieldProblem(path, "required", text)])


def _reasoned(reason: str, rule: str) -> None:
    wanted = {
        "reason": (reason, Text("Ghi lý do để người dân hiểu.", "Write a reason that the citizen understands.")),
        "rule": (rule, Text("Ghi căn cứ pháp lý.", "Write the legal rule.")),
    }
    missing = [FieldProblem(name, "required", text) for name, (value, text) in wanted.items() if not value.strip()]
    if missing:
        raise Invalid("missing", missing[0].text, missing)
