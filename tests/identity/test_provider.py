"""The provider as a client of OpenID Connect meets it."""

import base64
import hashlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from motcua.identity import PEOPLE, build, issue_token, subject_of
from motcua.identity.keys import load_key

PUBLIC = "http://127.0.0.1:8123"
VERIFIER = "v" * 64


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query(**changes: str | None) -> str:
    parameters = {
        "response_type": "code",
        "client_id": "motcua-gateway",
        "redirect_uri": f"{PUBLIC}/auth/callback",
        "scope": "openid",
        "state": "s-1",
        "nonce": "n-1",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
    } | changes
    return urlencode({name: value for name, value in parameters.items() if value is not None})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = build(data=tmp_path, public_url=PUBLIC).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=PUBLIC) as client:
        yield client


async def code_for(client: httpx.AsyncClient, person: str = "citizen-1", **changes: str | None) -> str:
    answer = await client.post(f"/id/authorize?{query(**changes)}", data={"person": person})
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def exchange(client: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": "motcua-gateway",
        "code": code,
        "redirect_uri": f"{PUBLIC}/auth/callback",
        "code_verifier": VERIFIER,
    } | changes
    return await client.post("/id/token", data={name: value for name, value in form.items() if value})


async def test_discovery_names_every_address_and_only_s256(client: httpx.AsyncClient) -> None:
    document = (await client.get("/id/.well-known/openid-configuration")).json()
    assert document["issuer"] == f"{PUBLIC}/id"
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["response_types_supported"] == ["code"]


async def test_the_sign_in_page_lists_the_people_without_any_script(client: httpx.AsyncClient) -> None:
    page = await client.get(f"/id/authorize?{query()}")
    assert page.status_code == 200
    assert "BẢN DEMO" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for person in PEOPLE:
        assert f'value="{person.key}"' in page.text
    english = await client.get(f"/id/authorize?{query()}", headers={"accept-language": "en"})
    assert "DEMO. These people do not exist." in english.text


