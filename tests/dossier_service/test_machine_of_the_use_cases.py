"""The real use cases on SQLite against an owner with books of its own and a link that loses, repeats and reorders.

Whatever happens on the way: in the end both sides hold the same state, every request has its one answer, and the
checker finds nothing.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dossier_service.model.dossier import Answer, Report
from dossier_service.model.states import ASK_ALLOWED_IN, ENDED, AskKind, AskState, RequestKind, RequestState, State
from dossier_service.store.tables import HISTORY
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import View, read_dossier
from dossier_service.usecases.rehoming import rehome_dossiers
from dossier_service.usecases.requests import request_of_citizen
from kernel.errors import Conflict
from proto.events.v1 import catalog_pb2
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.world import CITIZEN, Owner, World, sealed, world

REPORTS = "province.reports.v1"
NEXT = {
    State.SUBMITTED: State.ACCEPTED,
    State.ACCEPTED: State.PROCESSING,
    State.PROCESSING: State.DECIDED,
    State.DECIDED: State.RETURNED,
}
STEP = {
    State.ACCEPTED: "accepted",
    State.PROCESSING: "processing_started",
    State.DECIDED: "decided",
    State.RETURNED: "result_returned",
}


class Books(Owner):
    """An owner that keeps to the rules: what it has received, what it has answered, every report it made."""

    def begin(self) -> "Books":
        self.waiting: dict[int, RequestKind] = {}
        self.told: dict[int, RequestState] = {}
        self.seen = 0
        self.made: list[Report] = []
        return self

    def act(self, type: str, *answers: Answer, **changes: Any) -> None:
        """Take a step and keep its report."""
        for answer in answers:
            self.told[answer.request_no] = answer.verdict
            del self.waiting[answer.request_no]
        self.made.append(self.step(type, *answers, **changes))

    def receive(self, delivery: wire.Delivery) -> None:
        """Take what came down the lane."""
        if delivery.WhichOneof("body") != "request_filed":
            return
        request = delivery.request_filed
        if request.request_no in self.told or request.request_no in self.waiting:
            return
        self.waiting[request.request_no] = {
            wire.SUPPLEMENT: RequestKind.SUPPLEMENT,
            wire.CONFIRMATION: RequestKind.CONFIRMATION,
            wire.WITHDRAWAL: RequestKind.WITHDRAWAL,
        }[request.kind]
        if self.state in ENDED or self.state is State.DECIDED:
            self.act("request_answered", Answer(request.request_no, RequestState.DECLINED, "already_done"))

    def answer_all(self, verdict: RequestState) -> list[Answer]:
        """Return answers to everything that waits."""
        return [Answer(number, verdict, "ended") for number in sorted(self.waiting)]

    def whole(self) -> tuple[str, str, bytes]:
        """Return a snapshot of the books."""
        requests = {**self.told, **dict.fromkeys(self.waiting, RequestState.OPEN)}
        return self.snapshot(self.made[-1], self.made[:-1], requests)


class UseCases(RuleBasedStateMachine):
    """One dossier on both sides of an unreliable link."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.sent: list[Report] = []
        self.here: World | None = None

    def run_(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    @initialize(only_snapshots=st.booleans())
    def begin(self, only_snapshots: bool) -> None:
        self.only_snapshots = only_snapshots

        async def open_() -> World:
            return await self.stack.enter_async_context(world(Path(self.folder.name)))

        self.here = self.run_(open_())
        assert self.here is not None
        self.code = self.run_(self.here.file())
        self.owner = Books(self.code, self.here.desk.clock.now()).begin()
        self.former: list[Books] = []
        other = catalog_pb2.ParticipantPublished(id="H29", name="TP.HCM", lanes=["H29"], version=1)
        self.run_(self.it.feed("catalog.v1", ("participant_published", "participant/H29", other.SerializeToString())))

    @property
    def it(self) -> World:
        assert self.here is not None
        return self.here

    @rule(kind=st.sampled_from([RequestKind.SUPPLEMENT, RequestKind.CONFIRMATION, RequestKind.WITHDRAWAL]))
    def citizen_files(self, kind: RequestKind) -> None:
        async def file() -> None:
            async with self.it.desk.database.begin() as tx:
                await request_of_citizen(
                    tx=tx,
                    desk=self.it.desk,
                    principal=CITIZEN,
                    code=self.code,
                    kind=kind,
                    ask_no=None,
                    answers={},
                    digests=[],
                    text="đề nghị",
                )

        try:
            self.run_(file())
        except Conflict as refused:
            assert refused.code in ("dossier_ended", "too_late", "request_already_open", "nothing_asked")

    @rule()
    def owner_goes_on(self) -> None:
        owner = self.owner
        if owner.state not in NEXT:
            return
        following = NEXT[owner.state]
        answers = owner.answer_all(RequestState.DECLINED) if following is State.DECIDED else []
        asks = owner.close_asks(AskState.DROPPED)
        owner.act(STEP[following], *answers, state=following, asks=asks)

    @rule(kind=st.sampled_from(AskKind))
    def owner_asks(self, kind: AskKind) -> None:
        owner = self.owner
        open_kinds = [ask.kind for ask in owner.asks if ask.state is AskState.OPEN]
        if owner.state in ASK_ALLOWED_IN[kind] and kind not in open_kinds:
            owner.act("papers_asked", asks=owner.ask(kind))

    @rule(accept=st.booleans())
    def owner_answers(self, accept: bool) -> None:
        owner = self.owner
        if not owner.waiting or owner.state in ENDED or owner.state is State.DECIDED:
            return
        number, kind = min(owner.waiting.items())
        if not accept:
            owner.act("request_answered", Answer(number, RequestState.DECLINED, "not_needed", "Chưa được."))
        elif kind is RequestKind.WITHDRAWAL:
            others = [Answer(n, RequestState.CLOSED, "ended") for n in sorted(owner.waiting) if n != number]
            asks = owner.close_asks(AskState.DROPPED)
            owner.act("withdrawn", Answer(number, RequestState.ACCEPTED), *others, state=State.WITHDRAWN, asks=asks)
        else:
            state = State.ACCEPTED if owner.state is State.SUBMITTED else owner.state
            owner.act(
                f"{kind}_accepted",
                Answer(number, RequestState.ACCEPTED),
                state=state,
                asks=owner.close_asks(AskState.MET),
            )

    @rule()
    def owner_stops(self) -> None:
        owner = self.owner
        if any(ask.state is AskState.OPEN for ask in owner.asks) and owner.state in ASK_ALLOWED_IN[AskKind.PAPERS]:
            answers = owner.answer_all(RequestState.CLOSED)
            owner.act(
                "stopped", *answers, state=State.STOPPED, asks=owner.close_asks(AskState.LAPSED), reason="hết hạn"
            )

    @rule()
    def lane_delivers(self) -> None:
        deliveries = self.run_(self.it.deliveries())
        for delivery in deliveries[self.owner.seen :]:
            if delivery.epoch == self.owner.epoch:
                self.owner.receive(delivery)
        self.owner.seen = len(deliveries)

    @rule(dice=st.randoms(use_true_random=False))
    def link_carries(self, dice: Any) -> None:
        """Some of the reports, some twice, in any order; the rest is lost for now."""
        chosen = [report for report in self.owner.made[-6:] if dice.random() < 0.7]
        chosen += [report for report in self.owner.made if dice.random() < 0.1]
        dice.shuffle(chosen)
        self._feed([self.owner.message(report) for report in chosen])

    @rule()
    def link_carries_a_snapshot(self) -> None:
        if self.owner.made:
            self._feed([self.owner.whole()])

    @rule()
    def nation_hands_on(self) -> None:
        """The dossier gets another owner, who has it from the snapshot alone."""
        before = self._view().dossier
        if before.ended:
            return
        lane, desk = "H29" if before.lane == "H26" else "H26", self.it.desk
        moving = rehome_dossiers(database=desk.database, clock=desk.clock, source=before.lane, target=lane)
        assert self.run_(moving) == 1
        view = self._view()
        now = view.dossier
        assert (now.epoch, now.version) == (before.epoch + 1, before.version)
        self.former.append(self.owner)
        self.owner = Books(
            self.code, now.updated_at, lane, now.version, now.epoch, now.state, now.asks, now.due, now.results
        ).begin()
        self.owner.seen = len(self.run_(self.it.deliveries()))
        self.owner.waiting = {one.request_no: one.kind for one in view.requests if one.state is RequestState.OPEN}
        if now.state is State.DECIDED and self.owner.waiting:
            self.owner.act("request_answered", *self.owner.answer_all(RequestState.DECLINED))

    @rule()
    def a_former_owner_goes_on(self) -> None:
        """Nothing that it reports is applied; each report gets its verdict."""
        for owner in self.former:
            if owner.state in NEXT:
                owner.act("goes_on", state=NEXT[owner.state], asks=owner.close_asks(AskState.DROPPED))
            before, view = len(self._refused()), self._view()
            self._feed([owner.message(report) for report in owner.made])
            assert self._refused()[before:] == ["STALE_OWNER"] * len(owner.made)
            assert self._view().dossier.head == view.dossier.head

    @rule(back=st.integers(0, 4))
    def a_restored_province_repeats_a_version_with_other_content(self, back: int) -> None:
        if self.owner.made:
            old = self.owner.made[-1 - min(back, len(self.owner.made) - 1)]
            view = self._view()
            if old.version <= view.dossier.version and not self._jumped(old.version):
                before = len(self._refused())
                other = State.REFUSED if old.state is not State.REFUSED else State.STOPPED
                forged = sealed(self.code, replace(old, state=other, reason="x"))
                self._feed([self.owner.message(forged)])
                assert self._refused()[before:] == ["CONFLICT"]

    def _jumped(self, version: int) -> bool:
        async def digests() -> list[str]:
            async with self.it.desk.database.read() as tx:
                rows = await tx.all(HISTORY.select().where(HISTORY.c.version == version))
                return [row.state_digest for row in rows]

        return not any(self.run_(digests()))

    def _refused(self) -> list[str]:
        return [
            delivery.report_refused.code
            for delivery in self.run_(self.it.deliveries())
            if delivery.WhichOneof("body") == "report_refused"
        ]

    def _feed(self, messages: list[tuple[str, str, bytes]]) -> None:
        if messages:
            self.run_(self.it.feed(REPORTS, *messages))

    def _view(self) -> View:
        view: View = self.run_(read_dossier(desk=self.it.desk, principal=CITIZEN, code=self.code))
        return view

    def _broken(self, *, settled: bool) -> list[str]:
        async def look() -> list[str]:
            async with self.it.desk.database.read() as tx:
                return await check_invariants(tx, settled=settled)

        found: list[str] = self.run_(look())
        return found

    @invariant()
    def every_promise_holds(self) -> None:
        if self.here is not None:
            assert self._broken(settled=False) == []
            assert set(self._refused()) <= {"CONFLICT", "STALE_OWNER"}

    def teardown(self) -> None:
        try:
            if self.here is not None:
                self._settle()
        finally:
            self.run_(self.stack.aclose())
            self.runner.close()
            self.folder.cleanup()

    def _settle(self) -> None:
        self.lane_delivers()
        while self.owner.state in NEXT:
            self.owner_goes_on()
        self.lane_delivers()
        if not self.only_snapshots:
            self._feed([self.owner.message(report) for report in self.owner.made])
        self._feed([self.owner.whole()])
        dossier = self._view().dossier
        assert (dossier.version, dossier.state_digest) == (self.owner.version, self.owner.made[-1].digest)
        assert self._broken(settled=True) == []
        numbers = [row.version for row in self.run_(self.it.sent()) if row.topic == "dossier.events.v1"]
        assert numbers == list(range(1, dossier.event_no + 1))


UseCases.TestCase.settings = settings(max_examples=40, stateful_step_count=10, deadline=None)
TestUseCases = UseCases.TestCase
