"""What people see while the provider or the session table is away."""

import httpx

from gateway.main import build
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
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
