"""The HTTP addresses of /dev. JSON for programs, pages for people."""

import asyncio
import re
from pathlib import Path
from urllib.parse import parse_qsl

import orjson
from fastapi import FastAPI, Request, Response
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from kernel.clock import Clock
from kernel.errors import Invalid, NotFound, Problem, Text
from kernel.locale import negotiate
from kernel.web import make_app
from kernel.workdays import Calendar
from motcua.dev import outbox, pages
from motcua.dev.clock import advance

NUMBER = re.compile("[0-9]{1,9}")
NO_STORE = {"cache-control": "no-store"}
NO_MESSAGE = Text("Không có tin nhắn này.", "There is no such message.")


def build(*, data: Path, clock: Clock, calendar: Calendar | None = None) -> FastAPI:
    """Return the app over ``data`` and the clock that every room of this process uses."""
    app = make_app(title="dev", prefix="/dev")
    _add_outbox(app, data / "outbox")
    _add_clock(app, clock, calendar or Calendar.load())
    return app


def _add_outbox(app: FastAPI, folder: Path) -> None:
    @app.get("/outbox", include_in_schema=False)
    async def get_outbox(request: Request) -> Response:
        found = await asyncio.to_thread(outbox.newest, folder)
        if _wants_page(request):
            return _html(pages.outbox(found, await asyncio.to_thread(outbox.rules, folder), _language(request)))
        rows = [
            {
                "name": one.name,
                "to": one.to,
                "subject": one.subject,
                "at": one.at and one.at.isoformat(),
                "body": one.body,
            }
            for one in found
        ]
        return JSONResponse({"results": rows, "next_cursor": None}, headers=NO_STORE)

    @app.get("/outbox/{name}", include_in_schema=False)
    async def get_message(name: str, request: Request) -> Response:
        one = await asyncio.to_thread(outbox.read, folder, name)
        if one is None:
            raise NotFound("no_such_message", NO_MESSAGE)
        return _html(pages.message(one, _language(request), bounced="bounced" in request.query_params))

    @app.post("/outbox/bounces", include_in_schema=False)
    async def post_bounces(request: Request) -> Response:
        channels, addresses = await _refused(request)
        now = await asyncio.to_thread(outbox.set_rules, folder, channels, addresses)
        return RedirectResponse("/dev/outbox", 303) if _wants_page(request) else JSONResponse(now, headers=NO_STORE)

    @app.post("/outbox/{name}/bounce", include_in_schema=False)
    async def post_bounce(name: str, request: Request) -> Response:
        if not await asyncio.to_thread(outbox.bounce, folder, name):
            raise NotFound("no_such_message", NO_MESSAGE)
        if _wants_page(request):
            return RedirectResponse(f"/dev/outbox/{name}?bounced=1", 303)
        return JSONResponse({"name": name}, 202, headers=NO_STORE)

    @app.get("/outbox/{name}/raw", include_in_schema=False)
    async def get_raw(name: str) -> Response:
        content = await asyncio.to_thread(outbox.raw, folder, name)
        if content is None:
            raise NotFound("no_such_message", NO_MESSAGE)
        shown = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="message/rfc822", headers=NO_STORE | shown)


def _add_clock(app: FastAPI, clock: Clock, days: Calendar) -> None:
    @app.get("/clock", include_in_schema=False)
    async def get_clock(request: Request) -> Response:
        if _wants_page(request):
            return _html(pages.clock(clock.now(), clock.offset, _language(request)))
        return _time(clock)

    @app.post("/clock", include_in_schema=False)
    async def post_clock(request: Request) -> Response:
        try:
            await advance(clock, days, await _wanted(request))
        except Problem as problem:
            if not _wants_page(request):
                raise
            language = _language(request)
            said = problem.text.in_language(language)
            return _html(pages.clock(clock.now(), clock.offset, language, problem=said), status=422)
        return RedirectResponse("/dev/clock", status_code=303) if _wants_page(request) else _time(clock)


async def _refused(request: Request) -> tuple[list[str], list[str]]:
    """Return the channels and addresses that a form or a JSON object names. Raises ``Invalid``."""
    if request.headers.get("content-type", "").startswith("application/json"):
        found = await _wanted(request)
        lists = [found.get(name, []) for name in ("channels", "addresses")]
        if all(isinstance(each, list) and all(isinstance(one, str) for one in each) for each in lists):
            channels, addresses = lists
            return list(channels), list(addresses)  # type: ignore[call-overload]
        raise Invalid("malformed_json", Text("Gửi hai danh sách chữ.", "Send two lists of texts."))
    fields = parse_qsl((await request.body())[:20_000].decode("utf-8", "replace"))
    addresses = [line for name, value in fields if name == "addresses" for line in value.splitlines()]
    return [value for name, value in fields if name == "channel"], addresses


async def _wanted(request: Request) -> dict[str, object]:
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return found
        raise Invalid("malformed_json", Text("Nội dung không phải JSON đúng.", "The content is not valid JSON."))
    fields = parse_qsl(body[:1000].decode("utf-8", "replace"))
    return {name: int(value) if NUMBER.fullmatch(value) else value for name, value in fields}


def _time(clock: Clock) -> Response:
    shown = {"now": clock.now().isoformat(), "offset_seconds": int(clock.offset.total_seconds())}
    return JSONResponse(shown, headers=NO_STORE)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _language(request: Request) -> str:
    return negotiate(request.headers.get("accept-language"))


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers=NO_STORE)
