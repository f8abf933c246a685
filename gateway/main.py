"""Wiring of the gateway."""

from collections.abc import Awaitable, Callable, Mapping

from gateway.access import Access
from gateway.app import Gateway
from gateway.cache import Cache
from gateway.documents import Documents
from gateway.guard import Guard
from gateway.limits import Limiter
from gateway.oidc import Provider
from gateway.proxy import Calls
from gateway.routes import Routes
from gateway.sessions import METADATA, Sessions
from gateway.settings import GatewaySettings
from gateway.signin import SignIn
from kernel.auth import Verifier
from kernel.db import Database
from kernel.web import Running, Upstream

Ready = Callable[[], Awaitable[bool]]


async def build(
    settings: GatewaySettings,
    *,
    upstreams: Mapping[str, Upstream],
    verifier: Verifier,
    ready: Ready | None = None,
) -> Running:
    """Return the edge in front of ``upstreams``.

    Keys of ``upstreams``: search, catalog, dossiers, citizen, exchange, offices, identity, dev, portal; those left
    out do not exist here. ``identity`` is always needed: the provider is spoken to through it. ``ready`` tells
    whether the whole installation is ready, for the public /readyz.
    """
    database = await Database.open(settings.database_url("gateway"), METADATA)
    sessions = Sessions(database, idle=settings.gateway_idle, absolute=settings.gateway_absolute)
    public_url = settings.public_url.rstrip("/")
    provider, limiter = provider_of(settings, upstreams["identity"]), limiter_of(settings)
    outside = bool(settings.identity)  # a provider with an address of its own is not reached through this one
    routes = Routes({name: each for name, each in upstreams.items() if name != "identity" or not outside})
    calls = Calls(upstreams, settings)
    access = Access(log=settings.gateway_access_log)
    cache = Cache(
        limit=settings.gateway_cache_bytes,
        entry_limit=settings.gateway_cache_entry_bytes,
        stale=settings.gateway_stale_seconds,
        secure=settings.secure,
    )

    async def parts() -> dict[str, bool]:
        async with database.read():
            return {"sessions": True}

    async def all_ready() -> bool:
        return await ready() if ready is not None else all((await parts()).values())

    app = Gateway(
        settings=settings,
        routes=routes,
        calls=calls,
        cache=cache,
        guard=Guard(sessions=sessions, provider=provider, verifier=verifier, limiter=limiter, public_url=public_url),
        signin=SignIn(sessions=sessions, provider=provider, public_url=public_url, secure=settings.secure),
        documents=Documents(routes, calls, public_url=public_url),
        access=access,
        ready=all_ready,
    )
    return Running("gateway", app, (sessions.run, access.run), parts, database.close)


def provider_of(settings: GatewaySettings, upstream: Upstream) -> Provider:
    """Return this site as a client of its OpenID provider."""
    public_url = settings.public_url.rstrip("/")
    return Provider(
        upstream,
        issuer=settings.issuer,
        client_id=settings.gateway_client_id,
        secret=settings.gateway_client_secret,
        redirect_uri=f"{public_url}/auth/callback",
        home=f"{public_url}/",
    )


def limiter_of(settings: GatewaySettings) -> Limiter:
    """Return the limits of the settings."""
    rates = {
        "anonymous": settings.gateway_limit_anonymous,
        "person": settings.gateway_limit_person,
        "program": settings.gateway_limit_program,
        "lookup": settings.gateway_limit_lookup,
        "sign_in": settings.gateway_limit_sign_in,
    }
    return Limiter(rates, trusted_proxies=settings.gateway_trusted_proxies)
