"""A service with the demo's payment platform behind a way that can be cut, and an office that asks for money."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dossier_service.clients.payments import PaymentPlatform
from dossier_service.model.dossier import Answer
from dossier_service.model.payments import Payment
from dossier_service.model.states import AskKind, AskState, RequestState, State
from dossier_service.store import payments
from dossier_service.usecases.payments import check_payment, reconcile_payments, start_payment
from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.web import AsgiUpstream, Reply, StreamReply
from kernel.web.upstream import BodyIn, unavailable
from motcua.payments.app import build
from motcua.payments.book import Book
from tests.dossier_service.world import CITIZEN, Owner, World, world

FEE = 200_000
SECRET = "sample"


class Wire:
    """The way to the platform: each call is carried, or lost on the way there (``lost``) or back (``deaf``)."""

    def __init__(self, app: Any) -> None:
        self._way = AsgiUpstream(app)
        self.lost = self.deaf = False
        self.calls: list[str] = []

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        self.calls.append(f"{method} {path}")
        if self.lost:
            raise unavailable()
        reply = await self._way.request(method, path, headers, body)
        if self.deaf:
            raise unavailable()
        return reply

    def stream(
        self, method: str, path: str, headers: Mapping[str, str], body: BodyIn = b""
    ) -> AbstractAsyncContextManager[StreamReply]:
        raise Unavailable("not_streamed", unavailable().text)


@dataclass
class Till:
    """One dossier whose office asks for ``FEE``, the platform's book, and the way to it."""

    here: World
    code: str
    owner: Owner
    book: Book
    wire: Wire
    platform_app: Any

    async def report(self, type: str, *answers: Answer, state: State | None = None, **changes: Any) -> None:
        """Let the office take a step."""
        step = self.owner.step(type, *answers, state=state, **changes)
        await self.here.feed("province.reports.v1", self.owner.message(step))

    async def ask(self, amount_vnd: int = FEE) -> None:
        """Let the office ask for money."""
        *others, ask = self.owner.ask(AskKind.MONEY, "Lệ phí")
        await self.report("money_asked", asks=(*others, replace(ask, amount_vnd=amount_vnd)))

    async def answer(self, request_no: int, verdict: RequestState) -> None:
        """Let the office answer a payment that was filed."""
        asks = self.owner.close_asks(AskState.MET) if verdict is RequestState.ACCEPTED else self.owner.asks
        await self.report(f"payment_{verdict}", Answer(request_no, verdict, "ended"), asks=asks)

    async def stop(self) -> None:
        """Let the office stop the dossier."""
        await self.report("stopped", state=State.STOPPED, asks=self.owner.close_asks(AskState.LAPSED), reason="Hết hạn")

    async def start(self, amount_vnd: int = FEE) -> Payment:
        """Press pay."""
        return await start_payment(
            desk=self.here.desk, principal=CITIZEN, code=self.code, ask_no=None, amount_vnd=amount_vnd
        )

    async def come_back(self, id: str) -> Payment:
        """Come back from the platform's page."""
        _, payment = await check_payment(desk=self.here.desk, principal=CITIZEN, code=self.code, id=id)
        return payment

    async def mend(self, within: timedelta = timedelta(days=9)) -> list[Payment]:
        """Let what mends itself do what it would do in that time; return the dossier's payments."""
        for _ in range(3):
            await self.make_due(within)
            await reconcile_payments(desk=self.here.desk)
        return await self.all()

    async def make_due(self, within: timedelta) -> None:
        """Have what is to be done in that time be due now."""
        async with self.here.desk.database.begin() as tx:
            for payment in await payments.of_dossier(tx, self.code):
                if payment.next_at is not None:
                    await payments.put(tx, replace(payment, next_at=payment.next_at - within))

    async def all(self) -> list[Payment]:
        """Return the dossier's payments."""
        async with self.here.desk.database.read() as tx:
            return await payments.of_dossier(tx, self.code)


@asynccontextmanager
async def till(folder: Path, *, code: str = "") -> AsyncIterator[Till]:
    """Open a service, file a dossier, let its office accept it and ask for money; or open that of ``code`` again."""
    clock = Clock(folder / "clock.json")
    app = build(data=folder, public_url="http://pay.test", secret=SECRET, clock=clock)
    wire = Wire(app)
    platform = PaymentPlatform(wire, base="/pay", secret=SECRET, seconds=5.0)
    async with world(folder, clock=clock, platform=platform) as here:
        known, code = bool(code), code or await here.file()
        made = Till(here, code, Owner(code, clock.now()), Book(folder / "payments", clock.now), wire, app)
        if not known:
            await made.report("accepted", state=State.ACCEPTED)
            await made.ask()
        yield made
