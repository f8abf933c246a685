"""What the gateway itself says, and the headers that every answer of the site carries."""

import gzip
from collections.abc import Iterable
from html import escape
from typing import Any

from kernel.errors import Problem, Text
from kernel.telemetry import Send
from kernel.web import problem_response
from kernel.web.problems import TITLES, status_of

Headers = list[tuple[bytes, bytes]]

ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
FOR_PAGES: Headers = [
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"permissions-policy", b"camera=(), geolocation=(), payment=(), usb=(), microphone=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
HTTPS: Headers = [(b"strict-transport-security", b"max-age=31536000")]

PACKED_FROM = 1000
KEPT = Text(
    "Những gì bạn đã lưu vẫn còn. Hồ sơ đã nộp vẫn được giữ.",
    "What you saved is kept. Dossiers you filed are safe.",
)
HOME = Text("Về trang chủ", "To the front page")
AGAIN = Text("Bạn bấm tải lại trang để thử lại.", "Reload the page to try again.")


def guarded(headers: Iterable[tuple[bytes, bytes]], *, secure: bool) -> Headers:
    """Return ``headers`` with the security headers that are not already there."""
    out = list(headers)
    names = {name for name, _ in out}
    kind = next((value for name, value in out if name == b"content-type"), b"")
    wanted = [*ALWAYS, *(HTTPS if secure else ()), *(FOR_PAGES if kind.startswith(b"text/html") else ())]
    out += [(name, value) for name, value in wanted if name not in names]
    return out


async def send_whole(
    send: Send, status: int, headers: Headers, body: bytes, *, secure: bool, head: bool = False, pack: bool = False
) -> None:
    """Send one complete answer with the security headers; ``head`` leaves the body out, ``pack`` = gzip it."""
    out = guarded(headers, secure=secure)
    if pack and len(body) > PACKED_FROM:
        body = gzip.compress(body, 6, mtime=0)
        out += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
    out.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": out})
    await send({"type": "http.response.body", "body": b"" if head else body})


def problem(error: Problem, language: str, *, page: bool) -> tuple[int, Headers, bytes]:
    """Return ``error`` as problem+json, or as a plain page for a person."""
    answer = problem_response(error, language)
    headers = [(name.lower(), value) for name, value in answer.raw_headers if name != b"content-length"]
    if not page:
        return answer.status_code, headers, bytes(answer.body)
    headers = [(name, value) for name, value in headers if name != b"content-type"]
    headers.append((b"content-type", b"text/html; charset=utf-8"))
    return answer.status_code, headers, _page(error, language).encode()


def _page(error: Problem, language: str) -> str:
    status = status_of(error)
    title = TITLES.get(status, TITLES[422]).in_language(language)
    more = [error.text.in_language(language)]
    if status == 503:
        more += [KEPT.in_language(language), AGAIN.in_language(language)]
    return page(language, title, "".join(f"<p>{escape(line)}</p>" for line in more))


def page(language: str, title: str, body: str) -> str:
    """Return a plain page of the gateway; ``body`` is HTML. It needs no style sheet, so that it works alone."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{escape(title)} - Một Cửa</title><link rel="stylesheet" href="/static/app.css"></head>'
        f'<body><main id="main"><h1>{escape(title)}</h1>{body}'
        f'<p><a href="/">{escape(HOME.in_language(language))}</a></p></main></body></html>'
    )


def redirect(location: str, *cookies: str) -> tuple[int, Headers, bytes]:
    """Return a 303 to ``location`` that no cache keeps."""
    headers: Headers = [(b"location", location.encode("latin-1")), (b"cache-control", b"no-store")]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in cookies]
    return 303, headers, b""


def json_answer(status: int, body: bytes, **headers: str) -> tuple[int, Headers, Any]:
    """Return a JSON answer; header names with underscores become dashes."""
    out: Headers = [(b"content-type", b"application/json")]
    out += [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return status, out, body
