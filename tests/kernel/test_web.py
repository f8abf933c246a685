"""The HTTP door: nothing that a client sends is a 500, every error says what to do in two languages."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import aiohttp.web
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from sqlalchemy.exc import OperationalError

from kernel.digest import digest_of
from kernel.errors import Conflict, Invalid, NotFound, Text, TooMany, Unavailable
from kernel.telemetry import admin_app, trace_id
from kernel.web import (
    AsgiUpstream,
    Body,
    HttpUpstream,
    Language,
    Page,
    PageCursor,
    PageSize,
    Reply,
    ServerEvent,
    decode_cursor,
    encode_cursor,
    etagged,
    make_app,
    sse,
)

JSON = {"content-type": "application/json"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Thing(Body):
    name: str
    count: int = 0
    kind: str | None = None
    answers: dict[str, Any] = Field(default_factory=dict)


router = APIRouter(prefix="/things")


@router.post("", status_code=201)
async def make_thing(body: Thing) -> dict[str, str]:
    return {"digest": digest_of(json.dumps(body.answers, default=str))}


@router.get("")
async def list_things(lang: Language, cursor: PageCursor = None, page_size: PageSize = 20) -> Page[str]:
    after = decode_cursor(cursor, str, int) if cursor else ("", 0)
    return Page(results=[f"{after[0]}/{after[1]}/{page_size}/{lang}"], next_cursor=encode_cursor(("x", 7)))


@router.get("/{number}")
async def show_thing(request: Request, number: int) -> Response:
    return etagged(request, {"number": number}, 60)


@router.get("/{number}/fail")
async def fail(number: int) -> None:
    raise {
        0: Conflict("not_now", Text("Chưa được.", "Not now."), extra={"state": 4}),
        1: NotFound("no_such_thing", Text("Không có.", "No such thing.")),
        2: TooMany("slow_down", Text("Chậm lại.", "Slow down."), retry_after=7),
        3: OperationalError("select secret", {}, Exception("disk full")),
    }.get(number, ZeroDivisionError("secret of Nguyễn Văn A"))


def make() -> FastAPI:
    app = make_app(title="things", prefix="/api/things/v1", body_limit=lambda path: 4096 if "big" in path else 1024)
    app.include_router(router)
    closed = asyncio.Event()
    app.state.closed = closed

    @app.post("/big")
    @app.post("/small")
    async def swallow(request: Request) -> int:
        return len(await request.body())

    @app.get("/stream")
    async def stream() -> Response:
        async def events() -> AsyncIterator[ServerEvent]:
            try:
                for n in range(10**6):
                    yield ServerEvent(str(n), "state", {"n": n, "text": "đ"})
                    await asyncio.sleep(0.005)
            finally:
                closed.set()

        return sse(events(), heartbeat=0.5)

    @app.get("/quiet")
    async def quiet() -> Response:
        async def events() -> AsyncIterator[ServerEvent]:
            yield ServerEvent("1", "state", "two\nlines")
            await asyncio.Event().wait()

        return sse(events(), heartbeat=0.02)

    return app


SHARED = make()


@pytest.fixture
async def door() -> AsgiUpstream:
    return AsgiUpstream(make())


async def call(door: AsgiUpstream, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await door.request(method, f"/api/things/v1{path}", sent, body)


def problem(reply: Reply) -> dict[str, Any]:
    assert reply.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(reply.body)
    assert found["status"] == reply.status and found["trace_id"] == reply.headers["x-trace-id"]
    assert {"type", "title", "code", "detail"} <= found.keys()
    return found


class TestProblems:
    async def test_every_field_is_named_in_the_readers_language(self, door: AsgiUpstream) -> None:
        body = b'{"count":"many","kind":5,"colour":1}'
        found = problem(await call(door, "POST", "/things", body, **JSON))
        assert (found["status"], found["code"]) == (422, "invalid_request")
        assert {(e["path"], e["code"]) for e in found["errors"]} == {
            ("name", "required"),
            ("count", "wrong_type"),
            ("kind", "wrong_type"),
            ("colour", "unknown_field"),
        }
        english = problem(await call(door, "POST", "/things", body, accept_language="en", **JSON))
        assert found["errors"][0]["detail"] == "Bạn điền mục này."
        assert english["errors"][0]["detail"] == "Fill in this field."

    @pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 900, b'{"name":"x",}'])
    async def test_json_that_cannot_be_read_is_400(self, door: AsgiUpstream, body: bytes) -> None:
        found = problem(await call(door, "POST", "/things", body, **JSON))
        assert found["status"] == 400 and found["code"] in ("malformed_json", "malformed_request")

    @pytest.mark.parametrize(
        "answers",
        ['{"a":"x\\u0000"}', '{"a":"\\ud800"}', '{"a":1e999}', '{"a":NaN}', '{"a":9007199254740993}', '{"\\udc00":1}'],
    )
    async def test_what_no_table_and_no_digest_can_hold_is_refused(self, door: AsgiUpstream, answers: str) -> None:
        body = f'{{"name":"x","answers":{answers}}}'.encode()
        assert problem(await call(door, "POST", "/things", body, **JSON))["status"] == 422

    async def test_unknown_addresses_and_methods_are_problems(self, door: AsgiUpstream) -> None:
        assert problem(await call(door, "GET", "/nothing"))["code"] == "not_found"
        wrong = await call(door, "PUT", "/things")
        assert problem(wrong)["code"] == "method_not_allowed" and wrong.headers["allow"]
        assert problem(await call(door, "GET", "/things/abc"))["errors"][0]["path"] == "number"

    async def test_unknown_query_parameters_are_refused_by_name(self, door: AsgiUpstream) -> None:
        found = problem(await call(door, "GET", "/things?page_size=3&pagesize=4"))
        assert (found["status"], found["errors"][0]["path"]) == (422, "pagesize")
        assert (await call(door, "GET", "/things?page_size=3")).status == 200

    async def test_our_own_errors_keep_their_code_and_numbers(self, door: AsgiUpstream) -> None:
        conflict = problem(await call(door, "GET", "/things/0/fail"))
        assert (conflict["status"], conflict["code"], conflict["state"]) == (409, "not_now", 4)
        assert problem(await call(door, "GET", "/things/1/fail", accept_language="en"))["detail"] == "No such thing."
        slow = await call(door, "GET", "/things/2/fail")
        assert (slow.status, slow.headers["retry-after"]) == (429, "7")

    async def test_a_fault_of_ours_tells_a_trace_and_nothing_else(
        self, door: AsgiUpstream, capfd: pytest.CaptureFixture[str]
    ) -> None:
        reply = await call(door, "GET", "/things/9/fail?", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
        found = problem(reply)
        assert (found["status"], found["code"], found["trace_id"]) == (500, "internal_error", TRACE)
        seen = reply.body.decode() + "".join(capfd.readouterr())
        assert "ZeroDivisionError" in seen and "secret" not in seen and "Traceback" not in seen
        assert "ZeroDivisionError" not in reply.body.decode()
        assert problem(await call(door, "GET", "/things/3/fail"))["code"] == "storage_unavailable"

    @pytest.mark.parametrize("sent", ["", "00-zz-1-01", f"00-{'0' * 32}-1-01", "x" * 5000, f"00-{TRACE.upper()}-1-01"])
    async def test_a_wrong_traceparent_gets_a_new_trace(self, door: AsgiUpstream, sent: str) -> None:
        trace = (await call(door, "GET", "/things", traceparent=sent)).headers["x-trace-id"]
        assert len(trace) == 32 and trace != TRACE


class TestLimits:
    async def test_a_declared_large_body_is_refused_unread(self, door: AsgiUpstream) -> None:
        reply = await call(door, "POST", "/small", b"x", content_length="999999999999999999999999")
        assert problem(reply)["code"] == "body_too_large"

    async def test_a_large_body_is_refused_while_it_streams(self, door: AsgiUpstream) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 100
                yield b"x" * 100

        async with door.stream("POST", "/api/things/v1/small", {}, endless()) as reply:
            assert reply.status == 413
        assert sent < 5000

    async def test_the_limit_depends_on_the_path(self, door: AsgiUpstream) -> None:
        assert (await call(door, "POST", "/big", b"x" * 4096)).body == b"4096"
        assert (await call(door, "POST", "/big", b"x" * 4097)).status == 413
        assert (await call(door, "POST", "/small", b"x" * 1024)).body == b"1024"
        assert problem(await call(door, "POST", "/things", b'"' + b"x" * 2000 + b'"', **JSON))["status"] == 413


class TestNeverOurFault:
    @given(st.binary(max_size=300))
    async def test_any_bytes_as_body(self, body: bytes) -> None:
        assert (await call(AsgiUpstream(SHARED), "POST", "/things", body, **JSON)).status in (400, 422)

    @given(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.recursive(
                    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                    max_leaves=8,
                )
                for name in ("name", "count", "kind", "answers", "other")
            },
        )
    )
    async def test_any_json_as_body(self, body: dict[str, object]) -> None:
        reply = await call(AsgiUpstream(SHARED), "POST", "/things", json.dumps(body).encode(), **JSON)
        assert reply.status in (201, 413, 422)

    @given(st.text())
    async def test_any_text_as_cursor(self, text: str) -> None:
        with pytest.raises(Invalid) as refused:
            decode_cursor(text, str, int)
        assert refused.value.code == "bad_cursor"

    @given(st.text(st.characters(codec="ascii"), max_size=60).filter(lambda text: "#" not in text))
    async def test_any_query(self, query: str) -> None:
        assert (await call(AsgiUpstream(SHARED), "GET", f"/things?{query}")).status in (200, 422)


class TestCursors:
    @given(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.integers(-(2**53) + 1, 2**53 - 1)
    )
    def test_a_cursor_gives_its_key_back(self, name: str, number: int) -> None:
        assert decode_cursor(encode_cursor((name, number)), str, int) == (name, number)

    def test_a_cursor_of_another_list_is_refused(self) -> None:
        for key in (("a",), (1, "a"), ("a", 1, 2), (None, 1), ("a", True), ("a", 2**53), ("a\0", 1)):
            with pytest.raises(Invalid):
                decode_cursor(encode_cursor(key), str, int)

    def test_times_travel_in_cursors(self) -> None:
        at = datetime(2026, 11, 21, 14, 3, 5, 123456, UTC)
        assert decode_cursor(encode_cursor((at, 1)), datetime, int) == (at, 1)
        for bad in ("2026-11-21T14:03:05", "9999-12-31T23:59:59+00:00", "x"):
            with pytest.raises(Invalid):
                decode_cursor(encode_cursor((bad,)), datetime)

    async def test_a_bad_cursor_is_a_problem(self, door: AsgiUpstream) -> None:
        assert problem(await call(door, "GET", "/things?cursor=abc"))["code"] == "bad_cursor"
        page = json.loads((await call(door, "GET", "/things")).body)
        assert (await call(door, "GET", f"/things?cursor={page['next_cursor']}")).status == 200


class TestCaching:
    async def test_a_client_that_has_it_is_told_so(self, door: AsgiUpstream) -> None:
        first = await call(door, "GET", "/things/4")
        tag = first.headers["etag"]
        assert tag.startswith('"') and first.headers["cache-control"] == "public, max-age=60"
        for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            again = await call(door, "GET", "/things/4", if_none_match=sent)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert (await call(door, "GET", "/things/5", if_none_match=tag)).status == 200
        assert (await call(door, "GET", "/things/4")).headers["etag"] == tag

    async def test_what_says_nothing_of_caches_is_kept_by_none(self, door: AsgiUpstream) -> None:
        for path in ("/things", "/things?page_size=3"):
            assert (await call(door, "GET", path)).headers.getall("cache-control") == ["private, no-store"]


class TestStreams:
    async def test_events_come_one_by_one_and_leaving_closes_them(self) -> None:
        app = make()
        async with AsgiUpstream(app).stream("GET", "/api/things/v1/stream", {}) as reply:
            assert reply.headers["content-type"].startswith("text/event-stream")
            text = ""
            async for chunk in reply.chunks:
                text += chunk.decode()
                if "id: 3\n" in text:
                    break
        assert 'id: 2\nevent: state\ndata: {"n":2,"text":"đ"}\n\n' in text
        async with asyncio.timeout(30):
            await app.state.closed.wait()

    async def test_a_quiet_stream_shows_that_it_is_alive(self, door: AsgiUpstream) -> None:
        seen: list[bytes] = []
        async with door.stream("GET", "/api/things/v1/quiet", {}) as reply:
            async for chunk in reply.chunks:
                seen.append(chunk)
                if len(seen) == 5:
                    break
        assert seen[1] == b"id: 1\nevent: state\ndata: two\ndata: lines\n\n"
        assert seen[2:] == [b": still here\n\n"] * 3


class TestUpstreams:
    async def test_the_trace_goes_on_to_the_next_app(self, door: AsgiUpstream) -> None:
        token = trace_id.set(TRACE)
        reply = await call(door, "GET", "/things")
        trace_id.reset(token)
        assert reply.headers["x-trace-id"] == TRACE

    async def test_an_app_that_breaks_is_unavailable(self) -> None:
        async def broken(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/late":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
            raise ZeroDivisionError

        for path in ("/now", "/late"):
            with pytest.raises(Unavailable):
                await AsgiUpstream(broken).request("GET", path, {})

    async def test_http_answers_like_the_same_process(self) -> None:
        async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
            shown = {"path": request.path_qs, "body": (await request.read()).decode(), "x": request.headers.get("x")}
            return aiohttp.web.json_response(shown, status=207, headers={"set-cookie": "a=1"})

        server = aiohttp.web.Application()
        server.router.add_route("*", "/{rest:.*}", answer)
        runner = aiohttp.web.AppRunner(server)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            upstream = HttpUpstream(f"http://127.0.0.1:{port}", session)
            reply = await upstream.request("POST", "/a%2Fb?q=%C4%91+x&q=2", {"X": "1", "Connection": "close"}, b"hello")
            assert reply.status == 207 and reply.headers["Set-Cookie"] == "a=1"
            assert json.loads(reply.body) == {"path": "/a%2Fb?q=%C4%91+x&q=2", "body": "hello", "x": "1"}
            with socket.socket() as nobody:
                nobody.bind(("127.0.0.1", 0))
                dead = f"http://127.0.0.1:{nobody.getsockname()[1]}"
                both = HttpUpstream(f"{dead}|http://127.0.0.1:{port}", session)
                for _ in range(2):
                    assert (await both.request("POST", "/", {}, b"hello")).status == 207
            await runner.cleanup()
            with pytest.raises(Unavailable) as away:
                await upstream.request("GET", "/", {})
        assert away.value.code == "upstream_unavailable"


class TestAdmin:
    async def test_metrics_and_readiness_are_on_the_admin_app(self) -> None:
        state = {"database": True, "log": True}

        async def ready() -> dict[str, bool]:
            return dict(state)

        late = AsgiUpstream(admin_app(ready, serves=lambda: True))
        door = AsgiUpstream(admin_app(ready))
        assert (await door.request("GET", "/healthz", {})).status == 200
        assert json.loads((await door.request("GET", "/readyz", {})).body) == {"status": "ready", "parts": state}
        state["log"] = False
        assert (await door.request("GET", "/readyz", {})).status == 503
        named = await late.request("GET", "/readyz", {})
        assert (named.status, json.loads(named.body)) == (200, {"status": "late", "parts": state})
        metrics = (await door.request("GET", "/metrics", {})).body.decode()
        assert "motcua_http_seconds" in metrics
        assert (await door.request("GET", "/x", {})).status == 404
