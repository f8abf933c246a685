"""The REST door of a service, with tokens of an issuer of its own."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from dossier_service.api import make
from kernel.auth import Verifier
from tests.dossier_service.world import World, world

KEY = ECKey.generate_key("P-256", {"kid": "test", "use": "sig"})
ISSUER = "https://id.test"
BASE = "/api/dossiers/v1"


def token(sub: str, actor: str | None = None, roles: Sequence[str] = ("citizen",), org: str | None = None) -> str:
    """Return a token for ``sub``."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "motcua",
        "sub": sub,
        "roles": list(roles),
        "exp": int(time.time()) + 900,
    }
    if org:
        claims["org"] = org
    if actor:
        claims["act"] = {"sub": actor}
    return jwt.encode({"alg": "ES256", "kid": "test"}, claims, KEY)


async def keys() -> dict[str, Any]:
    return {"keys": [KEY.as_dict(private=False)]}


class Door:
    """A service and clients of it."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.app = make(here.desk, Verifier(issuer=ISSUER, keys=keys))

    def client(self, sub: str | None = None, **headers: str) -> httpx.AsyncClient:
        if sub is not None:
            headers["authorization"] = f"Bearer {token(sub)}"
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=f"http://test{BASE}", headers=headers)


@asynccontextmanager
async def door(folder: Path, **options: Any) -> AsyncIterator[Door]:
    async with world(folder, **options) as here:
        yield Door(here)
