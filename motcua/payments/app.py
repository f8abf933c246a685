"""The platform's HTTP addresses: ``/pay/api`` for services that know its secret, ``/pay`` for people."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.clock import Clock
from kernel.locale import negotiate
from motcua.payments import pages
from motcua.payments.book import NAME, Book, OtherAmount

PREFIX = "/pay"
NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
AWAY_AFTER_CUT = timedelta(seconds=60)
LATE = timedelta(seconds=30)
MOST = 4096

Door = Callable[[Request], Awaitable[Response]]


def build(*, data: Path, public_url: str, secret: str, clock: Clock) -> Starlette:
    """Return the platform over ``data`` as people reach it at ``public_url``; services name ``secret``."""
    doors = _Doors(Book(data / "payments", clock.now), public_url.rstrip("/"), secret)
    api = f"{PREFIX}/api/payments/{{id}}"
    return Starlette(
        routes=[
            Route(api, doors.api(doors.take_in), methods=["PUT"]),
            Route(api, doors.api(doors.tell), methods=["GET"]),
            Route(f"{api}/refund", doors.api(doors.refund), methods=["PUT"]),
            Route(PREFIX, doors.overview, methods=["GET"]),
            Route(PREFIX, doors.go_away, methods=["POST"]),
            Route(f"{PREFIX}/style.css", doors.style, methods=["GET"]),
            Route(f"{PREFIX}/{{id}}", doors.show, methods=["GET"]),
            Route(f"{PREFIX}/{{id}}", doors.act, methods=["POST"]),
        ]
    )


class _Doors:
    def __init__(self, book: Book, public_url: str, secret: str) -> None:
        self._book = book
        self._public_url = public_url
        self._secret = secret

    def api(self, door: Door) -> Door:
        """Return ``door`` for those who know the secret, while the platform is not away."""

        async def guarded(request: Request) -> Response:
            if self._book.away:
                return JSONResponse({"error": "away"}, 503, NO_STORE)
            named = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(named.encode(), self._secret.encode()):
                return JSONResponse({"error": "unknown_caller"}, 401, NO_STORE)
            return await door(request)

        return guarded

    async def take_in(self, request: Request) -> Response:
        id = request.path_params["id"]
        try:
            asked = orjson.loads((await request.body())[:MOST])
            amount, about, back = int(asked["amount_vnd"]), str(asked["about"]), str(asked["return_url"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "malformed"}, 400, NO_STORE)
        if not NAME.fullmatch(id) or amount <= 0:
            return JSONResponse({"error": "malformed"}, 400, NO_STORE)
        try:
            slip = await asyncio.to_thread(
                self._book.take_in, id, amount_vnd=amount, about=about[:300], return_url=back[:1000]
            )
        except OtherAmount:
            return JSONResponse({"error": "other_amount"}, 409, NO_STORE)
        told = self._book.told(slip) | {"pay_url": f"{self._public_url}{PREFIX}/{id}"}
        return JSONResponse(told, 201, NO_STORE)

    async def tell(self, request: Request) -> Response:
        slip = await asyncio.to_thread(self._book.find, request.path_params["id"])
        if slip is None:
            return JSONResponse({"error": "no_such"}, 404, NO_STORE)
        return JSONResponse(self._book.told(slip), headers=NO_STORE)

    async def refund(self, request: Request) -> Response:
        slip = await asyncio.to_thread(self._book.give_back, request.path_params["id"])
        if slip is None:
            return JSONResponse({"error": "no_such"}, 404, NO_STORE)
        return JSONResponse(self._book.told(slip), headers=NO_STORE)

    async def overview(self, request: Request) -> Response:
        slips = await asyncio.to_thread(self._book.newest)
        return _html(pages.overview(slips, _language(request), away=self._book.away))

    async def go_away(self, request: Request) -> Response:
        seconds = (await _fields(request)).get("away", "")
        if seconds.isdecimal() and len(seconds) < 6:
            await asyncio.to_thread(self._book.go_away, timedelta(seconds=int(seconds)))
        return RedirectResponse(PREFIX, 303, NO_STORE)

    async def show(self, request: Request) -> Response:
        if self._book.away:
            return _html(pages.away(_language(request)), 503)
        slip = await asyncio.to_thread(self._book.find, request.path_params["id"])
        if slip is None:
            return _html(pages.nothing(_language(request)), 404)
        return _html(pages.payment(slip, _language(request)), back_to=slip.return_url)

    async def act(self, request: Request) -> Response:
        """Do what the person chose, then send the browser back; ``cut``: debit, and fall silent before answering."""
        id, how = request.path_params["id"], (await _fields(request)).get("how", "")
        if self._book.away:
            return _html(pages.away(_language(request)), 503)
        if how in ("pay", "cut", "late"):
            slip = await asyncio.to_thread(self._book.debit, id, late=LATE if how == "late" else timedelta(0))
        elif how in ("declined", "cancelled"):
            slip = await asyncio.to_thread(self._book.end, id, how)
        else:
            slip = await asyncio.to_thread(self._book.find, id)
        if slip is None:
            return _html(pages.nothing(_language(request)), 404)
        if how == "cut":
            await asyncio.to_thread(self._book.go_away, AWAY_AFTER_CUT)
            return _html(pages.away(_language(request)), 503)
        return RedirectResponse(slip.return_url, 303, NO_STORE)

    async def style(self, _request: Request) -> Response:
        return Response(pages.CSS, media_type="text/css", headers={"cache-control": "max-age=3600"})


async def _fields(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body())[:MOST].decode("utf-8", "replace")))


def _language(request: Request) -> str:
    chosen = request.cookies.get("lang")
    return chosen if chosen in ("vi", "en") else negotiate(request.headers.get("accept-language"))


def _html(text: str, status: int = 200, *, back_to: str = "") -> Response:
    back = urlsplit(back_to)
    may = f"'self' {back.scheme}://{back.netloc}" if back.netloc else "'self'"
    policy = f"default-src 'none'; style-src 'self'; form-action {may}; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(text, status, NO_STORE | {"content-security-policy": policy})
