"""One OpenAPI document for the whole site, made of the services' own, and a page that lists its operations.

A service that is away keeps its part from the last time it answered.
"""

import asyncio
import time
from collections.abc import Mapping
from html import escape
from typing import Any

import orjson
from multidict import CIMultiDict

from gateway.answers import Headers, page
from gateway.proxy import Calls
from gateway.routes import Route, Routes
from kernel.digest import digest_bytes
from kernel.errors import Problem, Text

FRESH_SECONDS = 60.0
METHODS = ("get", "post", "put", "patch", "delete")

TITLE = Text("API của Một Cửa", "The API of Một Cửa")
INTRO = Text(
    "Mọi trang đều làm từ các địa chỉ này. Chương trình của bạn cũng dùng được.",
    "Every page is made from these addresses. Your program can use them too.",
)
WHOLE = Text("Tài liệu OpenAPI đầy đủ (JSON)", "The whole OpenAPI document (JSON)")
HEADS = Text("Việc", "Operation"), Text("Địa chỉ", "Address")


class Documents:
    """/openapi.json and /docs."""

    def __init__(self, routes: Routes, calls: Calls, *, public_url: str) -> None:
        self._routes = routes
        self._calls = calls
        self._public_url = public_url
        self._parts: dict[str, dict[str, Any]] = {}
        self._made: tuple[float, dict[str, Any]] | None = None
        self._lock = asyncio.Lock()

    async def answer(self, path: str, language: str, if_none_match: str | None) -> tuple[int, Headers, bytes]:
        """Return /openapi.json or /docs with its ETag."""
        document = await self.document()
        if path == "/docs":
            kind, body = b"text/html; charset=utf-8", _listed(document, language).encode()
        else:
            kind, body = b"application/json", orjson.dumps(document)
        tag = f'W/"{digest_bytes(body)[:32]}"'
        headers: Headers = [
            (b"etag", tag.encode()),
            (b"cache-control", b"public, max-age=60"),
            (b"vary", b"accept-language"),
        ]
        if if_none_match is not None and tag in if_none_match:
            return 304, headers, b""
        return 200, [*headers, (b"content-type", kind)], body

    async def document(self) -> dict[str, Any]:
        """Return the merged document, at most a minute old."""
        async with self._lock:
            if self._made is None or time.monotonic() - self._made[0] > FRESH_SECONDS:
                await asyncio.gather(*(self._load(route) for route in self._routes.apis))
                self._made = (time.monotonic(), merge(self._parts, server=self._public_url))
            return self._made[1]

    async def _load(self, route: Route) -> None:
        headers: CIMultiDict[str] = CIMultiDict({"accept": "application/json"})
        try:
            async with self._calls.open(route.upstream, "GET", f"{route.prefix}/openapi.json", headers) as reply:
                body = b"".join([chunk async for chunk in reply.chunks])
        except Problem:
            return
        if reply.status == 200:
            self._parts[route.label] = orjson.loads(body)


def merge(parts: Mapping[str, Mapping[str, Any]], *, server: str) -> dict[str, Any]:
    """Return one OpenAPI 3.1 document: paths as they are, component and operation names with their service's."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Một Cửa", "version": "1"},
        "servers": [{"url": server}],
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{}, {"bearer": []}],
    }
    for label, part in sorted(parts.items()):
        for path, item in part.get("paths", {}).items():
            operations = _renamed(item, label)
            for method in METHODS:
                if method in operations:
                    operations[method]["tags"] = [label]
            document["paths"][path] = operations
        for kind, named in part.get("components", {}).items():
            target = document["components"].setdefault(kind, {})
            target |= {f"{label}_{name}": _renamed(value, label) for name, value in named.items()}
    return document


def _renamed(value: Any, label: str) -> Any:
    match value:
        case dict():
            return {name: _named(name, item, label) for name, item in value.items()}
        case list():
            return [_renamed(item, label) for item in value]
    return value


def _named(name: str, item: Any, label: str) -> Any:
    if name == "$ref" and isinstance(item, str) and item.startswith("#/components/"):
        head, _, last = item.rpartition("/")
        return f"{head}/{label}_{last}"
    if name == "operationId" and isinstance(item, str):
        return f"{label}_{item}"
    return _renamed(item, label)


def _listed(document: Mapping[str, Any], language: str) -> str:
    rows = []
    for path, item in sorted(document["paths"].items()):
        for method in METHODS:
            if method in item:
                said = item[method].get("summary") or item[method].get("description") or ""
                rows.append(
                    f"<tr><td>{escape(said.splitlines()[0] if said else '')}</td>"
                    f"<td><code>{method.upper()} {escape(path)}</code></td></tr>"
                )
    heads = "".join(f'<th scope="col">{escape(text.in_language(language))}</th>' for text in HEADS)
    body = (
        f"<p>{escape(INTRO.in_language(language))}</p>"
        f'<p><a href="/openapi.json">{escape(WHOLE.in_language(language))}</a></p>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return page(language, TITLE.in_language(language), body)
