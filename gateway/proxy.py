"""The call to the service: which headers pass, how large a body may be, and the answer as it comes."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from multidict import CIMultiDict

from gateway.access import new_id
from gateway.answers import Headers, guarded
from gateway.breaker import Breaker
from gateway.cache import COMPRESSIBLE, SMALL, weak
from gateway.guard import Caller
from gateway.request import EdgeRequest
from gateway.routes import Route
from gateway.settings import GatewaySettings
from kernel.auth import ACTING_FOR
from kernel.errors import Problem, Text, TooLarge, Unavailable
from kernel.locale import size
from kernel.telemetry import Receive, Send, trace_id
from kernel.web import StreamReply, Upstream

HOP_BY_HOP = frozenset(
    b"connection keep-alive te trailer transfer-encoding upgrade proxy-connection proxy-authenticate "
    b"proxy-authorization content-length".split()
)
# What only the gateway may say about a request; a client's own words are dropped.
CLAIMS = frozenset(
    b"host cookie authorization forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip "
    b"x-trace-id traceparent accept-language accept-encoding expect remote-user x-remote-user x-user "
    b"session-until".split()
)
DROPPED = HOP_BY_HOP | CLAIMS
ACTING_COOKIE = "acting_for"  # the pages write it: the organisation that the person chose to act for
MULTIPART = "multipart/form-data"
WHOLE = 256 * 1024


class Calls:
    """Calls to services, each behind its breaker."""

    def __init__(self, upstreams: Mapping[str, Upstream], settings: GatewaySettings) -> None:
        self._upstreams = upstreams
        self._settings = settings
        self._breakers = {
            name: Breaker(name, failures=settings.gateway_breaker_failures, seconds=settings.gateway_breaker_seconds)
            for name in upstreams
        }

    @asynccontextmanager
    async def open(
        self, name: str, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncIterator[StreamReply]:
        """Call the service ``name`` and give its answer as it comes.

        Raises ``Unavailable`` when it is away or takes too long to begin an answer.
        """
        breaker = self._breakers[name]
        breaker.enter()
        try:
            async with asyncio.timeout(self._settings.gateway_answer_seconds):
                call = self._upstreams[name].stream(method, target, headers, body)
                reply = await call.__aenter__()
        except (Unavailable, TimeoutError, OSError):
            breaker.bad()
            raise _away() from None
        except BaseException:
            breaker.unknown()
            raise
        breaker.good()
        try:
            yield reply
        except BaseException as error:
            if not await call.__aexit__(type(error), error, error.__traceback__):
                raise
        else:
            await call.__aexit__(None, None, None)


def forwarded(request: EdgeRequest, route: Route, caller: Caller, *, public_url: str, address: str) -> CIMultiDict[str]:
    """Return the headers for the service: the client's own without what only the gateway may say."""
    dropped = DROPPED
    if (named := request.header(b"connection")) is not None and named != "keep-alive":
        dropped = dropped | {name.strip() for name in named.lower().encode("latin-1").split(b",")}
    out: CIMultiDict[str] = CIMultiDict(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers if name not in dropped]
    )
    scheme, _, host = public_url.partition("://")
    out["accept-language"] = request.language
    out["x-forwarded-proto"] = scheme
    out["x-forwarded-host"] = host
    out["x-forwarded-for"] = address
    out["traceparent"] = f"00-{trace_id.get()}-{new_id(64)}-01"
    if caller.token:
        out["authorization"] = f"Bearer {caller.token}"
    if caller.until and not route.same_for_all:
        out["session-until"] = str(caller.until)
        if not request.authorization:
            out.popall(ACTING_FOR, None)
            if organisation := request.cookies().get(ACTING_COOKIE):
                out[ACTING_FOR] = organisation
    if not route.same_for_all and (cookies := request.other_cookies()):
        out["cookie"] = cookies
    return out


