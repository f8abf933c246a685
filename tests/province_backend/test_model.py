"""No sequence of acts of a citizen, an officer, the clock and the nation breaks a promise of the case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kernel.errors import Conflict, Invalid, NotFound
from kernel.workdays import Unit
from province_backend.model import requests, steps
from province_backend.model.adopt import NationalState, adopt, open_case
from province_backend.model.case import (
    NEXT,
    AskKind,
    AskState,
    Case,
    Due,
    FileRef,
    Filing,
    Item,
    Refusal,
    Reported,
    Request,
    RequestKind,
    State,
    Verdict,
)
from province_backend.model.robot import Move, next_move
from province_backend.model.steps import Actor, Moved

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
OFFICER = Actor("officer", "H26.00004", "Nguyễn Thị Hoa (demo)")


def filing(**more: Any) -> Filing:
    values: dict[str, Any] = {
        "procedure": "1.001193",
        "revision": 1,
        "title": "Đăng ký khai sinh",
        "form_digest": "",
        "answers": {},
        "files": (),
        "submitted_at": NOW,
        "applicant": "Trần Thị Bích",
        "received_by": "H26.00004",
        "office": "H26.00004",
        "result_at": "H26.00004",
        "term": (1, Unit.WORKING_DAYS),
    }
    return Filing(**{**values, **more})


def fresh(**more: Any) -> Case:
    return open_case("H26-261120-0001", filing=filing(**more), epoch=1, office="H26.00004")


def appoint(start: datetime, case: Case) -> Due | None:
    return Due(start + timedelta(days=1), start, 1, Unit.WORKING_DAYS, "vn-test")


class CaseMachine(RuleBasedStateMachine):
    """A citizen, an officer and the clock act in any order; what is not allowed must be refused, not happen."""

    def __init__(self) -> None:
        super().__init__()
        self.case = fresh()
        self.now = NOW
        self.reports: list[Reported] = []
        self.requests = 0
        self.files = 0

    def attempt(self, step: Any) -> None:
        try:
            moved: Moved | None = step()
        except (Conflict, Invalid, NotFound):
            return
        if moved is not None:
            self.took(moved)

    def took(self, moved: Moved) -> None:
        before, after = self.case, moved[0]
        assert after.version == before.version + 1
        assert after.state is before.state or after.state in NEXT[before.state]
        self.case = after
        self.reports.append(moved[1])

    def ref(self) -> FileRef:
        self.files += 1
        return FileRef(f"{self.files:064x}", 10, "application/pdf", "a.pdf")

    @rule(kind=st.sampled_from(RequestKind), ask_no=st.integers(0, 3))
    def citizen_files(self, kind: RequestKind, ask_no: int) -> None:
        if self.case.open_request(kind) is None:
            self.requests += 1
            request = Request(self.requests, kind, self.now, ask_no)
            held, moved = requests.receive(self.case, request, actor=OFFICER, now=self.now)
            if moved:
                self.took(moved)
            self.case = held
            assert requests.receive(held, request, actor=OFFICER, now=self.now) == (held, None)

    @rule(name=st.sampled_from(["accept", "start", "decide", "return"]))
    def officer_steps(self, name: str) -> None:
        act = {"start": steps.start, "decide": steps.decide, "return": steps.return_result}
        if name == "accept":
            self.attempt(lambda: steps.accept(self.case, actor=OFFICER, now=self.now, appoint=appoint))
        else:
            self.attempt(lambda: act[name](self.case, actor=OFFICER, now=self.now))

    @rule(kind=st.sampled_from(AskKind))
    def officer_asks(self, kind: AskKind) -> None:
        due = self.now + timedelta(days=10)
        common: dict[str, Any] = {"actor": OFFICER, "now": self.now, "due": due}
        match kind:
            case AskKind.PAPERS:
                self.attempt(lambda: steps.ask_for_papers(self.case, items=(Item("Ảnh"),), again="Lý do", **common))
            case AskKind.MONEY:
                self.attempt(lambda: steps.ask_for_money(self.case, amount_vnd=10_000, rule="", **common))
            case AskKind.CONFIRM:
                self.attempt(lambda: steps.send_draft(self.case, draft=self.ref(), **common))

    @rule()
    def officer_attaches(self) -> None:
        self.attempt(lambda: steps.attach_result(self.case, actor=OFFICER, now=self.now, result=self.ref()))

    @rule(stop=st.booleans(), reason=st.sampled_from(["", "Không thuộc thẩm quyền"]))
    def officer_ends(self, stop: bool, reason: str) -> None:
        act = steps.stop if stop else steps.refuse
        self.attempt(lambda: act(self.case, actor=OFFICER, now=self.now, reason=reason, rule="Điều 3"))

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), accept=st.booleans())
    def officer_answers(self, data: st.DataObject, accept: bool) -> None:
        number = data.draw(st.integers(1, self.requests))
        if accept:
            self.attempt(
                lambda: requests.accept_request(self.case, number, actor=OFFICER, now=self.now, appoint=appoint)
            )
        else:
            self.attempt(lambda: requests.decline_request(self.case, number, actor=OFFICER, now=self.now, text="Không"))

    @rule(days=st.integers(0, 12))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.attempt(lambda: steps.lapse(self.case, actor=OFFICER, now=self.now))

    @invariant()
    def every_request_has_at_most_one_answer_and_one_at_the_end(self) -> None:
        given = [answer.request_no for report in self.reports for answer in report.answers]
        assert len(given) == len(set(given))
        answered = {r.request_no for r in self.case.requests if r.verdict is not Verdict.OPEN}
        assert answered == set(given)
        if self.case.ended:
            assert not self.case.waiting

    @invariant()
    def versions_and_ask_numbers_are_dense(self) -> None:
        assert [row.version for row in self.case.history] == list(range(1, self.case.version + 1))
        assert [report.case.version for report in self.reports] == list(range(2, self.case.version + 1))
        assert [ask.ask_no for ask in self.case.asks] == list(range(1, len(self.case.asks) + 1))

    @invariant()
    def asks_fit_the_state(self) -> None:
        still = {ask.kind for ask in self.case.asks if ask.state is AskState.OPEN}
        if self.case.state is State.SUBMITTED:
            assert still <= {AskKind.PAPERS}
        if self.case.ended or self.case.state is State.DECIDED:
            assert not still
        for kind in AskKind:
            assert sum(a.kind is kind and a.state is AskState.OPEN for a in self.case.asks) <= 1

    @invariant()
    def code_5_never_returns_to_1(self) -> None:
        closed = any(ask.state is not AskState.OPEN for ask in self.case.asks)
        if closed and not self.case.open_ask(AskKind.PAPERS):
            assert self.case.status != 1

    @invariant()
    def buttons_shown_are_never_illegal(self) -> None:
        shown = steps.possible(self.case)
        for name, act in {"start": steps.start, "decide": steps.decide, "return": steps.return_result}.items():
            if name in shown:
                act(self.case, actor=OFFICER, now=self.now)
        if "accept" in shown:
            steps.accept(self.case, actor=OFFICER, now=self.now, appoint=appoint)
        if self.case.ended:
            assert shown == ()


CaseMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestCaseMachine = CaseMachine.TestCase


def test_a_supplement_accepted_starts_the_sum_at_the_time_it_was_filed() -> None:
    due = NOW + timedelta(days=10)
    case, _ = steps.ask_for_papers(fresh(), actor=OFFICER, now=NOW, items=(Item("Ảnh"),), due=due)
    assert case.status == 5
    filed = NOW + timedelta(days=3)
    case, _ = requests.receive(case, Request(1, RequestKind.SUPPLEMENT, filed, 1), actor=OFFICER, now=filed)
    later = NOW + timedelta(days=5)
    case, report = requests.accept_request(case, 1, actor=OFFICER, now=later, appoint=appoint)
    assert (case.state, case.status) == (State.ACCEPTED, 2)
    assert case.due is not None
    assert case.due.start == filed
    assert report.step.type == "accepted"


def test_a_request_filed_in_time_keeps_its_ask_from_lapsing() -> None:
    due = NOW + timedelta(days=2)
    case, _ = steps.ask_for_papers(fresh(), actor=OFFICER, now=NOW, items=(Item("Ảnh"),), due=due)
    case, _ = requests.receive(case, Request(1, RequestKind.SUPPLEMENT, NOW, 1), actor=OFFICER, now=NOW)
    assert steps.lapse(case, actor=OFFICER, now=due + timedelta(days=1)) is None


def test_a_draft_that_nobody_answers_lapses_and_the_case_goes_on() -> None:
    case, _ = steps.accept(fresh(wants_draft=True), actor=OFFICER, now=NOW, appoint=appoint)
    case, _ = steps.start(case, actor=OFFICER, now=NOW)
    assert next_move(case) is Move.DRAFT
    ref = FileRef("a" * 64, 1, "application/pdf", "a.pdf")
    case, _ = steps.send_draft(case, actor=OFFICER, now=NOW, draft=ref, due=NOW + timedelta(days=2))
    assert next_move(case) is None
    moved = steps.lapse(case, actor=OFFICER, now=NOW + timedelta(days=3))
    assert moved is not None
    assert moved[0].state is State.PROCESSING
    assert next_move(moved[0]) is Move.DECIDE


def test_a_submitted_case_cannot_be_stopped_by_an_officer() -> None:
    with pytest.raises(Conflict):
        steps.stop(fresh(), actor=OFFICER, now=NOW, reason="Lý do", rule="Điều 3")


def test_time_of_a_step_never_goes_back() -> None:
    case, _ = steps.accept(fresh(), actor=OFFICER, now=NOW, appoint=appoint)
    case, report = steps.start(case, actor=OFFICER, now=NOW - timedelta(hours=1))
    assert report.case.changed_at == NOW
    assert case.history[-1].at == NOW


def nation(case: Case, **more: Any) -> NationalState:
    values: dict[str, Any] = {
        name: getattr(case, name)
        for name in ("code", "filing", "epoch", "version", "state", "asks", "requests", "due", "results")
    }
    rest = {"at": case.changed_at, "draft_result": None, "history": (), "reason": "", "reason_rule": ""}
    return NationalState(**{**values, **rest, **more})


def test_books_that_hold_the_nations_state_keep_theirs() -> None:
    case, _ = steps.accept(fresh(), actor=OFFICER, now=NOW, appoint=appoint)
    ahead, _ = steps.start(case, actor=OFFICER, now=NOW)
    assert adopt(case, nation(case)) is None
    assert adopt(ahead, nation(case)) is None


def test_books_with_another_content_under_the_same_number_give_way() -> None:
    case, _ = steps.accept(fresh(), actor=OFFICER, now=NOW, appoint=appoint)
    other, _ = steps.refuse(fresh(), actor=OFFICER, now=NOW, reason="Sai nơi", rule="Điều 3")
    taken = adopt(other, nation(case))
    assert taken is not None
    assert (taken.state, taken.version, taken.digest) == (State.ACCEPTED, 2, case.digest)


def test_a_newer_epoch_takes_over_and_an_older_one_does_not() -> None:
    case = fresh()
    taken = adopt(case, nation(case, epoch=2, version=5, state=State.PROCESSING))
    assert taken is not None
    assert (taken.epoch, taken.version) == (2, 5)
    assert adopt(taken, nation(case)) is None


def test_a_request_learnt_only_by_snapshot_is_answered_when_the_case_is_over() -> None:
    ended, _ = steps.refuse(fresh(), actor=OFFICER, now=NOW, reason="Sai nơi", rule="Điều 3")
    asked = replace(ended, requests=(Request(1, RequestKind.WITHDRAWAL, NOW),))
    moved = requests.close_late(asked, actor=OFFICER, now=NOW)
    assert moved is not None
    assert [(a.request_no, a.code) for a in moved[1].answers] == [(1, "ended")]


def test_reports_that_the_nation_refused_give_way_once() -> None:
    case, _ = steps.accept(fresh(), actor=OFFICER, now=NOW, appoint=appoint)
    ahead, _ = steps.start(case, actor=OFFICER, now=NOW)
    refused = replace(ahead, refusals=(Refusal(3, "ILLEGAL", "", NOW, epoch=1),))
    taken = adopt(refused, nation(case))
    assert taken is not None
    assert taken.version == 2
    again, _ = steps.start(taken, actor=OFFICER, now=NOW)
    assert adopt(again, nation(case)) is None
