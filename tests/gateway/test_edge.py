"""Caching, limits, breakers, bodies and streams at the edge."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.breaker import Breaker
from gateway.limits import Counters, Limiter
from gateway.request import SESSION
from kernel.errors import TooMany, Unavailable
from tests.gateway.conftest import PUBLIC, Edge, MakeEdge, sign_in

PUBLIC_READ = "/api/catalog/v1/public"


async def test_a_public_read_is_answered_from_memory(edge: Edge) -> None:
    async with edge.browser() as client:
        first = await client.get(PUBLIC_READ)
        second = await client.get(PUBLIC_READ)
        assert first.json() == second.json()
        assert len(edge.service.calls) == 1
        assert "age" in second.headers
        head = await client.head(PUBLIC_READ)
        assert (head.status_code, head.content) == (200, b"")
        assert len(edge.service.calls) == 1


async def test_each_language_and_query_has_its_own_answer(edge: Edge) -> None:
    async with edge.browser() as client:
        vietnamese = await client.get(PUBLIC_READ, headers={"accept-language": "vi-VN,vi;q=0.9"})
        english = await client.get(PUBLIC_READ, headers={"accept-language": "en-GB"})
        chosen = await client.get(PUBLIC_READ, headers={"accept-language": "vi", "cookie": "lang=en"})
        other = await client.get(PUBLIC_READ + "?a=1")
        assert (vietnamese.json()["language"], english.json()["language"]) == ("vi", "en")
        assert chosen.json() == english.json()
        assert other.json()["n"] == 3


async def test_a_client_that_has_the_answer_gets_304(edge: Edge) -> None:
    async with edge.browser() as client:
        first = await client.get(PUBLIC_READ, headers={"accept-encoding": "gzip"})
        assert first.headers["content-encoding"] == "gzip"
        assert first.headers["etag"] == 'W/"one"'
        for tag in (first.headers["etag"], '"one"', "*", '"zero", "one"'):
            again = await client.get(PUBLIC_READ, headers={"if-none-match": tag})
            assert (again.status_code, again.content) == (304, b"")
        assert (await client.get(PUBLIC_READ, headers={"if-none-match": '"two"'})).status_code == 200


async def test_an_answer_that_is_not_kept_is_still_told_apart_by_its_etag(edge: Edge) -> None:
    edge.service.cache_control = "public, no-cache"
    async with edge.browser() as client:
        first = await client.get(PUBLIC_READ)
        again = await client.get(PUBLIC_READ, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "public, no-cache"
        assert (await client.get(PUBLIC_READ, headers={"if-none-match": '"two"'})).status_code == 200


async def test_plain_and_packed_forms_hold_the_same(edge: Edge) -> None:
    plain = await edge.upstream.request("GET", PUBLIC_READ, {})
    packed = await edge.upstream.request("GET", PUBLIC_READ, {"accept-encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)
    assert "accept-encoding" in packed.headers["vary"].lower()


async def test_what_one_person_gets_is_never_kept_nor_served_to_another(edge: Edge) -> None:
    async with edge.browser() as one, edge.browser() as nobody:
        await sign_in(one)
        mine = await one.get(PUBLIC_READ)
        theirs = await nobody.get(PUBLIC_READ)
        assert mine.json()["n"] != theirs.json()["n"], "a signed-in answer is not kept"
        again = await one.get(PUBLIC_READ)
        assert again.json()["n"] == 3, "and a signed-in person is not answered from memory"
        token = await nobody.get(PUBLIC_READ, headers={"authorization": f"Bearer {edge.token()}"})
        assert token.json()["n"] == 4
        draft = await nobody.get(PUBLIC_READ, headers={"cookie": "draft_1=abc"})
        assert draft.json()["n"] == 5
        assert (await nobody.get(PUBLIC_READ)).json()["n"] == theirs.json()["n"]


@pytest.mark.parametrize(
    "cache_control",
    ["private, max-age=60", "no-store", "public, no-cache", "max-age=60", "public, max-age=0", "public", "nonsense"],
)
async def test_only_what_is_called_public_and_fresh_is_kept(edge: Edge, cache_control: str) -> None:
    edge.service.cache_control = cache_control
    async with edge.browser() as client:
        assert [(await client.get(PUBLIC_READ)).json()["n"] for _ in range(2)] == [1, 2]


async def test_answers_that_set_cookies_or_vary_by_more_are_not_kept(edge: Edge) -> None:
    async with edge.browser() as client:
        for path in ("/cookie", "/vary"):
            before = len(edge.service.calls)
            await client.get(path)
            client.cookies.clear()
            await client.get(path)
            assert len(edge.service.calls) - before == 2


async def test_an_old_answer_is_asked_for_again_by_its_etag(edge: Edge) -> None:
    edge.service.cache_control = "public, max-age=60"
    async with edge.browser() as client:
        first = await client.get(PUBLIC_READ)
        for entry in edge.running.app._cache._entries.values():  # type: ignore[attr-defined]
            entry.fresh_until -= 61
        second = await client.get(PUBLIC_READ)
        assert second.json() == first.json()
        assert edge.service.calls[-1].headers["if-none-match"] == '"one"'
        assert len(edge.service.calls) == 2
        await client.get(PUBLIC_READ)
        assert len(edge.service.calls) == 2


async def test_many_who_ask_at_once_cause_one_call(edge: Edge) -> None:
    edge.service.gate.clear()
    async with edge.browser() as client:
        waiting = [asyncio.create_task(client.get(PUBLIC_READ)) for _ in range(20)]
        await asyncio.wait_for(edge.service.called.wait(), 20)
        edge.service.gate.set()
        answers = await asyncio.gather(*waiting)
        assert {answer.json()["n"] for answer in answers} == {1}


async def test_many_who_ask_for_what_cannot_be_kept_each_get_their_own(edge: Edge) -> None:
    edge.service.cache_control = "private"
    async with edge.browser() as client:
        answers = await asyncio.gather(*(client.get(PUBLIC_READ) for _ in range(10)))
        assert len({answer.json()["n"] for answer in answers}) == 10


async def test_the_cache_is_bounded(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_cache_bytes=20_000)
    async with edge.browser() as client:
        for number in range(30):
            await client.get(f"{PUBLIC_READ}?n={number}")
        cache = edge.running.app._cache  # type: ignore[attr-defined]
        assert cache.bytes <= 20_000
        assert 0 < len(cache) < 30


async def test_a_large_public_answer_passes_without_being_kept(edge: Edge) -> None:
    async with edge.browser() as client:
        for _ in range(2):
            assert len((await client.get("/large")).content) == 4_000_000
        assert len(edge.service.calls) == 2


async def test_kept_answers_outlive_a_service_that_is_away(edge: Edge) -> None:
    async with edge.browser() as client:
        first = await client.get(PUBLIC_READ)
        edge.service.away = True
        for entry in edge.running.app._cache._entries.values():  # type: ignore[attr-defined]
            entry.fresh_until -= 61
        stale = await client.get(PUBLIC_READ)
        assert stale.json() == first.json()
        assert stale.headers["x-cache"] == "stale"


async def test_a_service_that_is_away_is_said_plainly_and_not_asked_again(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_breaker_failures=2, gateway_breaker_seconds=60)
    edge.service.away = True
    async with edge.browser() as client:
        for _ in range(2):
            answer = await client.get("/api/dossiers/v1/x")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) >= 1
        edge.service.away = False
        assert (await client.get("/api/dossiers/v1/x")).status_code == 503, "open: not even asked"
        assert edge.service.calls == []
        page = await client.get("/other", headers={"accept": "text/html"})
        assert page.status_code == 200, "each service has a breaker of its own"
        edge.service.away = True
        page = await client.get("/my", headers={"accept": "text/html", "accept-language": "vi"})
        assert page.status_code == 503
        assert "Những gì bạn đã lưu vẫn còn" in page.text
        assert (
            "What you saved is kept"
            in (await client.get("/my", headers={"accept": "text/html", "accept-language": "en"})).text
        )


def test_a_breaker_lets_one_probe_through_and_closes_when_it_succeeds() -> None:
    now = [0.0]
    breaker = Breaker("x", failures=2, seconds=5, clock=lambda: now[0])
    for _ in range(2):
        breaker.enter()
        breaker.bad()
    with pytest.raises(Unavailable):
        breaker.enter()
    now[0] = 6.0
    breaker.enter()
    with pytest.raises(Unavailable):
        breaker.enter()
    breaker.bad()
    with pytest.raises(Unavailable):
        breaker.enter()
    now[0] = 12.0
    breaker.enter()
    breaker.unknown()
    breaker.enter()
    breaker.good()
    breaker.enter()


async def test_anonymous_callers_are_limited_by_address_and_people_by_themselves(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_limit_anonymous="3/minute", gateway_limit_person="5/minute")
    async with edge.browser() as nobody:
        await nobody.get(PUBLIC_READ)
        statuses = [(await nobody.get("/x")).status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        refused = await nobody.get("/x", headers={"x-forwarded-for": "9.9.9.9"})
        assert refused.status_code == 429, "a header that anyone can write does not help"
        assert 1 <= int(refused.headers["retry-after"]) <= 61
        assert refused.json()["code"] == "too_many_requests"
        assert (await nobody.get(PUBLIC_READ)).status_code == 200, "what is in memory costs nothing"
        assert (await nobody.get("/healthz")).status_code == 200


async def test_people_and_programs_are_limited_by_who_they_are(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_limit_person="3/minute", gateway_limit_program="2/minute")
    async with edge.browser() as one, edge.browser() as two, edge.browser() as program:
        await sign_in(one, "citizen-1")
        await sign_in(two, "citizen-2")
        assert [(await one.get("/x")).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert (await two.get("/x")).status_code == 200
        headers = {"authorization": f"Bearer {edge.token('citizen-2')}"}
        assert [(await program.get("/x", headers=headers)).status_code for _ in range(3)] == [200, 200, 429]


async def test_lookups_by_code_have_a_narrow_limit(make_edge: MakeEdge) -> None:
    edge = await make_edge(gateway_limit_lookup="2/minute")
    async with edge.browser() as client:
        paths = ["/api/dossiers/v1/lookup/H26-261121-0001", "/tra-cuu?code=x", "/lookup?code=y"]
        assert [(await client.get(path)).status_code for path in paths] == [200, 200, 429]
        assert (await client.get("/x")).status_code == 200


LOOKUPS = ["/api/dossiers/v1/%6cookup/H26-261121-0001", "/t%72a-cuu/x", "/lookup%2Fx", "/verify/X", "/xac-minh"]


@pytest.mark.parametrize("path", LOOKUPS)
async def test_escaped_letters_do_not_lead_around_the_narrow_limit(make_edge: MakeEdge, path: str) -> None:
    edge = await make_edge(gateway_limit_lookup="1/minute")
    async with edge.browser() as client:
        assert [(await client.get(path)).status_code for _ in range(2)] == [200, 429]


def test_addresses_come_from_trusted_proxies_only_and_ipv6_counts_by_network() -> None:
    plain = Limiter({"a": "1/minute"})
    assert plain.address("10.0.0.1", "1.2.3.4") == "10.0.0.1"
    behind = Limiter({"a": "1/minute"}, trusted_proxies=["10.0.0.0/8"])
    assert behind.address("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.9") == "1.2.3.4"
    assert behind.address("1.2.3.4", "6.6.6.6") == "1.2.3.4"
    assert behind.address("10.0.0.1", "nonsense") == "10.0.0.1"
    assert plain.address("2001:db8::1", None) == plain.address("2001:db8::2", None)
    assert plain.address("::ffff:1.2.3.4", None) == "1.2.3.4"


def test_counters_are_bounded() -> None:
    counters = Counters(held=100)
    for number in range(1000):
        counters.incr(f"k{number}", 60)
    assert len(counters._windows) == 100
    limiter = Limiter({"a": "1/minute"})
    limiter.check("a", "x")
    with pytest.raises(TooMany) as refused:
        limiter.check("a", "x")
    assert refused.value.retry_after is not None


@pytest.mark.parametrize(
    ("kind", "size", "status"),
    [
        ("application/json", 1024 * 1024, 200),
        ("application/json", 1024 * 1024 + 1, 413),
        ("multipart/form-data; boundary=x", 21 * 1024 * 1024, 200),
        ("multipart/form-data; boundary=x", 21 * 1024 * 1024 + 1, 413),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
async def test_bodies_have_a_limit(edge: Edge, kind: str, size: int, status: int, *, declared: bool) -> None:
    async def body() -> AsyncIterator[bytes]:
        for start in range(0, size, 65_536):
            yield b"x" * min(65_536, size - start)

    headers = {"content-type": kind} | ({"content-length": str(size)} if declared else {})
    reply = await edge.upstream.request("POST", "/api/dossiers/v1/x", headers, b"x" * size) if declared else None
    if reply is None:
        async with edge.upstream.stream("POST", "/api/dossiers/v1/x", headers, body()) as streamed:
            content = b"".join([chunk async for chunk in streamed.chunks])
        answered = streamed.status
    else:
        answered, content = reply.status, reply.body
    assert answered == status
    if status == 413:
        assert json.loads(content)["code"] == "body_too_large"
        assert edge.service.calls == []
    else:
        assert len(edge.service.bodies[0]) == size


async def test_events_pass_at_once_and_the_service_hears_when_the_reader_goes(edge: Edge) -> None:
    headers = {"authorization": f"Bearer {edge.token()}", "accept-encoding": "gzip"}
    async with edge.upstream.stream("GET", "/api/dossiers/v1/dossiers/x/stream", headers) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in reply.headers
        assert await asyncio.wait_for(anext(reply.chunks), 2) == b"id: 1\ndata: a\n\n"
    await asyncio.wait_for(edge.service.closed.wait(), 20)


async def test_a_page_for_one_person_is_packed_on_its_way(edge: Edge) -> None:
    async with edge.browser() as client:
        await sign_in(client)
        page = await client.get("/page", headers={"accept-encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        assert page.text.startswith("<p>trang trang")
        plain = await client.get("/page", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers


async def test_pages_carry_the_security_headers(edge: Edge) -> None:
    async with edge.browser() as client:
        page = await client.get("/page")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "camera=()" in page.headers["permissions-policy"]
        assert len(page.headers["x-trace-id"]) == 32
        sign_in_page = await client.get("/id/authorize")
        assert sign_in_page.headers.get_list("content-security-policy")[0].startswith("default-src 'none'")
        assert len(sign_in_page.headers.get_list("content-security-policy")) == 1


async def test_hop_by_hop_headers_do_not_pass(edge: Edge) -> None:
    sent = {"connection": "keep-alive, x-secret", "x-secret": "1", "te": "trailers", "upgrade": "h2c", "x-kept": "1"}
    async with edge.browser() as client:
        seen = (await client.get("/x", headers=sent)).json()["headers"]
        assert seen["x-kept"] == "1"
        assert not {"x-secret", "te", "upgrade"} & seen.keys()
        assert len(seen["traceparent"].split("-")[1]) == 32


async def test_health_is_told_with_the_status_alone(edge: Edge) -> None:
    async with edge.browser() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        assert (await client.post("/readyz")).status_code == 405


@pytest.mark.parametrize(
    "target",
    [
        "/%00",
        "/%ff%fe",
        "/api/",
        "/api/none/v1/x",
        "//evil.example/x",
        "/" + "a" * 8000,
        "/?" + "a=1&" * 2000,
        "/..%2f",
    ],
)
async def test_odd_addresses_are_answered_without_a_crash(edge: Edge, target: str) -> None:
    reply = await edge.upstream.request("GET", target, {})
    assert reply.status in (200, 404)
    if target.startswith("/api/"):
        assert json.loads(reply.body)["code"] == "not_found"


@pytest.mark.parametrize("cookie", ["=", ";;;", f"{SESSION}=", f"{SESSION}=a; {SESSION}=b", "x" * 5000, "lang=xx"])
async def test_odd_cookies_are_nobody(edge: Edge, cookie: str) -> None:
    reply = await edge.upstream.request("GET", "/x", {"cookie": cookie})
    assert reply.status == 200
    assert "authorization" not in json.loads(reply.body)["headers"]


async def test_static_files_are_kept_for_signed_in_people_too(edge: Edge) -> None:
    async with edge.browser() as one:
        await sign_in(one)
        before = len(edge.service.calls)
        answers = [await one.get("/static/public") for _ in range(3)]
        assert len(edge.service.calls) - before == 1
        assert {answer.status_code for answer in answers} == {200}
        assert "cookie" not in edge.service.calls[-1].headers
        assert "authorization" not in edge.service.calls[-1].headers


async def test_the_public_address_is_what_services_are_told(edge: Edge) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=edge.running.app), base_url="http://evil.example"
    ) as client:
        seen = (await client.get("/x")).json()["headers"]
        assert f"{seen['x-forwarded-proto']}://{seen['x-forwarded-host']}" == PUBLIC


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/file/draft/d1/q/photo?from=check", "/file/draft/d1/q/photo?from=check&too_large=1"),
        ("/file/draft/d1/q/photo?too_large=1", "/file/draft/d1/q/photo?too_large=1"),
        ("/x/", "/x/?too_large=1"),
    ],
)
async def test_who_sends_files_that_are_too_large_comes_back_to_the_page_of_the_form(
    edge: Edge, path: str, back: str
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "accept": "text/html"}
    reply = await edge.upstream.request("POST", path, headers, b"x" * (21 * 1024 * 1024 + 1))
    assert (reply.status, reply.headers["location"]) == (303, back)
    assert edge.service.calls == []


async def test_a_refused_upload_leads_to_no_other_site(edge: Edge) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "accept": "text/html"}
    reply = await edge.upstream.request("POST", "//evil.example/x", headers, b"x" * (21 * 1024 * 1024 + 1))
    assert reply.headers.get("location", "/?too_large=1") == "/?too_large=1"
