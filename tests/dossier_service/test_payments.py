"""Paying: three ends, at most one charge that stays, and money that is never lost."""

from datetime import timedelta
from pathlib import Path

import pytest

from dossier_service.model.payments import PayState, RefundState
from dossier_service.model.states import AskState, RequestState, State
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import read_dossier, read_timeline
from kernel.errors import Conflict
from tests.dossier_service.paying import FEE, till
from tests.dossier_service.world import CITIZEN

pytestmark = pytest.mark.usefixtures("database_engine")


async def test_money_that_arrived_is_filed_once_with_its_receipt(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        assert (payment.state, payment.address) == (PayState.STARTED, f"http://pay.test/pay/{payment.id}")
        slip = here.book.debit(payment.id)
        assert slip is not None
        for _ in range(3):
            payment = await here.come_back(payment.id)
        assert (payment.state, payment.receipt_no, payment.charged_vnd) == (PayState.PAID, slip.receipt_no, FEE)
        sent = [each.request_filed for each in await here.here.deliveries() if each.HasField("request_filed")]
        assert len(sent) == 1 and slip.receipt_no in sent[0].text and f'"amount_vnd":{FEE}' in sent[0].answers_json
        view = await read_dossier(desk=here.here.desk, principal=CITIZEN, code=here.code)
        assert not view.payable and view.dossier.held_by == "authority"
        await here.answer(1, RequestState.ACCEPTED)
        (payment,) = await here.mend()
        assert payment.settled and payment.refund is None and payment.next_at is None
        async with here.here.desk.database.read() as tx:
            assert await check_invariants(tx) == []


async def test_however_often_pay_is_pressed_it_is_one_payment(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        pressed = [await here.start() for _ in range(4)]
        assert len({payment.id for payment in pressed}) == 1
        assert len([call for call in here.wire.calls if call.startswith("PUT")]) == 1
        here.book.debit(pressed[0].id)
        await here.come_back(pressed[0].id)
        with pytest.raises(Conflict, match="already_paid"):
            await here.start()


async def test_the_platform_dies_between_debit_and_answer_and_it_mends_itself(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        here.book.debit(payment.id)
        here.wire.lost = True
        payment = await here.come_back(payment.id)
        assert payment.state is PayState.UNKNOWN
        assert (await here.start()).id == payment.id
        assert [one.state for one in await here.mend()] == [PayState.UNKNOWN]
        here.wire.lost = False
        (payment,) = await here.mend()
        assert payment.state is PayState.PAID and payment.request_no == 1 and payment.refund is None


async def test_a_start_that_nobody_heard_of_can_be_started_again_as_the_same(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        here.wire.deaf = True
        payment = await here.start()
        assert payment.state is PayState.STARTED and not payment.address
        here.wire.deaf = False
        again = await here.start()
        assert again.id == payment.id and again.address


async def test_a_start_the_platform_never_heard_of_ends_unpaid(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        here.wire.lost = True
        payment = await here.start()
        here.wire.lost = False
        for _ in range(3):
            (payment,) = await here.mend()
        assert (payment.state, payment.reason) == (PayState.NOT_PAID, "never_begun")
        assert (await here.start()).id != payment.id


@pytest.mark.parametrize("state", ["declined", "cancelled"])
async def test_what_was_not_paid_can_be_tried_again(tmp_path: Path, state: str) -> None:
    async with till(tmp_path) as here:
        first = await here.start()
        here.book.end(first.id, state)
        first = await here.come_back(first.id)
        assert (first.state, first.reason) == (PayState.NOT_PAID, state)
        second = await here.start()
        here.book.debit(second.id)
        assert (await here.come_back(second.id)).kept


async def test_a_payment_nobody_made_ends_when_its_time_is_over(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        assert (await here.come_back(payment.id)).state is PayState.STARTED
        await here.here.desk.clock.advance(timedelta(hours=1))
        (payment,) = await here.mend()
        assert (payment.state, payment.reason) == (PayState.NOT_PAID, "expired")


async def test_a_platform_that_answers_late_leaves_it_not_known_meanwhile(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        here.book.debit(payment.id, late=timedelta(minutes=10))
        assert (await here.come_back(payment.id)).state is PayState.UNKNOWN
        await here.here.desk.clock.advance(timedelta(minutes=11))
        (payment,) = await here.mend()
        assert payment.kept


async def test_money_for_a_stopped_dossier_is_a_fact_is_closed_and_goes_back(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        await here.stop()
        here.book.debit(payment.id)
        payment = await here.come_back(payment.id)
        assert (payment.refund, payment.refund_why, payment.request_no) == (RefundState.DUE, "ended", 1)
        await here.answer(1, RequestState.CLOSED)
        (payment,) = await here.mend()
        slip = here.book.find(payment.id)
        assert slip is not None and slip.state == "refunded"
        assert (payment.refund, payment.refund_no) == (RefundState.DONE, slip.refund_no)
        view = await read_dossier(desk=here.here.desk, principal=CITIZEN, code=here.code)
        assert view.requests[0].state is RequestState.CLOSED and view.dossier.state is State.STOPPED
        rows = await read_timeline(desk=here.here.desk, principal=CITIZEN, code=here.code)
        assert rows[-1].kind == "payment_refunded"
        async with here.here.desk.database.read() as tx:
            assert await check_invariants(tx) == []


async def test_money_the_office_did_not_take_goes_back(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        here.book.debit(payment.id)
        await here.come_back(payment.id)
        await here.answer(1, RequestState.DECLINED)
        (payment,) = await here.mend()
        assert (payment.refund, payment.refund_why) == (RefundState.DONE, "not_accepted")
        assert (await here.start()).id != payment.id


async def test_money_for_an_ask_that_was_dropped_goes_back(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        payment = await here.start()
        await here.report("money_dropped", asks=here.owner.close_asks(AskState.DROPPED))
        here.book.debit(payment.id)
        (payment,) = await here.mend()
        assert (payment.refund, payment.refund_why, payment.request_no) == (RefundState.DONE, "not_asked", 1)


async def test_another_amount_than_was_shown_is_never_kept(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        with pytest.raises(Conflict, match="amount_changed"):
            await here.start(FEE - 1)
        payment = await here.start()
        here.book.debit(payment.id, amount_vnd=FEE + 1)
        (payment,) = await here.mend()
        assert (payment.charged_vnd, payment.refund, payment.refund_why) == (FEE + 1, RefundState.DONE, "amount")
        assert payment.request_no is None and (await here.start()).id != payment.id


async def test_money_of_a_payment_that_was_given_up_goes_back_when_another_one_is_kept(tmp_path: Path) -> None:
    async with till(tmp_path) as here:
        first = await here.start()
        await here.here.desk.clock.advance(timedelta(hours=1))
        (first,) = await here.mend()
        second = await here.start()
        here.book.debit(second.id)
        await here.come_back(second.id)
        slip = here.book.find(first.id)
        assert slip is not None
        here.book.debit(first.id, anyway=True)
        first, second = await here.mend()
        assert (first.refund, first.refund_why, second.kept) == (RefundState.DONE, "twice", True)
