"""The one kind of app: every answer carries a trace id, every error is problem+json, bodies have a limit."""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from prometheus_client import Histogram
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from kernel.errors import FieldProblem, Invalid, Problem
from kernel.locale import negotiate
from kernel.telemetry import Asgi, Receive, Scope, Send, new_trace_id, trace_id, where
from kernel.web.problems import (
    FIELD_TEXTS,
    INVALID,
    on_http,
    on_problem,
    on_validation,
    plain_problem,
    problem_response,
)

MIB = 1024 * 1024

BodyLimit = int | Callable[[str], int]

logger = structlog.get_logger()

SECONDS = Histogram(
    "motcua_http_seconds",
    "Time to answer, by app and status class",
    ("app", "status"),
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10),
)


def make_app(*, title: str, prefix: str = "", body_limit: BodyLimit = MIB) -> FastAPI:
    """Return an app whose routes all lie under ``prefix`` (routers are included without naming it again).

    ``body_limit`` is in bytes, or a function from the request's path to bytes. Unknown query parameters are
    refused with 422 on every route.
    """
    app = FastAPI(
        title=title,
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown_query)],
    )
    app.router.prefix = prefix
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_middleware(Edge, name=title, body_limit=body_limit)
    return app


async def refuse_unknown_query(request: Request) -> None:
    """Raise ``Invalid`` for query parameters that the route does not declare."""
    if not request.url.query:
        return
    dependant = getattr(request.scope.get("route"), "dependant", None)
    if dependant is None:
        return
    known = set(declared_query(dependant))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        text = FIELD_TEXTS["unknown_field"]
        raise Invalid(
            "invalid_request",
            INVALID,
            [FieldProblem(_printable(name), "unknown_field", text) for name in unknown[:20]],
        )


def declared_query(dependant: Dependant) -> Iterable[str]:
    """Yield the query parameters that a route and its dependencies declare."""
    for field in dependant.query_params:
        kind: Any = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, info in kind.model_fields.items():
                yield info.alias or name
        else:
            yield field.alias
    for child in dependant.dependencies:
        yield from declared_query(child)


class Edge:
    """Outermost layer of an app: trace id, body limit, and no exception gets past it."""

    def __init__(self, app: Asgi, *, name: str, body_limit: BodyLimit) -> None:
        self._app = app
        self._name = name
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in WANTED}
        token = trace_id.set(trace_from(headers.get(b"traceparent")))
        answer = _Answer(send, trace_id.get())
        began = perf_counter()
        try:
            await self._bounded(scope, receive, answer, headers.get(b"content-length"))
        except Exception as error:
            status = 503 if isinstance(error, OperationalError) else 500
            logger.error("request_failed", app=self._name, error=type(error).__name__, at=where(error), status=status)
            if not answer.status:
                language = negotiate(headers.get(b"accept-language", b"").decode("latin-1"))
                await problem_response(plain_problem(status), language)(scope, receive, answer)
        finally:
            SECONDS.labels(self._name, f"{answer.status // 100}xx").observe(perf_counter() - began)
            trace_id.reset(token)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, declared: bytes | None) -> None:
        limit = self._limit(scope["path"]) if callable(self._limit) else self._limit
        if declared is not None and declared.isdigit() and int(declared[:20]) > limit:
            raised = plain_problem(413)
            language = negotiate(_header(scope, b"accept-language"))
            await problem_response(raised, language)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


class _Answer:
    """``send`` that adds the trace id and remembers the status; what is not called public is kept by no cache."""

    def __init__(self, send: Send, trace: str) -> None:
        self._send = send
        self._trace = trace.encode()
        self.status = 0

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*_kept(message.get("headers", ())), (b"x-trace-id", self._trace)]
        await self._send(message)


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    listed = list(headers)
    if any(b"public" in value for name, value in listed if name == b"cache-control"):
        return listed
    varies = [part.strip() for name, value in listed if name == b"vary" for part in value.split(b",")]
    known = {part.lower() for part in varies}
    varies += [part for part in (b"Authorization", b"Cookie") if part.lower() not in known]
    others = [pair for pair in listed if pair[0] not in (b"cache-control", b"vary")]
    return [*others, (b"cache-control", b"private, no-store"), (b"vary", b", ".join(varies))]


WANTED = frozenset((b"traceparent", b"content-length", b"accept-language"))


def trace_from(header: bytes | None) -> str:
    """Return the trace id of a W3C ``traceparent`` header, or a new one when it is missing or wrong."""
    parts = (header or b"").decode("latin-1").split("-")
    if len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") and parts[1].strip("0"):
        return parts[1]
    return new_trace_id()


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()[:100]
