"""A fresh realm in the run's Keycloak for each module of tests that asks for it, one module at a time.

A Keycloak holds a person's id once, whatever the realm, so the demo people live in one realm of it.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from kernel.auth import Verifier, jwks_over_http
from kernel.auth_keycloak import Administration
from motcua.cluster.engines import Keycloak
from motcua.keycloak import Plan, bootstrap, keycloak_token
from tests.engines.shared import FOLDER

PUBLIC = "http://127.0.0.1:8123"
SECRET = "only for tests, and long enough to be one"


@dataclass(frozen=True)
class Realm:
    """A realm of a Keycloak as ``motcua identity bootstrap --demo`` makes it."""

    plan: Plan
    people: Path
    said: list[str]

    @property
    def issuer(self) -> str:
        return self.plan.address(self.plan.realm)

    @property
    def administration(self) -> Administration:
        return self.plan.administration()

    def token(self, person: str = "citizen-1") -> str:
        return keycloak_token(self.plan.url, self.plan.realm, person, self.people)


def make_realm(keycloak: Keycloak, folder: Path) -> Realm:
    """Make the realm, and another one for VNeID."""
    name, people = "motcua-tests", folder / "people.json"
    plan = Plan(
        url=keycloak.url,
        admin_password=keycloak.password,
        public_urls=(PUBLIC,),
        gateway_secret=SECRET,
        people=people,
        realm=name,
        vneid_realm=f"{name}-vneid",
    )
    for old in (plan.realm, plan.vneid_realm):
        plan.administration().remove(f"/{old}")
    return Realm(plan, people, bootstrap(plan))


@pytest.fixture(scope="module")
def realm(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with (Path(os.environ[FOLDER]) / "keycloak-realm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield make_realm(keycloak, tmp_path_factory.mktemp("realm"))


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
    await asyncio.sleep(0)


@pytest.fixture
def verifier(realm: Realm, session: aiohttp.ClientSession) -> Verifier:
    return Verifier(issuer=realm.issuer, keys=jwks_over_http(realm.issuer, session))
