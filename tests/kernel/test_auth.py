"""Tokens: only the issuer's own, for us, in time, signed with its public keys."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from kernel import auth
from kernel.auth import MaybeSignedIn, Principal, SignedIn, Verifier, require_role
from kernel.clock import real_now
from kernel.errors import Forbidden, Unauthenticated, Unavailable
from kernel.web import AsgiUpstream, make_app

ISSUER = "http://127.0.0.1:8000/id"
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec-1"})


def claims(**changes: object) -> dict[str, Any]:
    now = int(real_now().timestamp())
    good = {"iss": ISSUER, "aud": "motcua", "sub": "p-17", "iat": now, "exp": now + 900, "roles": ["citizen"]}
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def token(key: ECKey | RSAKey | OctKey = EC, alg: str = "ES256", kid: str | None = "ec-1", **changes: object) -> str:
    header = {"alg": alg, "kid": kid} if kid else {"alg": alg}
    return jwt.encode(header, claims(**changes), key, algorithms=[alg])


class Issuer:
    def __init__(self) -> None:
        self.keys: list[ECKey | RSAKey] = [EC, RSA]
        self.asked = 0
        self.away = False

    async def jwks(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.away:
            raise ConnectionError
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(issuer=ISSUER, keys=issuer.jwks)


async def refused(verifier: Verifier, text: str) -> str:
    with pytest.raises(Unauthenticated) as error:
        await verifier.verify(text)
    return error.value.code


async def test_a_good_token_says_who_acts_for_whom(verifier: Verifier) -> None:
    found = await verifier.verify(
        token(
            roles=["helper", "officer"], participant="H26", office="H26.00004", org="o-1", act={"sub": "h-1"}, acr="2"
        )
    )
    assert found == Principal("p-17", frozenset({"helper", "officer"}), "H26", "H26.00004", "o-1", "h-1", "2")
    plain = await verifier.verify(token(roles=None))
    assert plain == Principal("p-17")


async def test_both_algorithms_are_taken_and_a_list_of_audiences(verifier: Verifier) -> None:
    assert (await verifier.verify(token(RSA, "RS256", "rsa-1"))).sub == "p-17"
    assert (await verifier.verify(token(aud=["account", "motcua"]))).sub == "p-17"


async def test_tokens_without_a_real_signature_are_refused(verifier: Verifier) -> None:
    def unsigned(header: dict[str, str]) -> str:
        parts = [json.dumps(part).encode() for part in (header, claims())]
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."

    assert await refused(verifier, unsigned({"alg": "none", "kid": "ec-1"})) == "bad_token"
    assert await refused(verifier, unsigned({"alg": "ES256", "kid": "ec-1"})) == "bad_token"
    public = OctKey.import_key(RSA.as_pem(private=False).hex())
    assert await refused(verifier, token(public, "HS256", "rsa-1")) == "bad_token"
    assert await refused(verifier, token(STRANGER)) == "bad_token"
    assert await refused(verifier, token(RSA, "PS256", "rsa-1")) == "bad_token"
    assert await refused(verifier, token(RSA, "RS256", "ec-1")) == "bad_token"
    head, _, signature = token().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(sub="p-1")).encode()).rstrip(b"=").decode()
    assert await refused(verifier, f"{head}.{forged}.{signature}") == "bad_token"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "account"},
        {"aud": ["a", "b"]},
        {"aud": None},
        {"aud": 7},
        {"iss": "http://evil/id"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": None},
        {"exp": True},
        {"exp": 1e300},
        {"roles": "operator"},
        {"nbf": 9999999999},
    ],
)
async def test_tokens_for_others_or_without_their_claims_are_refused(
    verifier: Verifier, changes: dict[str, object]
) -> None:
    now = int(real_now().timestamp())
    text = jwt.encode(
        {"alg": "ES256", "kid": "ec-1"},
        {
            key: value
            for key, value in (
                {"iss": ISSUER, "aud": "motcua", "sub": "p-17", "exp": now + 900, "roles": []} | changes
            ).items()
            if value is not None
        },
        EC,
    )
    assert await refused(verifier, text) == "bad_token"


async def test_an_expired_token_has_thirty_seconds(verifier: Verifier) -> None:
    now = int(real_now().timestamp())
    assert (await verifier.verify(token(exp=now - 20))).sub == "p-17"
    assert await refused(verifier, token(exp=now - 40)) == "token_expired"


async def test_a_token_without_or_with_an_unknown_key_is_refused_and_asks_once_a_minute(
    verifier: Verifier, issuer: Issuer
) -> None:
    assert await refused(verifier, token(kid=None)) == "bad_token"
    assert issuer.asked == 0
    for n in range(20):
        assert await refused(verifier, token(kid=f"new-{n}")) == "bad_token"
    assert issuer.asked == 1


async def test_a_new_key_is_found_when_the_minute_has_passed(issuer: Issuer, verifier: Verifier) -> None:
    issuer.keys = [RSA]
    assert await refused(verifier, token()) == "bad_token"
    issuer.keys = [RSA, EC]
    assert await refused(verifier, token()) == "bad_token"
    assert verifier._fetched is not None
    verifier._fetched -= auth.REFETCH + 1
    assert (await verifier.verify(token())).sub == "p-17"


async def test_an_issuer_that_is_away_is_no_fault_of_the_caller(issuer: Issuer, verifier: Verifier) -> None:
    issuer.away = True
    with pytest.raises(Unavailable):
        await verifier.verify(token())
    issuer.away = False
    assert (await verifier.verify(token())).sub == "p-17"
    issuer.away = True
    assert (await verifier.verify(token(sub="p-18"))).sub == "p-18"


async def test_a_withdrawn_key_is_refused_when_the_keys_are_read_again(issuer: Issuer, verifier: Verifier) -> None:
    text = token()
    assert (await verifier.verify(text)).sub == "p-17"
    issuer.keys = [RSA]
    assert (await verifier.verify(text)).sub == "p-17"
    verifier._due = 0.0
    assert await refused(verifier, text) == "bad_token"
    assert (await verifier.verify(token(RSA, "RS256", "rsa-1"))).sub == "p-17"


async def test_keys_are_read_in_the_background_and_readiness_says_whether_they_were(
    issuer: Issuer, verifier: Verifier
) -> None:
    issuer.away = True
    looking = asyncio.create_task(verifier.run())
    try:
        async with asyncio.timeout(30):
            while not issuer.asked:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await verifier.ready() == {"keys": False}
            issuer.away = False
            while not (await verifier.ready())["keys"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        looking.cancel()
    issuer.away = True
    assert (await verifier.verify(token())).sub == "p-17"


async def test_many_who_wait_for_an_issuer_that_is_away_ask_it_together(issuer: Issuer) -> None:
    async def slowly() -> Mapping[str, Any]:
        issuer.asked += 1
        await asyncio.sleep(0.05)
        raise ConnectionError

    verifier = Verifier(issuer=ISSUER, keys=slowly)
    answers = await asyncio.gather(*(verifier.verify(token()) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in answers)
    assert issuer.asked == 1


@given(st.text(max_size=200) | st.lists(st.text('ab{}":,eyJ0=-_', max_size=40), max_size=6).map(".".join))
async def test_no_text_breaks_the_check(text: str) -> None:
    verifier = Verifier(issuer=ISSUER, keys=Issuer().jwks)
    with pytest.raises(Unauthenticated):
        await verifier.verify(text)


async def test_a_token_as_long_as_a_book_is_refused(verifier: Verifier) -> None:
    assert await refused(verifier, "e" * 100_000) == "bad_token"


def test_a_role_is_needed_where_one_is_asked_for() -> None:
    officer = Principal("p-1", frozenset({"officer"}))
    require_role(officer, "province_admin", "officer")
    with pytest.raises(Forbidden) as error:
        require_role(officer, "operator")
    assert error.value.code == "role_needed"


async def test_the_doors_take_a_bearer_token(verifier: Verifier) -> None:
    app: FastAPI = make_app(title="doors")
    app.state.verifier = verifier

    @app.get("/mine")
    async def mine(principal: SignedIn) -> str:
        return principal.sub

    @app.get("/any")
    async def anyone(principal: MaybeSignedIn) -> str | None:
        return principal.sub if principal else None

    door = AsgiUpstream(app)
    bearer = {"authorization": f"Bearer {token()}"}
    assert (await door.request("GET", "/mine", bearer)).body == b'"p-17"'
    assert (await door.request("GET", "/any", {})).body == b"null"
    without = await door.request("GET", "/mine", {})
    assert (without.status, without.headers["www-authenticate"]) == (401, "Bearer")
    assert json.loads(without.body)["code"] == "sign_in_needed"
    for bad in ("Bearer x", "Basic abc", "Bearer", f"Bearer {token(aud='x')}"):
        assert (await door.request("GET", "/any", {"authorization": bad})).status == 401
