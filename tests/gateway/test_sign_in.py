"""Sessions, and what people try against them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.guard import Caller, Guard
from gateway.limits import Limiter
from gateway.oidc import Provider
from gateway.request import SESSION, EdgeRequest
from gateway.sessions import METADATA, Login, Sessions, Tokens, new_secret
from gateway.signin import local_path
from kernel.auth import Verifier
from kernel.db import Database
from kernel.errors import Text, Unavailable
from kernel.web import AsgiUpstream, Reply
from motcua import identity
from tests.engines.schemas import address
from tests.gateway.conftest import PUBLIC, Edge, MakeEdge, sign_in, state_of


class Parts:
    """The guard with its sessions and a provider that can go away; also the upstream to that provider."""

    def __init__(self, data: Path, database: Database) -> None:
        self.away = False
        self.provider_calls: list[str] = []
        self._inner = AsgiUpstream(identity.build(data=data, public_url=PUBLIC).app)
        self.sessions = Sessions(database, idle=timedelta(minutes=30), absolute=timedelta(hours=12))
        self.provider = Provider(
            self,  # type: ignore[arg-type]  # only request is used
            issuer=f"{PUBLIC}/id",
            client_id="motcua-gateway",
            secret=SecretStr(""),
            redirect_uri=f"{PUBLIC}/auth/callback",
            home=f"{PUBLIC}/",
        )
        rates = dict.fromkeys(("anonymous", "person", "program", "lookup", "sign_in"), "1000/minute")
        self.guard = Guard(
            sessions=self.sessions,
            provider=self.provider,
            verifier=Verifier(issuer=f"{PUBLIC}/id", keys=self.provider.keys),
            limiter=Limiter(rates),
            public_url=PUBLIC,
        )
        self.first = Tokens("", "", "", 0.0)

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        if self.away:
            raise Unavailable("upstream_unavailable", Text("x", "x"))
        self.provider_calls.append(path)
        return await self._inner.request(method, path, headers, body)

    async def signed_in(self, **changes: float | str) -> str:
        if not self.first.access:
            login = Login(nonce=new_secret(), verifier=new_secret(), next="/")
            address = await self.provider.authorize_url(state="s", login=login, language="vi")
            form = {"content-type": "application/x-www-form-urlencoded"}
            chosen = await self._inner.request("POST", address.removeprefix(PUBLIC), form, b"person=citizen-1")
            code = chosen.headers["location"].split("code=")[1].split("&")[0]
            _, self.first = await self.provider.exchange(code=code, login=login)
        tokens = replace(self.first, **changes)  # type: ignore[arg-type]
        return await self.sessions.begin(subject=identity.subject_of("citizen-1"), tokens=tokens)

    async def admit(self, cookie: str, method: str = "GET") -> Caller:
        headers = [(b"cookie", f"{SESSION}={cookie}".encode())]
        return await self.guard.admit(
            EdgeRequest({"method": method, "raw_path": b"/x", "query_string": b"", "headers": headers})
        )


@pytest.fixture
async def parts(database_engine: str, tmp_path: Path) -> AsyncIterator[Parts]:
    database = await Database.open(address(tmp_path, METADATA), METADATA)
    yield Parts(tmp_path, database)
    await database.close()


async def test_after_sign_in_services_see_a_bearer_token_and_no_session_cookie(edge: Edge) -> None:
    async with edge.browser() as browser:
        answer = await sign_in(browser, following="/my?tab=1")
        assert answer.headers["location"] == "/my?tab=1"
        cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION))
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
        browser.cookies.set("draft", "keep")
        seen = (await browser.get("/my", headers={"X-Forwarded-For": "6.6.6.6", "X-User": "root"})).json()["headers"]
        assert seen["authorization"].startswith("Bearer eyJ")
        assert SESSION not in seen.get("cookie", "") and "motcua_login" not in seen.get("cookie", "")
        assert "draft=keep" in seen["cookie"]
        assert seen["x-forwarded-for"] == "127.0.0.1"
        assert "x-user" not in seen


async def test_who_does_not_sign_in_comes_back_to_the_page_that_asked_for_it(edge: Edge) -> None:
    for following, back in (
        ("/file/draft/d1/finish", "/file/draft/d1/finish?sign_in=cancelled"),
        ("/my?tab=1#x", "/my?tab=1&sign_in=cancelled#x"),
    ):
        async with edge.browser() as browser:
            assert (await sign_in(browser, person="", following=following)).headers["location"] == back


async def test_a_session_cookie_known_before_sign_in_is_worth_nothing_after(edge: Edge) -> None:
    async with edge.browser() as victim, edge.browser() as thief:
        await sign_in(thief, "citizen-2")
        planted = thief.cookies[SESSION]
        victim.cookies.set(SESSION, planted, domain="127.0.0.1", path="/")
        await sign_in(victim, "citizen-1")
        assert [c.value for c in victim.cookies.jar if c.name == SESSION] != [planted]
        seen = (await thief.get("/x")).json()["headers"]
        assert "authorization" not in seen, "the old session ended at sign-in"


async def test_a_made_up_session_cookie_is_nobody_and_is_deleted(edge: Edge) -> None:
    async with edge.browser() as browser:
        answer = await browser.get("/x", headers={"cookie": f"{SESSION}={'A' * 43}"})
        assert "authorization" not in answer.json()["headers"]
        assert f"{SESSION}=" in answer.headers["set-cookie"] and "Max-Age=0" in answer.headers["set-cookie"]


async def test_a_sign_in_ends_only_in_the_browser_that_began_it(edge: Edge) -> None:
    async with edge.browser() as attacker, edge.browser() as victim:
        begun = await attacker.get("/auth/login")
        chosen = await attacker.post(begun.headers["location"], data={"person": "citizen-2"})
        callback = chosen.headers["location"]
        answer = await victim.get(callback)
        assert answer.status_code == 400
        assert SESSION not in victim.cookies
        await victim.get("/auth/login")
        assert (await victim.get(callback)).status_code == 400, "a browser with a sign-in of its own neither"
        assert (await attacker.get(callback)).status_code == 303
        again = await attacker.get(callback)
        assert (again.status_code, again.headers["location"]) == (303, "/my"), "Back after signing in leads on"
        assert "set-cookie" not in again.headers, "a state works once: no second session"
        attacker.cookies.clear()
        assert (await attacker.get(callback)).status_code == 400


async def test_two_tabs_can_sign_in_at_once(edge: Edge) -> None:
    async with edge.browser() as browser:
        first = await browser.get("/auth/login?next=/one")
        second = await browser.get("/auth/login?next=/two")
        assert state_of(first.headers["location"]) != state_of(second.headers["location"])
        chosen = await browser.post(first.headers["location"], data={"person": "citizen-1"})
        assert (await browser.get(chosen.headers["location"])).headers["location"] == "/one"


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "/auth/login?next=/",
        "",
        "/" + "a" * 3000,
    ],
)
async def test_nobody_is_sent_to_another_site_after_sign_in(edge: Edge, following: str) -> None:
    assert local_path(following) == "/"
    async with edge.browser() as browser:
        assert (await sign_in(browser, following=following)).headers["location"] == "/"


@given(st.text(max_size=60) | st.text(alphabet="/\\\\:@?#%.ab\t\n", max_size=30))
def test_whatever_is_asked_for_the_way_after_sign_in_stays_here(text: str) -> None:
    following = local_path(text)
    assert following.startswith("/")
    assert urlsplit(urljoin(f"{PUBLIC}/auth/callback", following)).netloc == urlsplit(PUBLIC).netloc
    assert following.isascii() and following.isprintable()


def test_local_paths_stay_as_they_are() -> None:
    for path in ("/", "/my/dossiers?tab=1&q=a%20b", "/th%E1%BB%A7-t%E1%BB%A5c", "/a#b"):
        assert local_path(path) == path


async def test_another_host_name_is_sent_to_the_public_address_once(edge: Edge) -> None:
    async with edge.browser(host="localhost:8123") as browser:
        moved = await browser.get("/auth/login?next=/my")
        assert moved.headers["location"] == f"{PUBLIC}/auth/login?here=1&next=%2Fmy"
        assert "/id/authorize" in (await browser.get("/auth/login?here=1&next=/my")).headers["location"]


async def test_choosing_nobody_leads_back_without_a_session(edge: Edge) -> None:
    async with edge.browser() as browser:
        begun = await browser.get("/auth/login?next=/my")
        chosen = await browser.post(begun.headers["location"], data={"person": ""})
        assert (await browser.get(chosen.headers["location"])).headers["location"] == "/my?sign_in=cancelled"
        assert SESSION not in browser.cookies


async def test_sign_out_ends_the_session_here_and_at_the_provider(edge: Edge) -> None:
    async with edge.browser() as browser:
        await sign_in(browser)
        cookie = browser.cookies[SESSION]
        assert (await browser.get("/auth/logout")).status_code == 405
        out = await browser.post("/auth/logout", headers={"origin": PUBLIC})
        assert out.headers["location"].startswith(f"{PUBLIC}/id/end_session?")
        assert SESSION not in browser.cookies
        back = await browser.get(out.headers["location"])
        assert back.headers["location"] == f"{PUBLIC}/"
        seen = await browser.get("/x", headers={"cookie": f"{SESSION}={cookie}"})
        assert "authorization" not in seen.json()["headers"]


async def test_an_idle_session_ends_and_a_used_one_ends_after_twelve_hours(make_edge: MakeEdge) -> None:
    for lengths in ({"gateway_idle": timedelta(0)}, {"gateway_absolute": timedelta(0)}):
        edge = await make_edge(**lengths)
        async with edge.browser() as browser:
            await sign_in(browser)
            assert "authorization" not in (await browser.get("/x")).json()["headers"]


async def test_an_old_access_token_is_refreshed_once_for_many_requests(parts: Parts) -> None:
    cookie = await parts.signed_in(access_until=0.0)
    callers = await asyncio.gather(*(parts.admit(cookie) for _ in range(20)))
    tokens = {caller.token for caller in callers}
    assert len(tokens) == 1
    assert tokens != {parts.first.access}
    assert parts.provider_calls.count("/id/token") == 2, "one for the code, one to refresh"


async def test_a_refresh_that_is_refused_ends_the_session(parts: Parts) -> None:
    cookie = await parts.signed_in(access_until=0.0, refresh="junk")
    assert await parts.admit(cookie) == Caller(session_ended=True)
    assert await parts.sessions.find(cookie) is None


async def test_while_the_provider_is_away_reads_go_on_and_changes_wait(parts: Parts) -> None:
    cookie = await parts.signed_in(access_until=time.time() + 5)
    parts.away = True
    assert (await parts.admit(cookie)).token == parts.first.access, "still good for some seconds"
    cookie = await parts.signed_in(access_until=0.0)
    assert await parts.admit(cookie) == Caller(unsure=True)
    with pytest.raises(Unavailable):
        await parts.admit(cookie, "POST")
    assert await parts.sessions.find(cookie) is not None


async def test_the_table_alone_signs_nobody_in(edge: Edge) -> None:
    async with edge.browser() as browser:
        await sign_in(browser)
        cookie = browser.cookies[SESSION].encode()
        token = (await browser.get("/x")).json()["headers"]["authorization"].removeprefix("Bearer ").encode()
    stored = b"".join(path.read_bytes() for path in (edge.data / "services").glob("gateway.db*"))
    assert cookie not in stored
    assert token not in stored
    assert identity.subject_of("citizen-1").encode() in stored


async def test_junk_tokens_are_refused_at_the_edge(edge: Edge) -> None:
    async with edge.browser() as client:
        for header in ("Bearer x", "Bearer a.b.c", "Basic dXNlcjpwYXNz", "Bearer", "Bearer " + "x" * 9000):
            answer = await client.get("/api/me/v1/profile", headers={"authorization": header})
            assert answer.status_code == 401, header
            assert answer.json()["code"] == "bad_token"
        assert edge.service.calls == []
        token = edge.token()
        good = await client.get("/api/me/v1/profile", headers={"authorization": f"Bearer {token}"})
        assert good.json()["headers"]["authorization"] == f"Bearer {token}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": PUBLIC}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": PUBLIC}, 200),
        ({}, 200),
        ({"referer": f"{PUBLIC}/my"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": PUBLIC}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"{PUBLIC}.evil.example"}, 403),
        ({"referer": "https://evil.example/"}, 403),
    ],
)
async def test_another_sites_page_cannot_make_a_signed_in_browser_change_anything(
    edge: Edge, headers: dict[str, str], status: int
) -> None:
    async with edge.browser() as browser:
        await sign_in(browser)
        before = len(edge.service.calls)
        answer = await browser.post("/api/dossiers/v1/drafts", json={}, headers=headers)
        assert answer.status_code == status
        assert len(edge.service.calls) - before == (status == 200)
        if status == 403:
            assert answer.json()["code"] == "cross_site_request"
        assert (await browser.post("/auth/logout", headers=headers)).status_code == (303 if status == 200 else 403)


async def test_a_program_with_its_own_token_needs_no_origin(edge: Edge) -> None:
    headers = {"authorization": f"Bearer {edge.token()}", "origin": "https://program.example"}
    async with edge.browser() as client:
        assert (await client.post("/api/dossiers/v1/drafts", json={}, headers=headers)).status_code == 200
