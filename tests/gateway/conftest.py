"""A gateway in front of a small service and the real provider."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gateway.main import build
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
from kernel.errors import Text, Unavailable
from kernel.web import AsgiUpstream, Running
from motcua import identity
from tests.engines.schemas import database_engine

__all__ = ["database_engine"]

PUBLIC = "http://127.0.0.1:8123"


class Service:
    """A service that shows what reached it and counts its calls."""

    def __init__(self) -> None:
        self.calls: list[Request] = []
        self.bodies: list[bytes] = []
        self.away = False
        self.cache_control = "public, max-age=60"
        self.etag = '"one"'
        self.called = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = asyncio.Event()
        self.app = Starlette(routes=[Route("/{rest:path}", self.answer, methods=["GET", "POST", "PUT", "DELETE"])])
        self._inner = AsgiUpstream(self.app)

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        return await self._inner.request(*args, **kwargs)

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise Unavailable("upstream_unavailable", Text("x", "x"))
        return self._inner.stream(*args, **kwargs)

    async def answer(self, request: Request) -> Response:
        self.calls.append(request)
        self.called.set()
        self.bodies.append(await request.body())
        await self.gate.wait()
        path = request.url.path
        if path.endswith("/public"):
            if request.headers.get("if-none-match") == self.etag:
                return Response(status_code=304, headers={"etag": self.etag})
            return JSONResponse(
                {"n": len(self.calls), "language": request.headers["accept-language"], "long": "ă" * 400},
                headers={"cache-control": self.cache_control, "etag": self.etag, "vary": "Accept-Language"},
            )
        if path.endswith("/cookie"):
            return PlainTextResponse("x", headers={"cache-control": "public, max-age=60", "set-cookie": "draft=1"})
        if path.endswith("/vary"):
            return PlainTextResponse("x", headers={"cache-control": "public, max-age=60", "vary": "X-Thing"})
        if path.endswith("/stream"):
            return StreamingResponse(self.ticks(), media_type="text/event-stream")
        if path.endswith("/large"):
            return StreamingResponse(self.large(), headers={"cache-control": "public, max-age=60"})
        if path.endswith("/page"):
            return HTMLResponse("<p>" + "trang " * 200 + "</p>")
        return JSONResponse({"headers": dict(request.headers), "query": str(request.url.query)})

    async def ticks(self) -> AsyncIterator[bytes]:
        try:
            yield b"id: 1\ndata: a\n\n"
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def large(self) -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000


class Edge:
    """The gateway under test with a browser's cookie jar."""

    def __init__(self, running: Running, service: Service, provider: identity.Identity, data: Path) -> None:
        self.running, self.service, self.provider, self.data = running, service, provider, data
        self.upstream = AsgiUpstream(running.app)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.running.app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC, headers=headers)

    def token(self, person: str = "citizen-1") -> str:
        return identity.issue_token(self.data, PUBLIC, person)


async def sign_in(browser: httpx.AsyncClient, person: str = "citizen-1", following: str = "/x") -> httpx.Response:
    """Sign in as a person would; returns the answer of the callback."""
    begun = await browser.get("/auth/login", params={"next": following})
    assert begun.status_code == 303, begun.text
    page = await browser.get(begun.headers["location"])
    assert page.status_code == 200, page.text
    chosen = await browser.post(begun.headers["location"], data={"person": person})
    assert chosen.status_code == 303, chosen.text
    return await browser.get(chosen.headers["location"])


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]


MakeEdge = Callable[..., Awaitable[Edge]]


@pytest.fixture
async def make_edge(tmp_path: Path) -> AsyncIterator[MakeEdge]:
    made: list[Edge] = []

    async def make(**settings: Any) -> Edge:
        provider = identity.build(data=tmp_path, public_url=PUBLIC)
        verifier = Verifier(issuer=f"{PUBLIC}/id", keys=provider.jwks)
        service = Service()
        names = ("search", "catalog", "dossiers", "citizen", "exchange", "offices", "dev", "portal")
        running = await build(
            GatewaySettings(data=tmp_path, public_url=PUBLIC, gateway_access_log=False, **settings),
            upstreams={**dict.fromkeys(names, service), "identity": AsgiUpstream(provider.app)},
            verifier=verifier,
        )
        made.append(Edge(running, service, provider, tmp_path))
        return made[-1]

    yield make
    for edge in made:
        await edge.running.close()


@pytest.fixture
async def edge(make_edge: MakeEdge) -> Edge:
    return await make_edge()
