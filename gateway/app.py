"""The ASGI app of the edge: the order of the steps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import perf_counter

import structlog
from multidict import CIMultiDict

from gateway.access import Access, new_id
from gateway.answers import Headers, problem, send_whole
from gateway.cache import Cache, Entry, Key, storable
from gateway.documents import Documents
from gateway.guard import Caller, Guard
from gateway.oidc import away
from gateway.proxy import Calls, ClientGone, forwarded, read_body, send_stream
from gateway.request import SESSION, EdgeRequest, set_cookie
from gateway.routes import Route, Routes
from gateway.settings import GatewaySettings
from gateway.signin import SignIn, back_to_form
from kernel.errors import NotFound, Problem, Text, TooLarge, Unavailable
from kernel.telemetry import Receive, Scope, Send, trace_id
from kernel.web import StreamReply
from kernel.web.app import trace_from
from kernel.web.caching import matches
from kernel.web.problems import plain_problem

Ready = Callable[[], Awaitable[bool]]
OWN = "gateway"

logger = structlog.get_logger()


class Gateway:
    """Every request passes here."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        routes: Routes,
        calls: Calls,
        cache: Cache,
        guard: Guard,
        signin: SignIn,
        documents: Documents,
        access: Access,
        ready: Ready,
    ) -> None:
        self._settings = settings
        self._secure = settings.secure
        self._routes, self._calls, self._cache, self._guard = routes, calls, cache, guard
        self._signin, self._documents, self._access, self._ready = signin, documents, access, ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (or the server's start and stop)."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await _lifespan(receive, send)
            return
        request = EdgeRequest(scope)
        if request.for_anyone and request.is_read:
            entry = self._cache.fresh((request.target, request.language))
            if entry is not None:
                trace = new_id(128)
                status = await self._send_entry(request, entry, send, trace)
                self._access.note_hit(
                    route=entry.label, method=request.method, path=request.path, status=status, trace=trace
                )
                return
        await self._pass(request, receive, send)

    async def _pass(self, request: EdgeRequest, receive: Receive, send: Send) -> None:
        began = perf_counter()
        route = self._routes.find(request.path)
        label = route.label if route else OWN
        trace = trace_from(request.traceparent) if request.traceparent else new_id(128)
        token = trace_id.set(trace)
        status = 0
        try:
            status = await self._answer(request, route, receive, send)
        except ClientGone:
            status = 499
        finally:
            trace_id.reset(token)
            seconds = perf_counter() - began
            self._access.note(
                route=label, method=request.method, path=request.path, status=status, seconds=seconds, trace=trace
            )

    async def _answer(self, request: EdgeRequest, route: Route | None, receive: Receive, send: Send) -> int:
        for_anyone = request.is_read and (request.for_anyone or (route is not None and route.same_for_all))
        if for_anyone and (entry := self._cache.fresh((request.target, request.language))) is not None:
            return await self._send_hit(request, entry, send)
        sent = _Sent(send)
        try:
            own = await self._own(request)
            if own is not None:
                return await self._send_own(request, own, sent)
            if route is None:
                raise NotFound("not_found", Text("Không có gì ở địa chỉ này.", "There is nothing at this address."))
            caller = await self._guard.admit(request)
            if for_anyone:
                return await self._public(request, route, receive, sent)
            return await self._private(request, route, caller, receive, sent)
        except TooLarge as error:
            if not request.sends_files:
                return await self._send_problem(request, error, sent)
            return await self._send_own(request, back_to_form(request.target), sent)
        except Problem as error:
            return await self._send_problem(request, error, sent)
        except ClientGone:
            raise
        except Exception as error:
            logger.error("gateway_failed", error=type(error).__name__, route=route.label if route else OWN)
            return await self._send_problem(request, plain_problem(500), sent)

    async def _own(self, request: EdgeRequest) -> tuple[int, Headers, bytes] | None:
        path = request.path
        if path.startswith("/auth/"):
            self._guard.limit_sign_in(request)
            if request.method == "POST":
                self._guard.refuse_cross_site(request)
            return await self._signin.answer(request)
        if path not in ("/healthz", "/readyz", "/openapi.json", "/docs"):
            return None
        if not request.is_read:
            raise plain_problem(405)
        if path == "/healthz":
            return _status(200, b'{"status":"ok"}')
        if path == "/readyz":
            good = await self._ready()
            return _status(200, b'{"status":"ready"}') if good else _status(503, b'{"status":"not_ready"}')
        await self._guard.admit(request)
        return await self._documents.answer(path, request.language, request.header(b"if-none-match"))

    async def _private(
        self, request: EdgeRequest, route: Route, caller: Caller, receive: Receive, sent: "_Sent"
    ) -> int:
        body = b"" if request.is_read else await read_body(request, receive, self._settings)
        headers = self._headers(request, route, caller)
        async with self._calls.open(route.upstream, request.method, request.target, headers, body) as reply:
            if caller.unsure and reply.status == 401:
                raise away()  # signed in, but nobody can say so now: asking to sign in would be no help
            if caller.session_ended:
                gone = set_cookie(SESSION, "", secure=self._secure, max_age=0)
                reply.headers.add("set-cookie", gone)
            return await self._stream(request, reply, receive, sent)

    async def _public(self, request: EdgeRequest, route: Route, receive: Receive, sent: "_Sent") -> int:
        """Answer from the service and keep the answer; those who ask for the same at that moment wait for it."""
        key = (request.target, request.language)
        flight = self._cache.flights.get(key)
        if flight is not None:
            entry = await asyncio.shield(flight)
            if entry is not None:
                return await self._send_hit(request, entry, sent)
            return await self._fetch(request, route, key, None, receive, sent)
        flight = asyncio.get_running_loop().create_future()
        self._cache.flights[key] = flight
        try:
            return await self._fetch(request, route, key, flight, receive, sent)
        finally:
            del self._cache.flights[key]
            if not flight.done():
                flight.set_result(None)

    async def _fetch(
        self,
        request: EdgeRequest,
        route: Route,
        key: Key,
        flight: asyncio.Future[Entry | None] | None,
        receive: Receive,
        sent: "_Sent",
    ) -> int:
        old = self._cache.old(key)
        headers = self._headers(request, route, Caller())
        for name in ("if-none-match", "if-modified-since", "range"):
            headers.popall(name, None)
        if old is not None and old.etag is not None:
            headers["if-none-match"] = old.etag.decode("latin-1")
        try:
            async with self._calls.open(route.upstream, "GET", request.target, headers) as reply:
                if reply.status == 304 and old is not None:
                    self._cache.renew(old)
                    self._access.cache["renewed"].inc()
                    return await self._share(request, old, flight, sent)
                if not storable(reply.status, reply.headers):
                    if flight is not None:
                        flight.set_result(None)
                    tag = reply.headers.get("etag", "").removeprefix("W/")
                    if reply.status == 200 and tag and matches(request.header(b"if-none-match"), tag):
                        return await self._stream(request, _unchanged(reply), receive, sent)
                    return await self._stream(request, reply, receive, sent)
                body, rest = await self._collect(reply)
                if rest:
                    if flight is not None:
                        flight.set_result(None)
                    return await self._stream(request, _resumed(reply, body), receive, sent)
        except Unavailable:
            if old is None or sent.status:
                raise
            self._access.cache["stale"].inc()
            return await self._share(request, old, flight, sent, stale=True)
        entry = self._cache.make(reply.headers, body, route.label)
        self._cache.put(key, entry)
        self._access.cache["miss"].inc()
        return await self._share(request, entry, flight, sent)

    async def _collect(self, reply: StreamReply) -> tuple[bytes, bool]:
        """Read the body; True = it is larger than one entry may be, and the rest is still to come."""
        parts, size = [], 0
        async for chunk in reply.chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > self._cache.entry_limit:
                return b"".join(parts), True
        return b"".join(parts), False

    async def _share(
        self,
        request: EdgeRequest,
        entry: Entry,
        flight: asyncio.Future[Entry | None] | None,
        send: Send,
        *,
        stale: bool = False,
    ) -> int:
        if flight is not None:
            flight.set_result(entry)
        return await self._send_entry(request, entry, send, trace_id.get(), stale=stale)

    async def _send_hit(self, request: EdgeRequest, entry: Entry, send: Send) -> int:
        self._access.cache["hit"].inc()
        return await self._send_entry(request, entry, send, trace_id.get())

    async def _send_entry(
        self, request: EdgeRequest, entry: Entry, send: Send, trace: str, *, stale: bool = False
    ) -> int:
        about: Headers = [(b"age", b"%d" % self._cache.age(entry)), (b"x-trace-id", trace.encode())]
        if stale:
            about.append((b"x-cache", b"stale"))
        if entry.etag is not None and entry.matches(request.header(b"if-none-match")):
            await send({"type": "http.response.start", "status": 304, "headers": [*entry.not_modified, *about]})
            await send({"type": "http.response.body", "body": b""})
            return 304
        headers, body = entry.form(packed=request.gzip)
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, *about]})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
        return 200

    async def _stream(self, request: EdgeRequest, reply: StreamReply, receive: Receive, sent: "_Sent") -> int:
        return await send_stream(request, reply, receive, sent, secure=self._secure, trace=trace_id.get())

    async def _send_own(self, request: EdgeRequest, own: tuple[int, Headers, bytes], send: Send) -> int:
        status, headers, body = own
        headers = [*headers, (b"x-trace-id", trace_id.get().encode())]
        head = request.method == "HEAD"
        await send_whole(send, status, headers, body, secure=self._secure, head=head, pack=request.gzip)
        return status

    async def _send_problem(self, request: EdgeRequest, error: Problem, sent: "_Sent") -> int:
        if sent.status:
            logger.warning("answer_broke_off", code=error.code)  # returning unfinished makes the server cut the line
            return sent.status
        return await self._send_own(request, problem(error, request.language, page=request.wants_page), sent)

    def _headers(self, request: EdgeRequest, route: Route, caller: Caller) -> CIMultiDict[str]:
        address = self._guard.address(request)
        return forwarded(request, route, caller, public_url=self._settings.public_url, address=address)


class _Sent:
    """``send`` that remembers whether an answer has begun."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Mapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            self.status = int(str(message["status"]))
        await self._send(dict(message))


def _unchanged(reply: StreamReply) -> StreamReply:
    """Return the answer to a client that has this one already: 304 without a body (RFC 9110, 15.4.5)."""
    kept = ("etag", "cache-control", "vary", "content-language", "x-trace-id")
    headers = CIMultiDict((name, value) for name, value in reply.headers.items() if name.lower() in kept)

    return StreamReply(304, headers, _nothing())


async def _nothing() -> AsyncIterator[bytes]:
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part


def _resumed(reply: StreamReply, begun: bytes) -> StreamReply:
    async def chunks() -> AsyncIterator[bytes]:
        yield begun
        async for chunk in reply.chunks:
            yield chunk

    return StreamReply(reply.status, reply.headers, chunks())


def _status(status: int, body: bytes) -> tuple[int, Headers, bytes]:
    return status, [(b"content-type", b"application/json"), (b"cache-control", b"no-store")], body


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
