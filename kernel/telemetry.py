"""Logs, the trace id, metrics and the admin door.

Logs hold names of things, never of people: keys that look personal are dropped before anything is written.
"""

import json as jsonlib
import logging
import os
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Ready = Callable[[], Awaitable[dict[str, bool]]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

trace_id: ContextVar[str] = ContextVar("trace_id", default="")

PERSONAL = frozenset(
    [
        "name",
        "full_name",
        "birth_date",
        "id_number",
        "identity",
        "phone",
        "email",
        "address",
        "answers",
        "body",
        "headers",
        "token",
        "authorization",
        "cookie",
        "password",
        "secret",
        "text",
        "note",
        "query",
        "query_string",
    ]
)

# For fault tests: "name:n" ends this process with SIGKILL when it reaches the failpoint for the n-th time;
# "name:n@file" counts only while the file exists.
FAILPOINT = os.environ.get("MOTCUA_FAILPOINT", "")
_passed = 0


def failpoint(name: str) -> None:
    """Die here, as in a power cut, if MOTCUA_FAILPOINT says so; otherwise nothing."""
    if FAILPOINT:
        _die_if_due(name)


def _die_if_due(name: str) -> None:
    global _passed
    point, _, armed = FAILPOINT.partition("@")
    wanted, _, times = point.partition(":")
    if name != wanted or (armed and not os.path.exists(armed)):
        return
    _passed += 1
    if _passed >= int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)


def where(error: BaseException) -> str:
    """Return where ``error`` was raised, as ``file:line function``; never its text, which may hold what people said."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return ""
    code = frame.tb_frame.f_code
    return f"{'/'.join(code.co_filename.split('/')[-2:])}:{frame.tb_lineno} {code.co_name}"


def new_trace_id() -> str:
    """Return a fresh trace id: 32 lower-case hex digits (W3C Trace Context)."""
    return uuid.uuid4().hex


def traceparent(trace: str) -> str:
    """Return the W3C ``traceparent`` header that carries ``trace`` to the next hop."""
    return f"00-{trace}-{uuid.uuid4().hex[:16]}-01"


def configure_logging(*, json: bool = True, level: str = "info") -> None:
    """Set structlog up once for the process; ``json`` = one object a line, else coloured text for a person."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_personal,
            with_trace,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def without_personal(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop keys that look personal from a log entry."""
    for key in PERSONAL & entry.keys():
        del entry[key]
    return entry


def with_trace(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the trace id of the request that is being answered."""
    if trace := trace_id.get():
        entry["trace_id"] = trace
    return entry


def admin_app(ready: Ready, *, serves: Callable[[], bool] = lambda: False) -> Asgi:
    """Return the ASGI app of the admin port: ``/metrics``, ``/readyz`` (each part by name), ``/healthz``.

    Once ``serves`` says yes, a part that is missing is named and the answer stays 200 with status ``late``: a process
    that can still take filings must not be taken away from its callers because an engine is gone for minutes.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        status, kind, body = await _answer(scope["path"], ready, serves)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _answer(path: str, ready: Ready, serves: Callable[[], bool]) -> tuple[int, str, bytes]:
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest()
    if path == "/healthz":
        return 200, "application/json", b'{"status":"ok"}'
    if path == "/readyz":
        parts = await ready()
        status = "ready" if all(parts.values()) else "late" if serves() else "not_ready"
        body = {"status": status, "parts": parts}
        return (503 if status == "not_ready" else 200), "application/json", jsonlib.dumps(body).encode()
    return 404, "application/json", b'{"status":"not_found"}'


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
