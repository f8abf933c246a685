"""The servers that are measured or stand behind them, each a process with one granian worker on uvloop.

    python -m benchmarks.servers KIND --port P [--data DIR] [--upstream URL] [--answer FILE] [--public URL]

catalogue  the real catalogue, seeded in DIR
answer     plain ASGI that gives the recorded answer in FILE, under ``/api/me`` marked as not to be kept
proxy      plain ASGI and aiohttp that pass everything on to URL: what any gateway in Python costs at least
gateway    the real gateway, as ``gateway.main.build`` makes it, in front of URL
bare       the same gateway that checks no token, counts no limit and notes nothing
"""

import argparse
import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from multidict import CIMultiDict
from yarl import URL

from gateway.access import Access
from gateway.app import Gateway
from gateway.cache import Cache
from gateway.documents import Documents
from gateway.guard import Caller, Guard
from gateway.limits import Limiter
from gateway.main import build as build_gateway
from gateway.oidc import Provider
from gateway.proxy import Calls
from gateway.request import EdgeRequest
from gateway.routes import Routes
from gateway.sessions import METADATA, Sessions
from gateway.settings import GatewaySettings
from gateway.signin import SignIn
from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.db import Database
from kernel.log import SqliteLog
from kernel.telemetry import Asgi, Receive, Scope, Send
from kernel.web import AsgiUpstream, HttpUpstream, Running, Upstream
from motcua import identity
from motcua.topics import TOPICS
from services_catalog import main as catalogue
from services_catalog.settings import CatalogSettings

PASSED_ON = frozenset(("connection", "keep-alive", "transfer-encoding", "host"))
HIGH = "100000000/minute"

Options = argparse.Namespace
Made = tuple[Asgi, list[Callable[[], Awaitable[None]]]]


