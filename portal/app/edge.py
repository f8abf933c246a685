"""Outermost layer of the pages: trace id, limits, who may post, and the headers that every answer carries."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from kernel.telemetry import Asgi, Receive, Scope, Send, new_trace_id, trace_id

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'{more}; base-uri 'none'; frame-ancestors 'none'"
)


class PageEdge:
    """Wraps the app. ``body_limit`` is in bytes; forms may be sent on to ``sign_in_origin`` besides this site."""

    def __init__(self, app: Asgi, *, body_limit: int, sign_in_origin: str = "") -> None:
        self._app = app
        self._limit = body_limit
        self._policy = POLICY.format(more=f" {sign_in_origin}" if sign_in_origin else "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=dict(scope))
        trace = _trace(headers.get("traceparent", ""))
        token = trace_id.set(trace)

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), trace)
            await send(message)

        scope["portal.refused"] = self._refusal(scope, headers)
        try:
            await self._app(scope, self._bounded(receive), answer)
        finally:
            trace_id.reset(token)

    def _refusal(self, scope: Scope, headers: Headers) -> int:
        """Return the status to refuse with before reading the body, or 0."""
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._limit:
            return 413
        foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        return 403 if foreign and scope["method"] == "POST" else 0

    def _bounded(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise HTTPException(413)
            return message

        return counted

    def _dress(self, headers: MutableHeaders, trace: str) -> None:
        if "location" in headers:
            headers["location"] = _own(headers["location"])
        headers["content-security-policy"] = self._policy
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "same-origin"
        headers["x-trace-id"] = trace
        headers["permissions-policy"] = "camera=(self), geolocation=(), microphone=()"


def _own(location: str) -> str:
    """Return the path of a redirect to this site: the framework names the host that it was reached by inside."""
    parts = urlsplit(location)
    return location if not parts.netloc else "/" + urlunsplit(("", "", parts.path, parts.query, "")).lstrip("/")


def _trace(header: str) -> str:
    parts = header.split("-")
    good = len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and parts[1].strip("0")
    return parts[1] if good else new_trace_id()
