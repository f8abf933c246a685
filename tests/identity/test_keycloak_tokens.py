"""Tokens that a real Keycloak made, checked as services check them: offline, by its published keys."""

import json
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
import pytest
from joserfc import jws

from kernel import auth
from kernel.auth import Principal, Verifier, jwks_over_http
from kernel.errors import Unauthenticated, Unavailable
from motcua.identity import PEOPLE
from motcua.keycloak import retire, rotate
from tests.identity.conftest import Realm


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = jws.extract_compact(token.encode())
    return found.headers(), json.loads(found.payload)


def test_claims_are_ours_and_nothing_personal(realm: Realm) -> None:
    standing = {"exp", "iat", "jti", "iss", "aud", "sub", "typ", "azp", "sid", "scope", "roles"}
    for person in PEOPLE:
        header, claims = read(realm.token(person.key))
        places = {name for name in ("participant", "office", "org") if getattr(person, name)}
        assert set(claims) == standing | places
        assert header["alg"] == "ES256"
        assert (claims["sub"], claims["aud"], claims["iss"]) == (person.subject, "motcua", realm.issuer)
        assert sorted(claims["roles"]) == sorted(person.roles)
        assert {name: claims[name] for name in places} == {name: getattr(person, name) for name in places}
        assert claims["exp"] - claims["iat"] == 12 * 3600
        everything = json.dumps(claims, ensure_ascii=False)
        assert not any(word in everything for word in (person.name, person.id_number, person.email, person.key))


async def test_a_service_reads_the_same_person_as_from_the_built_in_provider(realm: Realm, verifier: Verifier) -> None:
    for person in PEOPLE:
        found = await verifier.verify(realm.token(person.key))
        assert found == Principal(
            person.subject, frozenset(person.roles), person.participant, person.office, person.org, None, None
        )


async def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        await verifier.verify(token)
    return error.value.code


async def test_other_tokens_of_the_same_keycloak_are_refused(
    realm: Realm, verifier: Verifier, session: aiohttp.ClientSession
) -> None:
    url, admin = realm.plan.url, realm.plan.admin_password
    password = json.loads(realm.people.read_text())["citizen-1"]
    form = {"grant_type": "password", "username": "citizen-1", "password": password, "scope": "openid"}
    door = f"{realm.issuer}/protocol/openid-connect/token"
    operator = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": admin}
    async with httpx.AsyncClient() as client:
        answer = await client.post(door, data=form | {"client_id": "motcua-token"})
        command = await client.post(door, data=form | {"client_id": "admin-cli"})
        master = await client.post(f"{url}/realms/master/protocol/openid-connect/token", data=operator)
    given = answer.json()
    assert (await verifier.verify(given["access_token"])).sub == PEOPLE[0].subject
    assert await refused(verifier, given["id_token"]) == "bad_token"
    assert "refresh_token" not in given
    assert await refused(verifier, command.json()["access_token"]) == "bad_token", "made for another audience"
    assert await refused(verifier, master.json()["access_token"]) == "bad_token", "another realm"
    other = Verifier(issuer=f"{url}/realms/x", keys=jwks_over_http(realm.issuer, session))
    assert await refused(other, given["access_token"]) == "bad_token"
    head, body, signature = given["access_token"].split(".")
    assert await refused(verifier, f"{head}.{body}x.{signature}") == "bad_token"


async def test_a_key_is_changed_without_signing_anybody_out_and_withdrawn_when_it_must_be(
    realm: Realm, verifier: Verifier
) -> None:
    old = realm.token()
    assert (await verifier.verify(old)).sub == PEOPLE[0].subject
    assert rotate(realm.administration, realm.plan.realm)
    new = realm.token()
    assert read(old)[0]["kid"] != read(new)[0]["kid"]
    assert await refused(verifier, new) == "bad_token", "keys are asked for once a minute"
    verifier._fetched -= auth.REFETCH + 1
    assert (await verifier.verify(new)).sub == PEOPLE[0].subject, "the new key is found"
    assert (await verifier.verify(old)).sub == PEOPLE[0].subject, "what the old one signed goes on"
    assert retire(realm.administration, realm.plan.realm)
    assert (await verifier.verify(old)).sub == PEOPLE[0].subject, "until the keys are read again"
    verifier._due = 0.0
    assert await refused(verifier, old) == "bad_token"
    assert (await verifier.verify(new)).sub == PEOPLE[0].subject


async def test_known_keys_go_on_while_keycloak_is_away(realm: Realm, session: aiohttp.ClientSession) -> None:
    away = False
    read_keys = jwks_over_http(realm.issuer, session)
    nowhere = jwks_over_http(realm.issuer, session, inside="http://127.0.0.1:1")
    verifier = Verifier(issuer=realm.issuer, keys=lambda: nowhere() if away else read_keys())
    first, second = realm.token(), realm.token("citizen-2")
    assert await verifier.ready() == {"keys": False}
    await verifier.verify(first)
    assert await verifier.ready() == {"keys": True}
    away = True
    verifier._due = 0.0
    assert (await verifier.verify(second)).sub == PEOPLE[1].subject, "a token it never saw, by the keys it has"
    assert await verifier.ready() == {"keys": True}


async def test_whoever_starts_while_keycloak_is_away_says_so(realm: Realm, session: aiohttp.ClientSession) -> None:
    verifier = Verifier(issuer=realm.issuer, keys=jwks_over_http(realm.issuer, session, inside="http://127.0.0.1:1"))
    with pytest.raises(Unavailable):
        await verifier.verify(realm.token())
    assert await verifier.ready() == {"keys": False}


async def test_keys_of_another_issuer_are_not_taken(realm: Realm, session: aiohttp.ClientSession) -> None:
    other = replace(realm.plan, browser_url="http://localhost:1").address(realm.plan.realm)
    with pytest.raises(ConnectionError, match="another one"):
        await jwks_over_http(other, session, inside=realm.plan.url)()
