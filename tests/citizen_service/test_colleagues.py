"""Acting for an organisation: its name and who acts, nothing private; and who else works there."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from joserfc import jwt

from citizen_service import usecases
from citizen_service.api import make_api
from citizen_service.model import Profile
from kernel.auth import Verifier
from tests.citizen_service.conftest import Room, profile
from tests.citizen_service.test_api import KEY, keys

FIRM, FIRM_NAME = "org-gom", "Công ty Gốm (bản demo)"


def of_the_firm(owner: str, name: str) -> Profile:
    return replace(profile(owner), name=name, org=FIRM, org_name=FIRM_NAME)


@pytest.fixture
async def client(room: Room) -> AsyncIterator[httpx.AsyncClient]:
    people = [of_the_firm("director", "Khải"), of_the_firm("accountant", "Hòa")]
    await usecases.seed_profiles(database=room.database, profiles=[*people, profile("other")])
    app = make_api(database=room.database, clock=room.clock, verifier=Verifier(issuer="i", keys=keys))
    claims = {"iss": "i", "aud": "motcua", "sub": "accountant", "org": "org-gom", "exp": int(time.time()) + 600}
    bearer = f"Bearer {jwt.encode({'alg': 'ES256', 'kid': 'k'}, claims, KEY)}"
    transport, base = httpx.ASGITransport(app=app), "http://x/api/me/v1"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers={"authorization": bearer}) as client:
        yield client


async def test_a_profile_at_work_has_who_acts_and_for_whom_and_nothing_private(client: httpx.AsyncClient) -> None:
    found = (await client.get("/profile", headers={"acting-for": "org-gom"})).json()
    assert (found["sub"], found["name"], found["org_name"]) == ("org:org-gom", "Hòa", FIRM_NAME)
    private = ("id_number", "birth_date", "ward", "address", "phone", "email", "gender", "nationality")
    assert [found[name] for name in private] == [None] * len(private)
    assert (await client.get("/profile")).json()["id_number"]


async def test_colleagues_are_named_to_who_acts_for_the_same_organisation(client: httpx.AsyncClient) -> None:
    named = (await client.get("/colleagues", headers={"acting-for": "org-gom"})).json()
    assert named == [{"sub": "accountant", "name": "Hòa"}, {"sub": "director", "name": "Khải"}]
    assert (await client.get("/colleagues")).json()["code"] == "no_organisation"
    assert (await client.get("/colleagues", headers={"acting-for": "org-khac"})).status_code == 403


async def test_the_inbox_and_the_wishes_of_the_organisation_are_its_own(client: httpx.AsyncClient) -> None:
    acting = {"acting-for": "org-gom"}
    assert (await client.get("/notices", headers=acting)).json()["results"] == []
    wish = {"language": "en", "channels": []}
    assert (await client.put("/preferences", json=wish, headers=acting)).status_code == 200
    assert (await client.get("/preferences", headers=acting)).json()["language"] == "en"
    assert (await client.get("/preferences")).json()["language"] == "vi"
