"""The citizen's requests: what happens when one arrives, and its one answer."""

from dataclasses import replace
from datetime import datetime

from kernel.errors import Conflict, FieldProblem, Invalid, NotFound, Text
from province_backend.model.case import (
    Answer,
    AskKind,
    AskState,
    Case,
    Filing,
    Request,
    RequestKind,
    State,
    Verdict,
)
from province_backend.model.steps import Actor, Appoint, Moved, advance

ANSWERS_TO = {
    RequestKind.SUPPLEMENT: AskKind.PAPERS,
    RequestKind.PAYMENT: AskKind.MONEY,
    RequestKind.CONFIRMATION: AskKind.CONFIRM,
}
ENDED_TEXT = "Hồ sơ đã kết thúc. Bạn có thể nộp hồ sơ mới."
DECIDED_TEXT = "Cơ quan đã xử lý xong hồ sơ trước khi nhận được yêu cầu này."
NOT_NEEDED_TEXT = "Cơ quan không còn chờ nội dung này."


def receive(case: Case, request: Request, *, actor: Actor, now: datetime) -> tuple[Case, Moved | None]:
    """Put an arriving request into the books; answer at once what can no longer be done.

    Returns the case with the request and, when it was answered at once, the step that did it. A request already in
    the books changes nothing. One of the same number that was filed at another time takes its place: the nation was
    restored from a back-up, lost the first and gave its number again.
    """
    others = tuple(known for known in case.requests if known.request_no != request.request_no)
    if any(known.request_no == request.request_no and known.filed_at == request.filed_at for known in case.requests):
        return case, None
    held = replace(case, requests=(*others, request))
    answer = _late_answer(case, request)
    if answer is None:
        return held, None
    moved = advance(held, actor=actor, now=now, step="request_answered", answers=(answer,), note=answer.text)
    return moved[0], moved


def _late_answer(case: Case, request: Request) -> Answer | None:
    number = request.request_no
    if case.ended or case.state is State.DECIDED:
        if request.kind is RequestKind.PAYMENT:
            return Answer(number, Verdict.CLOSED, "ended" if case.ended else "already_done", ENDED_TEXT)
        if case.ended:
            return Answer(number, Verdict.DECLINED, "ended", ENDED_TEXT)
        return Answer(number, Verdict.DECLINED, "already_done", DECIDED_TEXT)
    asked = [ask for ask in case.asks if ask.ask_no == request.ask_no and ask.state is AskState.OPEN]
    if request.kind is RequestKind.CONFIRMATION and not asked:
        return Answer(number, Verdict.DECLINED, "not_needed", NOT_NEEDED_TEXT)
    if request.kind is RequestKind.PAYMENT and not asked:
        return Answer(number, Verdict.CLOSED, "not_needed", NOT_NEEDED_TEXT)
    return None


def close_late(case: Case, *, actor: Actor, now: datetime) -> Moved | None:
    """Answer what still waits in a case that is over (after taking over the nation's state). None when nothing does."""
    answers = tuple(answer for request in case.waiting if (answer := _late_answer(case, request)))
    if not answers:
        return None
    return advance(case, actor=actor, now=now, step="request_answered", answers=answers, note=answers[0].text)


def accept_request(case: Case, request_no: int, *, actor: Actor, now: datetime, appoint: Appoint) -> Moved:
    """Accept a request and do what it asks.

    A withdrawal ends the case. A supplement, payment or confirmation meets its ask; a supplement also moves a
    submitted case to accepted and starts the appointment anew at the time it was filed (NĐ 61/2018 art. 19.4).
    """
    request = _waiting(case, request_no)
    answer = (Answer(request_no, Verdict.ACCEPTED),)
    if request.kind is RequestKind.WITHDRAWAL:
        return advance(case, actor=actor, now=now, step="withdrawn", state=State.WITHDRAWN, answers=answer)
    kind = ANSWERS_TO[request.kind]
    asks = tuple(
        replace(ask, state=AskState.MET)
        if ask.kind is kind and ask.state is AskState.OPEN and request.ask_no in (0, ask.ask_no)
        else ask
        for ask in case.asks
    )
    if request.kind is not RequestKind.SUPPLEMENT:
        return advance(case, actor=actor, now=now, step=f"{request.kind.value}_accepted", asks=asks, answers=answer)
    filing = _merged(case.filing, request)
    case = replace(case, filing=filing)
    met_last = case.state is State.SUBMITTED and case.open_ask(AskKind.PAPERS) is not None and asks != case.asks
    return advance(
        case,
        actor=actor,
        now=now,
        step="accepted" if met_last else "supplement_accepted",
        state=State.ACCEPTED if met_last else None,
        asks=asks,
        answers=answer,
        due=None if case.state is State.SUBMITTED and not met_last else appoint(request.filed_at, case),
    )


def decline_request(case: Case, request_no: int, *, actor: Actor, now: datetime, text: str) -> Moved:
    """Decline a request with a reason that the citizen reads; its ask stays open."""
    _waiting(case, request_no)
    if not text.strip():
        why = Text("Ghi lý do không đồng ý.", "Write the reason for declining.")
        raise Invalid("reason_needed", why, [FieldProblem("text", "required", why)])
    answer = Answer(request_no, Verdict.DECLINED, "declined", text)
    return advance(case, actor=actor, now=now, step="request_declined", answers=(answer,), note=text)


def _waiting(case: Case, request_no: int) -> Request:
    request = next((known for known in case.requests if known.request_no == request_no), None)
    if request is None:
        raise NotFound("request_unknown", Text("Không có yêu cầu này.", "There is no such request."))
    if request.verdict is not Verdict.OPEN:
        raise Conflict(
            "already_answered", Text("Yêu cầu này đã được trả lời.", "This request has been answered already.")
        )
    return request


def _merged(filing: Filing, request: Request) -> Filing:
    answers = {**filing.answers, **request.answers}
    return replace(filing, answers=answers)
