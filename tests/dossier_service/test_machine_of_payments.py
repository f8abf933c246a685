"""Any order of platform answers, lost calls, kills, double taps and acts of the office.

At no moment is more than one charge kept for an ask; in the end all money that was taken either belongs to a request
that the office accepted (or may still accept) or has gone back, and the checker finds nothing.
"""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dossier_service.model.payments import PayState, RefundState
from dossier_service.model.states import AskKind, AskState, RequestKind, RequestState
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import View, read_dossier
from kernel.errors import Conflict
from tests.dossier_service.paying import FEE, Till, till
from tests.dossier_service.world import CITIZEN

HOW = ("pay", "pay", "pay", "late", "less", "more", "declined", "cancelled", "nothing")
CUT = ("", "", "", "lost", "deaf")


class Paying(RuleBasedStateMachine):
    """One dossier, its office, a platform that may be wrong, and a way to it that may be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(how=st.sampled_from(HOW), cut=st.sampled_from(CUT), comes_back=st.booleans())
    def begin(self, how: str, cut: str, comes_back: bool) -> None:
        async def open_() -> Till:
            return await self.stack.enter_async_context(till(Path(self.folder.name)))

        self.till = self.runner.run(open_())
        self.pay(how, 1, cut, comes_back)

    def teardown(self) -> None:
        if hasattr(self, "till"):
            self.runner.run(self.settle())
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @rule(how=st.sampled_from(HOW), taps=st.integers(1, 3), cut=st.sampled_from(CUT), comes_back=st.booleans())
    def pay(self, how: str, taps: int, cut: str, comes_back: bool) -> None:
        """Press pay, perhaps in several tabs at once; act at the platform; be cut off there; come back or not."""
        id = self.runner.run(self.press(taps))
        slip = self.till.book.find(id) if id else None
        if slip is None:
            return
        self.happen(slip.id, how)
        if cut:
            self.till.wire.lost, self.till.wire.deaf = cut == "lost", cut == "deaf"
        if comes_back:
            self.runner.run(self.till.come_back(id))

    async def press(self, taps: int) -> str:
        """Press pay in several tabs at once: all get the same payment, or the same refusal."""

        async def tap() -> str:
            try:
                return (await self.till.start()).id
            except Conflict as refused:
                assert refused.code in ("already_paid", "nothing_asked", "dossier_ended")
                return ""

        ids = set(await asyncio.gather(*(tap() for _ in range(taps))))
        assert len(ids) == 1
        return ids.pop()

    def happen(self, id: str, how: str, *, anyway: bool = False) -> None:
        """Let something happen to a payment at the platform."""
        if how in ("declined", "cancelled"):
            self.till.book.end(id, how)
        elif how != "nothing":
            wrong = {"less": FEE - 1, "more": FEE + 1}.get(how)
            late = timedelta(minutes=1 if how == "late" else 0)
            self.till.book.debit(id, late=late, amount_vnd=wrong, anyway=anyway)

    @rule(how=st.sampled_from(HOW), which=st.integers(0, 5))
    def something_happens(self, how: str, which: int) -> None:
        """The platform takes money of any payment, even of one that it had said to be over."""
        slips = self.till.book.newest()
        if slips:
            self.happen(slips[which % len(slips)].id, how, anyway=True)

    @rule(cut=st.sampled_from(CUT))
    def the_way_is(self, cut: str) -> None:
        self.till.wire.lost, self.till.wire.deaf = cut == "lost", cut == "deaf"

    @rule(minutes=st.sampled_from([2, 31]))
    def wait(self, minutes: int) -> None:
        self.runner.run(self.till.here.desk.clock.advance(timedelta(minutes=minutes)))

    @rule(which=st.integers(0, 5))
    def come_back(self, which: int) -> None:
        found = self.runner.run(self.till.all())
        if found:
            self.runner.run(self.till.come_back(found[which % len(found)].id))

    @rule()
    def mend(self) -> None:
        self.runner.run(self.till.mend(timedelta(minutes=5)))

    @rule()
    def be_killed(self) -> None:
        """Kill the process and start it again over what it wrote."""

        async def again() -> Till:
            owner = self.till.owner
            await self.stack.aclose()
            fresh = await self.stack.enter_async_context(till(Path(self.folder.name), code=self.till.code))
            fresh.owner = owner
            fresh.wire.lost, fresh.wire.deaf = self.till.wire.lost, self.till.wire.deaf
            return fresh

        self.till = self.runner.run(again())

    @precondition(lambda self: self.till.owner.state not in ("stopped",))
    @rule(act=st.sampled_from(["ask", "ask", "drop", "stop"]))
    def office_acts(self, act: str) -> None:
        asked = any(ask.state is AskState.OPEN for ask in self.till.owner.asks)
        if act == "ask" and not asked:
            self.runner.run(self.till.ask())
        elif act == "drop" and asked:
            asks = self.till.owner.close_asks(AskState.DROPPED)
            self.runner.run(self.till.report("money_dropped", asks=asks))
        elif act == "stop":
            self.runner.run(self.till.stop())

    @rule(verdict=st.sampled_from([RequestState.ACCEPTED, RequestState.DECLINED]))
    def office_answers(self, verdict: RequestState) -> None:
        self.runner.run(self.answer(verdict))

    async def answer(self, verdict: RequestState) -> None:
        """Answer what waits, as an office does: closed where it is no longer asked for."""
        for request in (await self.view()).requests:
            if request.state is RequestState.OPEN:
                asked = any(a.ask_no == request.ask_no and a.state is AskState.OPEN for a in self.till.owner.asks)
                await self.till.answer(request.request_no, verdict if asked else RequestState.CLOSED)

    async def view(self) -> View:
        return await read_dossier(desk=self.till.here.desk, principal=CITIZEN, code=self.till.code)

    @invariant()
    def one_charge_is_kept_at_most(self) -> None:
        if not hasattr(self, "till"):
            return
        found = self.runner.run(self.till.all())
        kept = [payment.ask_no for payment in found if payment.kept]
        assert len(kept) == len(set(kept))
        assert sum(payment.alive for payment in found) <= 1
        for payment in found:
            assert not payment.kept or (payment.charged_vnd == payment.amount_vnd and payment.request_no)

    async def settle(self) -> None:
        """Let everything come back and all time pass: no money may be without a place."""
        self.till.wire.lost = self.till.wire.deaf = False
        for _ in range(3):
            await self.till.here.desk.clock.advance(timedelta(hours=1))
            await self.till.mend()
            await self.answer(RequestState.ACCEPTED)
            await self.till.mend()
        found = {payment.id: payment for payment in await self.till.all()}
        assert not any(payment.alive for payment in found.values())
        for slip in self.till.book.newest():
            payment = found[slip.id]
            if slip.state == "paid":
                assert payment.kept and payment.settled, payment
            elif slip.state == "refunded":
                assert payment.refund is RefundState.DONE, payment
            else:
                assert payment.state is PayState.NOT_PAID, payment
        view = await self.view()
        paid = [one for one in view.requests if one.kind is RequestKind.PAYMENT]
        assert sum(one.state is RequestState.ACCEPTED for one in paid) == sum(one.kept for one in found.values())
        met = [ask for ask in view.dossier.asks if ask.kind is AskKind.MONEY and ask.state is AskState.MET]
        assert len(met) >= sum(one.kept for one in found.values())
        async with self.till.here.desk.database.read() as tx:
            assert await check_invariants(tx) == []


Paying.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestPaying = Paying.TestCase