async def test_a_code_gives_tokens_whose_claims_hold_nothing_personal(client: httpx.AsyncClient) -> None:
    answer = await exchange(client, await code_for(client, "officer-1"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    keys = KeySet.import_key_set((await client.get("/id/jwks")).json())
    assert "d" not in (await client.get("/id/jwks")).json()["keys"][0]
    access = jwt.decode(answer.json()["access_token"], keys, algorithms=["ES256"])
    assert access.header["typ"] == "at+jwt"
    assert access.claims["iss"] == f"{PUBLIC}/id"
    assert access.claims["aud"] == "motcua"
    assert access.claims["sub"] == subject_of("officer-1")
    assert access.claims["roles"] == ["officer"]
    assert access.claims["participant"] == "H26"
    assert access.claims["exp"] - access.claims["iat"] == 15 * 60
    ident = jwt.decode(answer.json()["id_token"], keys, algorithms=["ES256"])
    assert ident.claims["nonce"] == "n-1"
    assert ident.claims["aud"] == "motcua-gateway"
    everything = json.dumps([access.claims, ident.claims], ensure_ascii=False)
    for person in PEOPLE:
        assert person.name not in everything
        assert person.id_number not in everything
        assert person.key not in everything


async def test_a_code_works_once_and_its_second_use_ends_the_session(client: httpx.AsyncClient) -> None:
    code = await code_for(client)
    first = await exchange(client, code)
    assert first.status_code == 200
    refresh = {
        "grant_type": "refresh_token",
        "client_id": "motcua-gateway",
        "refresh_token": first.json()["refresh_token"],
    }
    assert (await client.post("/id/token", data=refresh)).status_code == 200
    second = await exchange(client, code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert (await client.post("/id/token", data=refresh)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("verifier", ["", "w" * 64, "short", challenge()])
async def test_a_wrong_or_missing_verifier_is_refused_and_burns_the_code(
    client: httpx.AsyncClient, verifier: str
) -> None:
    code = await code_for(client)
    refused = await exchange(client, code, code_verifier=verifier)
    assert refused.status_code == 400
    assert refused.json()["error"] in {"invalid_grant", "invalid_request"}
    assert (await exchange(client, code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "x"},
        {"nonce": None},
        {"scope": "openid admin"},
        {"scope": None},
    ],
)
async def test_a_request_without_s256_nonce_or_scope_goes_back_with_an_error(
    client: httpx.AsyncClient, changes: dict[str, str | None]
) -> None:
    answer = await client.get(f"/id/authorize?{query(**changes)}")
    assert answer.status_code == 303
    location = urlsplit(answer.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == f"{PUBLIC}/auth/callback"
    parameters = parse_qs(location.query)
    assert "error" in parameters
    assert parameters["state"] == ["s-1"]
    assert "code" not in parameters


@pytest.mark.parametrize(
    "redirect",
    [
        None,
        "https://evil.example/auth/callback",
        f"{PUBLIC}/auth/callback/",
        f"{PUBLIC}/auth/callback?x=1",
        f"{PUBLIC}/auth/callback/../../x",
        f"{PUBLIC}@evil.example/auth/callback",
        "javascript:alert(1)",
    ],
)
async def test_only_the_exact_address_is_redirected_to(client: httpx.AsyncClient, redirect: str | None) -> None:
    for method in ("GET", "POST"):
        answer = await client.request(method, f"/id/authorize?{query(redirect_uri=redirect)}", data=None)
        assert answer.status_code == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"response_type": "token"}, {"response_type": None}])
async def test_an_unknown_client_or_flow_gets_no_code(
    client: httpx.AsyncClient, changes: dict[str, str | None]
) -> None:
    answer = await client.post(f"/id/authorize?{query(**changes)}", data={"person": "citizen-1"})
    assert answer.status_code in (303, 400)
    assert "code=" not in answer.headers.get("location", "")


async def test_repeated_parameters_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/id/authorize?{query()}&redirect_uri=https%3A%2F%2Fevil.example")
    assert answer.status_code == 400


async def test_choosing_nobody_goes_back_with_access_denied(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/id/authorize?{query()}", data={"person": ""})
    assert "error=access_denied" in answer.headers["location"]
    assert "state=s-1" in answer.headers["location"]


async def test_an_unknown_person_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/id/authorize?{query()}", data={"person": "root"})
    assert answer.status_code == 400


async def test_an_access_token_is_no_refresh_token(client: httpx.AsyncClient) -> None:
    tokens = (await exchange(client, await code_for(client))).json()
    form = {"grant_type": "refresh_token", "client_id": "motcua-gateway", "refresh_token": tokens["access_token"]}
    assert (await client.post("/id/token", data=form)).json()["error"] == "invalid_grant"


async def test_nonsense_is_a_clear_refusal_never_a_crash(client: httpx.AsyncClient) -> None:
    for body in (b"", b"\xff\xfe", b"grant_type=password", b"a=" + b"b" * 20_000, b"grant_type=refresh_token"):
        answer = await client.post("/id/token", content=body)
        assert answer.status_code in (400, 401)
        assert answer.json()["error"]
    assert (await client.get("/id/authorize")).status_code == 400


async def test_the_end_of_a_session_stops_refreshing(client: httpx.AsyncClient) -> None:
    tokens = (await exchange(client, await code_for(client))).json()
    ended = await client.get(
        "/id/end_session",
        params={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": f"{PUBLIC}/", "state": "z"},
    )
    assert ended.headers["location"] == f"{PUBLIC}/?state=z"
    form = {"grant_type": "refresh_token", "client_id": "motcua-gateway", "refresh_token": tokens["refresh_token"]}
    assert (await client.post("/id/token", data=form)).json()["error"] == "invalid_grant"
    away = await client.get(
        "/id/end_session",
        params={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://evil.example/"},
    )
    assert "location" not in away.headers


async def test_the_key_stays_and_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = await build(data=tmp_path, public_url=PUBLIC).jwks()
    second = await build(data=tmp_path, public_url=PUBLIC).jwks()
    assert first == second
    assert stat.S_IMODE((tmp_path / "identity" / "key.pem").stat().st_mode) == 0o600


async def test_a_token_for_programs_lasts_twelve_hours_and_can_name_a_helper(tmp_path: Path) -> None:
    keys = KeySet([load_key(tmp_path)])
    token = issue_token(tmp_path, PUBLIC, "helper-1", acting_for="citizen-2")
    claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
    assert claims["exp"] - claims["iat"] == 12 * 3600
    assert claims["sub"] == subject_of("citizen-2")
    assert claims["act"] == {"sub": subject_of("helper-1")}
    with pytest.raises(KeyError):
        issue_token(tmp_path, PUBLIC, "nobody")
