"""What people see while the provider or the session table is away."""

from datetime import timedelta

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.main import build
from gateway.request import SESSION
from gateway.sessions import METADATA, Sessions, Tokens
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
from kernel.db import Database
from kernel.web import AsgiUpstream
from tests.gateway.conftest import PUBLIC, Edge, Service


async def test_sign_in_says_that_the_provider_is_away(edge: Edge) -> None:
    provider = Service()
    provider.away = True
    running = await build(
        GatewaySettings(data=edge.data / "two", public_url=PUBLIC, gateway_access_log=False),
        upstreams={"portal": edge.service, "identity": AsgiUpstream(provider.app)},
        verifier=Verifier(issuer=f"{PUBLIC}/id", keys=edge.provider.jwks),
    )
    try:
        transport = httpx.ASGITransport(app=running.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
            page = await browser.get("/auth/login?next=/my", headers={"accept": "text/html"})
            assert page.status_code == 503
            assert "Những gì bạn đã lưu vẫn còn" in page.text
            assert int(page.headers["retry-after"]) > 0
            assert (await browser.get("/x")).status_code == 200, "what needs no sign-in goes on"
    finally:
        await running.close()


async def test_a_service_that_this_installation_does_not_have_is_not_found(edge: Edge) -> None:
    running = await build(
        GatewaySettings(data=edge.data / "three", public_url=PUBLIC, gateway_access_log=False),
        upstreams={"identity": AsgiUpstream(edge.provider.app)},
        verifier=Verifier(issuer=f"{PUBLIC}/id", keys=edge.provider.jwks),
    )
    try:
        upstream = AsgiUpstream(running.app)
        for path in ("/dev/outbox", "/api/search/v1/query", "/"):
            assert (await upstream.request("GET", path, {})).status == 404
    finally:
        await running.close()


async def test_a_signed_in_person_is_not_told_to_sign_in_while_nobody_can(edge: Edge) -> None:
    async def closed(_request: Request) -> Response:
        return JSONResponse({"code": "sign_in_needed"}, status_code=401)

    settings = GatewaySettings(data=edge.data / "four", public_url=PUBLIC, gateway_access_log=False)
    running = await build(
        settings,
        upstreams={
            "portal": edge.service,
            "dossiers": AsgiUpstream(Starlette(routes=[Route("/{rest:path}", closed)])),
            "identity": AsgiUpstream(Service().app),  # answers, but is no provider
        },
        verifier=Verifier(issuer=f"{PUBLIC}/id", keys=edge.provider.jwks),
    )
    database = await Database.open(settings.database_url("gateway"), METADATA)
    try:
        sessions = Sessions(database, idle=timedelta(minutes=30), absolute=timedelta(hours=12))
        cookie = await sessions.begin(subject="p-1", tokens=Tokens("old", "refresh", "id", 0.0))
        transport = httpx.ASGITransport(app=running.app)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as browser:
            browser.cookies.set(SESSION, cookie)
            mine = await browser.get("/api/dossiers/v1/dossiers")
            assert (mine.status_code, mine.json()["code"]) == (503, "identity_unavailable")
            assert (await browser.get("/x")).status_code == 200, "what is public stays readable"
        assert await sessions.find(cookie) is not None
    finally:
        await database.close()
        await running.close()
