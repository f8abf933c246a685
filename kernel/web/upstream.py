"""Calls from the gateway and the portal to services: over HTTP, or straight into the app of the same process.

Both answer alike. A service that cannot be reached raises ``Unavailable`` (``upstream_unavailable``).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from kernel.errors import Text, Unavailable
from kernel.telemetry import Asgi, trace_id, traceparent

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection", "content-length")
)
WAITING = 16
LEFT_OVER = 5.0

BodyIn = bytes | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. ``headers`` is case-insensitive; ``headers.getall`` gives repeated ones."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamReply:
    """An answer that is still coming."""

    status: int
    headers: CIMultiDict[str]
    chunks: AsyncIterator[bytes]


class Upstream(Protocol):
    """One service, wherever it runs."""

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send one request (``path`` with its query, as on the wire) and return the whole answer."""

    def stream(
        self, method: str, path: str, headers: Mapping[str, str], body: BodyIn = b""
    ) -> AbstractAsyncContextManager[StreamReply]:
        """Send one request and give its answer as it comes; leaving the block tells the service to stop."""


class AsgiUpstream:
    """Calls an ASGI app of the same process."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send one request and return the whole answer."""
        async with self.stream(method, path, headers, body) as reply:
            return Reply(reply.status, reply.headers, b"".join([chunk async for chunk in reply.chunks]))

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, headers: Mapping[str, str], body: BodyIn = b""
    ) -> AsyncIterator[StreamReply]:
        """Send one request and give its answer as it comes."""
        exchange = _Exchange(body)
        task = asyncio.create_task(exchange.run(self._app, _scope(method, path, traced(headers))))
        try:
            status, answered = await exchange.started
            yield StreamReply(status, answered, exchange.chunks())
        finally:
            exchange.gone.set()
            if exchange.complete:
                await asyncio.wait([task], timeout=LEFT_OVER)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class _Exchange:
    """The two ASGI callables of one call."""

    def __init__(self, body: BodyIn) -> None:
        self.gone = asyncio.Event()
        self.started: asyncio.Future[tuple[int, CIMultiDict[str]]] = asyncio.get_running_loop().create_future()
        self._body = _parts(body)
        self._sent_all = False
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self.complete = False

    async def run(self, app: Asgi, scope: dict[str, Any]) -> None:
        """Run the app to its end; whatever it raises ends the answer as broken."""
        try:
            await app(scope, self.receive, self.send)
        except Exception:
            if not self.started.done():
                self.started.set_exception(unavailable())
        if not self.started.done():
            self.started.set_exception(unavailable())
        if not self.complete:
            await self._out.put(None)

    async def receive(self) -> dict[str, Any]:
        """Give the body part by part, then wait for the caller to go."""
        if not self._sent_all:
            part = await anext(self._body, None)
            if part is not None:
                return {"type": "http.request", "body": part, "more_body": True}
            self._sent_all = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take the head, then the body part by part."""
        if self.gone.is_set():
            raise OSError("the caller has gone")
        if message["type"] == "http.response.start":
            pairs = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message.get("headers", ())]
            self.started.set_result((message["status"], CIMultiDict(pairs)))
        elif message["type"] == "http.response.body":
            if message.get("body"):
                await self._out.put(bytes(message["body"]))
            if not message.get("more_body", False):
                self.complete = True
                await self._out.put(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body; raises ``Unavailable`` if the app broke off."""
        while (chunk := await self._out.get()) is not None:
            yield chunk
        if not self.complete:
            raise unavailable()


class HttpUpstream:
    """Calls a service over HTTP. ``session`` is shared; bodies pass as they are (``auto_decompress=False``).

    ``base_urls`` are its replicas with ``|`` between them. One that takes no connection is passed over (nothing was
    sent to it), and the one that answered is asked first the next time.
    """

    def __init__(self, base_urls: str, session: aiohttp.ClientSession) -> None:
        self._bases = deque(each.rstrip("/") for each in base_urls.split("|"))
        self._session = session

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Send one request and return the whole answer."""
        async with self.stream(method, path, headers, body) as reply:
            return Reply(reply.status, reply.headers, b"".join([chunk async for chunk in reply.chunks]))

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, headers: Mapping[str, str], body: BodyIn = b""
    ) -> AsyncIterator[StreamReply]:
        """Send one request and give its answer as it comes."""
        sent = CIMultiDict([(k, v) for k, v in traced(headers).items() if k.lower() not in HOP_BY_HOP])
        response = await self._answered(method, path, sent, body)
        try:
            pairs = [(k, v) for k, v in response.headers.items() if k.lower() not in HOP_BY_HOP - {"content-length"}]
            yield StreamReply(response.status, CIMultiDict(pairs), _content(response))
        finally:
            response.close() if not response.content.at_eof() else response.release()

    async def _answered(
        self, method: str, path: str, headers: CIMultiDict[str], body: BodyIn
    ) -> aiohttp.ClientResponse:
        for base in list(self._bases):
            try:
                response = await self._session.request(
                    method, URL(base + path, encoded=True), headers=headers, data=body or None, allow_redirects=False
                )
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError, OSError):
                raise unavailable() from None
            while self._bases[0] != base:
                self._bases.rotate(-1)
            return response
        raise unavailable()


async def _content(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise unavailable() from None


def traced(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return ``headers`` with the current trace id, unless they carry one."""
    out = CIMultiDict(headers)
    if "traceparent" not in out and (trace := trace_id.get()):
        out["traceparent"] = traceparent(trace)
    return out


def unavailable() -> Unavailable:
    """Return the error for a service that cannot be reached or broke off."""
    return Unavailable(
        "upstream_unavailable",
        Text("Phần này đang bận. Bạn hãy thử lại sau ít phút.", "This part is busy. Try again in a few minutes."),
        retry_after=5,
    )


def _scope(method: str, path: str, headers: CIMultiDict[str]) -> dict[str, Any]:
    raw, _, query = path.partition("?")
    pairs = [(k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
        "raw_path": raw.encode("ascii", "replace"),
        "query_string": query.encode("ascii", "replace"),
        "root_path": "",
        "headers": pairs,
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "state": {},
    }


async def _parts(body: BodyIn) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        if body:
            yield body
        return
    async for part in body:
        yield part