async def read_body(request: EdgeRequest, receive: Receive, settings: GatewaySettings) -> bytes:
    """Return the whole request body.

    Raises ``TooLarge`` (``body_too_large``) over the limit and ``Problem`` 408 when it takes too long.
    """
    kind = (request.header(b"content-type") or "").lower()
    limit = settings.gateway_upload_bytes if kind.startswith(MULTIPART) else settings.gateway_body_bytes
    declared = request.header(b"content-length") or ""
    if declared.isdigit() and int(declared[:20]) > limit:
        raise too_large(limit, settings.max_file_bytes)
    parts, length = [], 0
    try:
        async with asyncio.timeout(settings.gateway_body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                part = message.get("body", b"")
                length += len(part)
                if length > limit:
                    raise too_large(limit, settings.max_file_bytes)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Problem(
            "request_timeout",
            Text(
                "Mạng chậm nên nội dung chưa đến hết. Bạn gửi lại.", "The content did not arrive in time. Send again."
            ),
            extra={"status": 408},
        ) from None


class ClientGone(Exception):
    """The client went away before its request was complete."""


async def send_stream(
    request: EdgeRequest, reply: StreamReply, receive: Receive, send: Send, *, secure: bool, trace: str
) -> int:
    """Pass the answer on and return its status: a short one in one piece, another as it comes.

    An event stream ends when the client goes away.
    """
    headers: Headers = [
        (low, value.encode("latin-1"))
        for name, value in reply.headers.items()
        if (low := name.lower().encode("latin-1")) not in HOP_BY_HOP or low == b"content-length"
    ]
    if "x-trace-id" not in reply.headers:
        headers.append((b"x-trace-id", trace.encode()))
    headers = guarded(headers, secure=secure)
    pack = request.gzip and compressible(reply)
    if request.method == "HEAD":
        await _send_start(send, reply.status, headers)
        await send({"type": "http.response.body", "body": b""})
    elif is_short(reply):
        body = b"".join([chunk async for chunk in reply.chunks])
        if pack:
            body = gzip.compress(body, 5, mtime=0)
            headers = [*packed_headers(headers), (b"content-length", str(len(body)).encode())]
        await _send_start(send, reply.status, headers)
        await send({"type": "http.response.body", "body": body})
    else:
        await _send_start(send, reply.status, packed_headers(headers) if pack else headers)
        chunks = packed(reply.chunks) if pack else reply.chunks
        if reply.headers.get("content-type", "").startswith("text/event-stream"):
            await _either(_pass_on(chunks, send), _gone(receive))
        else:
            await _pass_on(chunks, send)
    return reply.status


async def _send_start(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


def is_short(reply: StreamReply) -> bool:
    """Tell whether the answer's length is known and worth sending in one piece."""
    length = reply.headers.get("content-length", "")
    return length.isdigit() and int(length[:12]) <= WHOLE


def compressible(reply: StreamReply) -> bool:
    """Tell whether an answer is text that is worth packing: not an event stream, not already packed, not tiny."""
    kind = reply.headers.get("content-type", "")
    if reply.status in (204, 206, 304) or "content-encoding" in reply.headers or kind.startswith("text/event-stream"):
        return False
    length = reply.headers.get("content-length", "")
    return kind.startswith(COMPRESSIBLE) and not (length.isdigit() and int(length[:12]) < SMALL)


def packed_headers(headers: Headers) -> Headers:
    """Return the headers of the packed form: no length, a weak ETag, Vary."""
    out = [(name, value) for name, value in weak(headers) if name not in (b"content-length", b"accept-ranges")]
    out.append((b"content-encoding", b"gzip"))
    if not any(name == b"vary" and b"accept-encoding" in value.lower() for name, value in out):
        out.append((b"vary", b"accept-encoding"))
    return out


async def packed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield ``chunks`` as one gzip stream."""
    packer = zlib.compressobj(5, zlib.DEFLATED, 31)
    async for chunk in chunks:
        if out := packer.compress(chunk):
            yield out
    yield packer.flush()


async def _pass_on(chunks: AsyncIterator[bytes], send: Callable[[MutableMapping[str, Any]], Awaitable[None]]) -> None:
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _either(*works: Awaitable[None]) -> None:
    """Run both until the first ends; the other is cancelled. What the first raised is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def too_large(limit: int, one_file: int) -> TooLarge:
    """Return the error for a body over ``limit`` bytes; people are told how large one file may be."""
    vi, en = (size(one_file, lang) for lang in ("vi", "en"))
    return TooLarge(
        "body_too_large",
        Text(
            f"Nội dung gửi lên quá lớn. Mỗi tệp đến {vi}; bạn gửi từng tệp một.",
            f"The content is too large. Files may have up to {en} each; send them one by one.",
        ),
        extra={"limit_bytes": limit},
    )


def _away() -> Unavailable:
    return Unavailable(
        "upstream_unavailable",
        Text("Phần này đang tạm nghỉ. Bạn thử lại sau ít phút.", "This part is away. Try again in a few minutes."),
        retry_after=5,
    )
