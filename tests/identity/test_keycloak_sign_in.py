"""The gateway before a real Keycloak: in by password and by VNeID, on while it is away, out for good."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx
import pytest
from joserfc import jws

from gateway.main import build
from gateway.request import SESSION
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
from kernel.errors import Text, Unavailable
from kernel.web import HttpUpstream, Reply
from motcua.identity import subject_of
from motcua.keycloak import bootstrap
from tests.gateway.conftest import Service
from tests.identity.conftest import PUBLIC, Realm

COOKIE = re.compile(r"^([^=]+)=([^;]*)(?:.*;\s*path=([^;]*))?", re.IGNORECASE)


class Person:
    """A person's browser: the gateway's cookies and, apart, Keycloak's (Secure also at a loopback address)."""

    def __init__(self, gateway: httpx.AsyncClient, keycloak: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self._keycloak = keycloak
        self._kept: dict[tuple[str, str], str] = {}

    async def ask(self, address: str, form: Mapping[str, str] | None = None) -> httpx.Response:
        """Ask Keycloak and follow it, until it answers a page or leads back to the portal."""
        for _ in range(12):
            path = urlsplit(address).path
            cookies = "; ".join(f"{n}={v}" for (at, n), v in self._kept.items() if v and path.startswith(at))
            method = "POST" if form is not None else "GET"
            answer = await self._keycloak.request(method, address, data=form, headers={"cookie": cookies})
            for line in answer.headers.get_list("set-cookie"):
                if found := COOKIE.match(line):
                    self._kept[found[3] or "/", found[1]] = "" if "Max-Age=0" in line else found[2]
            if not answer.is_redirect:
                return answer
            address, form = urljoin(address, answer.headers["location"]), None
            if address.startswith(PUBLIC):
                return answer
        raise AssertionError("sent around for ever")

    async def sign_in(self, name: str, password: str, *, vneid: bool = False) -> httpx.Response:
        """Sign in as a person would; returns the answer of the callback."""
        begun = await self.gateway.get("/auth/login", params={"next": "/my"})
        assert begun.status_code == 303, begun.text
        page = await self.ask(begun.headers["location"])
        if vneid:
            link = re.search(r'href="([^"]*/broker/vneid/login[^"]*)"', page.text)
            assert link, page.text
            page = await self.ask(urljoin(str(page.url), unescape(link[1])))
        action = re.search(r'<form id="kc-form-login"[^>]*action="([^"]+)"', page.text)
        assert action, page.text
        form = {"username": name, "password": password, "credentialId": ""}
        done = await self.ask(unescape(action[1]), form)
        assert done.is_redirect, done.text
        return await self.gateway.get(done.headers["location"])

    async def claims(self) -> dict[str, object]:
        """Return what the token says that services get now."""
        seen = (await self.gateway.get("/my")).json()["headers"]
        return claims_of(seen["authorization"].removeprefix("Bearer "))


def claims_of(token: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(jws.extract_compact(token.encode()).payload)
    return found


class Site:
    """The gateway over a small service; Keycloak can be taken away from it."""

    def __init__(self, realm: Realm, session: aiohttp.ClientSession) -> None:
        self.realm = realm
        self.away = False
        self.asked: list[str] = []
        self._inner = HttpUpstream(realm.plan.url, session)

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        if self.away:
            raise Unavailable("upstream_unavailable", Text("x", "x"))
        self.asked.append(path)
        return await self._inner.request(method, path, headers, body)


@pytest.fixture
def site(realm: Realm, session: aiohttp.ClientSession) -> Site:
    return Site(realm, session)


@pytest.fixture
async def person(site: Site, verifier: Verifier, tmp_path: Path) -> AsyncIterator[Person]:
    service = Service()
    running = await build(
        GatewaySettings(
            data=tmp_path,
            public_url=PUBLIC,
            identity=site.realm.issuer,
            gateway_client_secret=site.realm.plan.gateway_secret,
            gateway_access_log=False,
        ),
        upstreams={"portal": service, "dossiers": service, "identity": site},  # type: ignore[dict-item]
        verifier=verifier,
    )
    transport = httpx.ASGITransport(app=running.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=PUBLIC) as gateway,
        httpx.AsyncClient(timeout=60) as keycloak,
    ):
        yield Person(gateway, keycloak)
    await running.close()


@pytest.fixture
def password(realm: Realm) -> str:
    return str(json.loads(realm.people.read_text())["citizen-1"])


async def test_a_person_signs_in_with_a_password_and_out_again(person: Person, password: str) -> None:
    back = await person.sign_in("citizen-1", password)
    assert (back.status_code, back.headers["location"]) == (303, "/my"), back.text
    claims = await person.claims()
    assert claims["sub"] == subject_of("citizen-1")
    assert claims["roles"] == ["citizen"]
    assert "acr" not in claims
    out = await person.gateway.post("/auth/logout", headers={"origin": PUBLIC})
    assert out.status_code == 200, "a page leads on, since policies of forms would not"
    assert SESSION not in person.gateway.cookies
    ended = await person.ask(out.headers["refresh"].removeprefix("0;url="))
    assert ended.headers["location"] == f"{PUBLIC}/"
    begun = await person.gateway.get("/auth/login")
    assert "kc-form-login" in (await person.ask(begun.headers["location"])).text, "Keycloak's session ended too"


async def test_vneid_leads_to_the_same_person_with_its_level_and_no_questions(person: Person, password: str) -> None:
    back = await person.sign_in("citizen-1", password, vneid=True)
    assert (back.status_code, back.headers["location"]) == (303, "/my"), back.text
    claims = await person.claims()
    assert claims["sub"] == subject_of("citizen-1")
    assert (claims["roles"], claims["acr"]) == (["citizen"], "2")


async def test_whoever_comes_from_vneid_for_the_first_time_is_a_citizen_at_once(
    person: Person, realm: Realm, password: str
) -> None:
    at, subject = f"/{realm.plan.realm}/users", subject_of("citizen-2")
    admin = realm.administration
    await asyncio.to_thread(admin.remove, f"{at}/{subject}/federated-identity/vneid")
    secret = json.loads(realm.people.read_text())["citizen-2"]
    assert (await person.sign_in("citizen-2", secret, vneid=True)).status_code == 303
    claims = await person.claims()
    assert claims["sub"] != subject, "a name that somebody has here is no proof"
    assert (claims["roles"], claims["acr"]) == (["citizen"], "2")
    assert "citizen-2" not in json.dumps(claims)


@pytest.fixture
def short_lived(realm: Realm) -> Iterator[float]:
    """Access tokens of four seconds: the gateway tries to renew them at every request."""
    at = f"/{realm.plan.realm}"
    realm.administration.write(at, realm.administration.read(at) | {"accessTokenLifespan": 4})
    yield 4.0
    bootstrap(realm.plan)


@pytest.mark.usefixtures("short_lived")
async def test_an_old_token_is_refreshed_and_a_session_ended_at_keycloak_ends_here(
    person: Person, realm: Realm, password: str
) -> None:
    await person.sign_in("citizen-1", password)
    first, second = await person.claims(), await person.claims()
    assert first["jti"] != second["jti"] and first["sub"] == second["sub"]
    at = f"/{realm.plan.realm}/users/{subject_of('citizen-1')}/logout"
    await asyncio.to_thread(realm.administration.create, at, {})
    seen = await person.gateway.get("/my")
    assert "authorization" not in seen.json()["headers"]
    assert SESSION not in person.gateway.cookies


async def test_while_keycloak_is_away_the_signed_in_go_on_and_nobody_is_sent_there(
    person: Person, site: Site, password: str, short_lived: float
) -> None:
    await person.sign_in("citizen-1", password)
    asked = len(site.asked)
    site.away = True
    good_until = time.monotonic() + short_lived - 1.5
    while time.monotonic() < good_until:
        assert (await person.claims())["sub"] == subject_of("citizen-1"), "what cannot be renewed is still good"
        await asyncio.sleep(0.2)
    async with asyncio.timeout(30):
        late = await person.gateway.post("/api/dossiers/v1/drafts", json={}, headers={"origin": PUBLIC})
        while late.status_code == 200:
            await asyncio.sleep(0.2)
            late = await person.gateway.post("/api/dossiers/v1/drafts", json={}, headers={"origin": PUBLIC})
    assert (late.status_code, late.json()["code"]) == (503, "identity_unavailable")
    assert SESSION in person.gateway.cookies, "nobody is signed out"
    async with asyncio.timeout(30):
        page = await person.gateway.get("/auth/login", headers={"accept": "text/html"})
        while page.status_code == 303:
            await asyncio.sleep(0.2)
            page = await person.gateway.get("/auth/login", headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "Tạm thời chưa đăng nhập được" in page.text
    assert len(site.asked) == asked
    site.away = False
    assert (await person.claims())["sub"] == subject_of("citizen-1"), "it goes on afterwards"


async def test_keycloak_is_not_reached_through_the_portal(person: Person, site: Site) -> None:
    before = list(site.asked)
    await person.gateway.get("/id/realms/master")
    assert site.asked == before