class Answer:
    """Gives one recorded answer, whatever is asked."""

    def __init__(self, file: Path) -> None:
        recorded = json.loads(file.read_text())
        self._body = recorded["body"].encode()
        shown = [(name.encode(), value.encode()) for name, value in recorded["headers"].items()]
        shown.append((b"content-length", str(len(self._body)).encode()))
        self._public = shown
        self._private = [pair for pair in shown if pair[0] != b"cache-control"] + [(b"cache-control", b"no-store")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        headers = self._private if scope["path"].startswith("/api/me") else self._public
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


class Proxy:
    """Passes requests on and answers back, nothing else."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self._base = base
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        target = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = CIMultiDict([pair for pair in pairs if pair[0] not in PASSED_ON])
        url = URL(self._base + target, encoded=True)
        async with self._session.request(scope["method"], url, headers=headers, allow_redirects=False) as answer:
            shown = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in answer.headers.items()
                if name.lower() not in PASSED_ON
            ]
            await send({"type": "http.response.start", "status": answer.status, "headers": shown})
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class OpenGuard(Guard):
    """Lets everybody in unseen."""

    async def admit(self, request: EdgeRequest) -> Caller:
        """Return nobody."""
        return Caller()


class SilentAccess(Access):
    """Counts and logs nothing."""

    def note(self, **_: Any) -> None:
        """Forget the request."""

    def note_hit(self, **_: Any) -> None:
        """Forget the request."""


async def make_catalogue(options: Options, stack: AsyncExitStack) -> Made:
    """Return the catalogue, seeded if it was not."""
    data = options.data
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{data}/log.db", TOPICS)
    stack.push_async_callback(log.close)
    settings = CatalogSettings(data=data)
    verifier = Verifier(issuer="none", keys=_no_keys)
    room = await catalogue.build(settings, log=log, clock=Clock(), verifier=verifier)
    stack.push_async_callback(room.close)
    return room.app, []


async def make_answer(options: Options, stack: AsyncExitStack) -> Made:
    """Return the recorded answer."""
    return Answer(options.answer), []


async def make_proxy(options: Options, stack: AsyncExitStack) -> Made:
    """Return the least proxy."""
    return Proxy(options.upstream, await _session(stack)), []


async def make_gateway(options: Options, stack: AsyncExitStack) -> Made:
    """Return the gateway as it is, its limits so wide that they count and never refuse."""
    provider = identity.build(data=options.data, public_url=options.public)
    upstreams = await _upstreams(options, provider, stack)
    room: Running = await build_gateway(
        _settings(options),
        upstreams=upstreams,
        verifier=Verifier(issuer=provider.issuer, keys=provider.jwks),
    )
    stack.push_async_callback(room.close)
    return room.app, list(room.loops)


async def make_bare(options: Options, stack: AsyncExitStack) -> Made:
    """Return the gateway's own routing, headers and streaming without tokens, limits and metrics."""
    provider = identity.build(data=options.data, public_url=options.public)
    settings, upstreams = _settings(options), await _upstreams(options, provider, stack)
    database = await Database.open(settings.database_url("gateway-bare"), METADATA)
    stack.push_async_callback(database.close)
    sessions = Sessions(database, idle=settings.gateway_idle, absolute=settings.gateway_absolute)
    home = settings.public_url
    client = Provider(
        upstreams["identity"],
        issuer=provider.issuer,
        client_id=settings.gateway_client_id,
        secret=settings.gateway_client_secret,
        redirect_uri=f"{home}/auth/callback",
        home=f"{home}/",
    )
    verifier = Verifier(issuer=provider.issuer, keys=provider.jwks)
    routes, calls = Routes(upstreams), Calls(upstreams, settings)
    app = Gateway(
        settings=settings,
        routes=routes,
        calls=calls,
        cache=Cache(limit=2**20, entry_limit=2**20, stale=0, secure=False),
        guard=OpenGuard(sessions=sessions, provider=client, verifier=verifier, limiter=Limiter({}), public_url=home),
        signin=SignIn(sessions=sessions, provider=client, public_url=home, secure=False),
        documents=Documents(routes, calls, public_url=home),
        access=SilentAccess(log=False),
        ready=_yes,
    )
    return app, []


MAKERS: dict[str, Callable[[Options, AsyncExitStack], Awaitable[Made]]] = {
    "catalogue": make_catalogue,
    "answer": make_answer,
    "proxy": make_proxy,
    "gateway": make_gateway,
    "bare": make_bare,
}


def _settings(options: Options) -> GatewaySettings:
    return GatewaySettings(
        data=options.data,
        public_url=options.public,
        gateway_limit_anonymous=HIGH,
        gateway_limit_program=HIGH,
    )


async def _upstreams(options: Options, provider: identity.Identity, stack: AsyncExitStack) -> dict[str, Upstream]:
    service = HttpUpstream(options.upstream, await _session(stack))
    return {"catalog": service, "citizen": service, "identity": AsgiUpstream(provider.app)}


async def _session(stack: AsyncExitStack) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=0)
    return await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False, connector=connector))


async def _no_keys() -> dict[str, Any]:
    return {"keys": []}


async def _yes() -> bool:
    return True


@asynccontextmanager
async def made(options: Options) -> AsyncIterator[Asgi]:
    """Give the application of ``options.kind`` with its loops running."""
    async with AsyncExitStack() as stack:
        app, loops = await MAKERS[options.kind](options, stack)
        tasks = [asyncio.ensure_future(loop()) for loop in loops]
        try:
            yield app
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def serve(options: Options) -> None:
    """Serve until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with made(options) as app:
        server = Server(
            app,
            port=options.port,
            interface=Interfaces.ASGINL,
            log_enabled=False,
            websockets=False,
            backpressure=512,
        )
        serving = asyncio.ensure_future(server.serve())
        await asyncio.wait([serving, asyncio.ensure_future(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated
        await asyncio.gather(serving, return_exceptions=True)


def main() -> None:
    """Read the words and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=sorted(MAKERS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--upstream", default="")
    parser.add_argument("--answer", type=Path)
    parser.add_argument("--public", default="http://127.0.0.1:8000")
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
