"""No sequence of citizen and owner actions reaches a forbidden state or leaves a request without its one answer.

Over the pure model: the owner draws arbitrary reports, legal or not; the nation judges each.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dossier_service.model.dossier import Answer, Ask, Dossier, FileRef, Report, Request, Step
from dossier_service.model.filing import Basis, Office, file_request, possible_requests, submit
from dossier_service.model.history import Entry, faults_of
from dossier_service.model.reports import Book, Duplicate, Parked, Refused, apply_report, judge
from dossier_service.model.states import (
    ALLOWED,
    ASK_ALLOWED_IN,
    ENDED,
    AskKind,
    AskState,
    RequestKind,
    RequestState,
    State,
)
from kernel.errors import Conflict
from kernel.workdays import Calendar, Term, Unit
from tests.dossier_service.world import sealed

CALENDAR = Calendar.load()
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CODE = "H26-261120-0001"
RESULT = FileRef("a" * 64, 10, "application/pdf", "kq.pdf")
VERDICTS = st.sampled_from([RequestState.ACCEPTED, RequestState.DECLINED, RequestState.CLOSED])


class Model(RuleBasedStateMachine):
    """One dossier, its citizen and an owner who may try anything."""

    @initialize()
    def begin(self) -> None:
        office = Office("00004", "H26", "H26.00004", "Một cửa", "H26.00004", "H26.00004")
        self.dossier, change = submit(
            code=CODE,
            owner="citizen-1",
            helper=None,
            basis=Basis("1.004873", 1, "f" * 64, Term(3, Unit.WORKING_DAYS)),
            office=office,
            answers_digest="e" * 64,
            files=[],
            wants_draft=False,
            at=START,
            calendar=CALENDAR,
        )
        self.now = START
        self.entries: list[Entry] = [change.entry]
        self.requests: dict[int, Request] = {}
        self.answers: dict[int, int] = {}
        self.path = [State.SUBMITTED]
        self.reports: list[Report] = []

    @property
    def book(self) -> Book:
        waiting = {n: r for n, r in self.requests.items() if r.state is RequestState.OPEN}
        seen = {report.version: report.digest for report in self.reports}
        return Book(waiting, seen, {RESULT.sha256})

    @rule(kind=st.sampled_from(RequestKind), ask_no=st.none() | st.integers(1, 3))
    def citizen_acts(self, kind: RequestKind, ask_no: int | None) -> None:
        self.now += timedelta(minutes=7)
        waiting = list(self.book.open_requests.values())
        possible = possible_requests(self.dossier, [r.kind for r in waiting])
        request = Request(0, kind, ask_no, self.now, "citizen-1")
        try:
            applied, numbered = file_request(self.dossier, request, waiting, at=self.now, calendar=CALENDAR)
        except Conflict:
            assert kind not in possible or ask_no is not None
            return
        assert kind in possible
        self._keep(applied.dossier, applied.entries)
        self.requests[numbered.request_no] = numbered

    @rule(
        state=st.sampled_from(State),
        ask=st.none() | st.sampled_from(AskKind),
        close=st.sampled_from([None, AskState.MET, AskState.LAPSED, AskState.DROPPED]),
        verdicts=st.lists(
            st.sampled_from([RequestState.ACCEPTED, RequestState.DECLINED, RequestState.CLOSED]), max_size=3
        ),
        skew=st.integers(-7200, 7200),
        reason=st.sampled_from(["", "Thiếu giấy tờ"]),
    )
    def owner_reports(
        self,
        state: State,
        ask: AskKind | None,
        close: AskState | None,
        verdicts: list[RequestState],
        skew: int,
        reason: str,
    ) -> None:
        self.now += timedelta(minutes=3)
        asks = list(self.dossier.asks)
        if close is not None:
            asks = [Ask(a.ask_no, a.kind, close) if a.state is AskState.OPEN else a for a in asks]
        if ask is not None:
            asks.append(Ask(len(asks) + 1, ask, AskState.OPEN))
        answers = [Answer(n, v) for n, v in zip(sorted(self.book.open_requests), verdicts, strict=False)]
        self._report(state, tuple(asks), tuple(answers), skew, reason)

    @rule(steps=st.integers(1, 2))
    def owner_does_what_is_next(self, steps: int) -> None:
        """Walk the usual way, so that deep states are reached often."""
        for _ in range(steps):
            following = {
                State.SUBMITTED: State.ACCEPTED,
                State.ACCEPTED: State.PROCESSING,
                State.PROCESSING: State.DECIDED,
                State.DECIDED: State.RETURNED,
            }.get(self.dossier.state, self.dossier.state)
            asks = tuple(
                Ask(a.ask_no, a.kind, AskState.DROPPED) if a.state is AskState.OPEN else a for a in self.dossier.asks
            )
            declined = tuple(Answer(n, RequestState.DECLINED, "already_done") for n in sorted(self.book.open_requests))
            self._report(following, asks, declined, 0, "x")

    @rule(back=st.integers(0, 5), change=st.booleans())
    def owner_repeats(self, back: int, change: bool) -> None:
        """The same report again is harmless; another content under a used version is a conflict."""
        if not self.reports:
            return
        old = self.reports[-1 - min(back, len(self.reports) - 1)]
        if change:
            other = State.STOPPED if old.state is not State.STOPPED else State.REFUSED
            old = sealed(CODE, Report(old.epoch, old.version, other, old.occurred_at, "", Step("x"), old.asks))
        verdict = judge(self.dossier, old, self.book)
        assert verdict == Duplicate() if not change else isinstance(verdict, Refused) and verdict.code == "CONFLICT"

    @rule(ahead=st.integers(2, 4))
    def owner_leaves_a_gap(self, ahead: int) -> None:
        late = sealed(
            CODE,
            Report(1, self.dossier.version + ahead, self.dossier.state, self.now, "", Step("x"), self.dossier.asks),
        )
        assert judge(self.dossier, late, self.book) == Parked("gap")

    def _report(self, state: State, asks: tuple[Ask, ...], answers: tuple[Answer, ...], skew: int, reason: str) -> None:
        report = sealed(
            CODE,
            Report(
                epoch=1,
                version=self.dossier.version + 1,
                state=state,
                occurred_at=self.now + timedelta(seconds=skew),
                digest="",
                step=Step(state.value),
                asks=asks,
                results=self.dossier.results or ((RESULT,) if state is State.DECIDED else ()),
                answers=answers,
                reason=reason,
            ),
        )
        before, book = self.dossier, self.book
        verdict = judge(before, report, book)
        if verdict is not None:
            assert isinstance(verdict, Refused) and verdict.code == "ILLEGAL", verdict
            return
        assert state is before.state or state in ALLOWED[before.state]
        applied = apply_report(before, report, book, received_at=self.now, calendar=CALENDAR)
        for request in applied.answered:
            assert self.requests[request.request_no].state is RequestState.OPEN
            self.requests[request.request_no] = request
            self.answers[request.request_no] = self.answers.get(request.request_no, 0) + 1
        self.reports.append(report)
        if state is not before.state:
            self.path.append(state)
        self._keep(applied.dossier, applied.entries)

    def _keep(self, dossier: Dossier, entries: tuple[Entry, ...]) -> None:
        self.dossier = dossier
        self.entries += entries

    @invariant()
    def the_chain_verifies_and_numbers_are_dense(self) -> None:
        assert faults_of(self.dossier.code, self.entries, self.dossier.head) == []
        assert [entry.n for entry in self.entries] == list(range(1, self.dossier.event_no + 1))
        versions = [entry.version for entry in self.entries]
        assert all(later - earlier in (0, 1) for earlier, later in pairwise(versions))

    @invariant()
    def times_never_go_back(self) -> None:
        at = [entry.occurred_at for entry in self.entries]
        assert at == sorted(at)
        assert all(entry.occurred_at <= entry.received_at for entry in self.entries)

    @invariant()
    def no_forbidden_state(self) -> None:
        assert sum(state in ENDED for state in self.path) <= 1
        assert State.WITHDRAWN not in self.path or any(
            r.kind is RequestKind.WITHDRAWAL and r.state is RequestState.ACCEPTED for r in self.requests.values()
        )
        for ask in self.dossier.open_asks:
            assert self.dossier.state in ASK_ALLOWED_IN[ask.kind]
        if self.dossier.state is State.SUBMITTED:
            assert self.dossier.status in (1, 5)

    @invariant()
    def each_request_has_at_most_one_answer_and_can_always_get_it(self) -> None:
        assert all(self.answers.get(n, 0) == (r.state is not RequestState.OPEN) for n, r in self.requests.items())
        kinds = [r.kind for r in self.requests.values() if r.state is RequestState.OPEN]
        assert len(kinds) == len(set(kinds))
        assert self.dossier.held_by == ("none" if self.dossier.ended else self.dossier.held_by)

    def teardown(self) -> None:
        if not hasattr(self, "dossier"):
            return
        for _ in range(4):
            self.owner_does_what_is_next(1)
        if self.book.open_requests:
            self.owner_does_what_is_next(1)
        assert all(request.state is not RequestState.OPEN for request in self.requests.values())


Model.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestModel = Model.TestCase
