"""The gateway as a client of OpenID Connect: authorization code with PKCE (S256), refresh, end of session.

It speaks to the provider through an ``Upstream``, so the built-in one is called in process and another over HTTP.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from pydantic import SecretStr

from gateway.sessions import Login, Tokens
from kernel.clock import real_now
from kernel.errors import Text, Unavailable
from kernel.web import Reply, Upstream

ALGORITHMS = ["ES256", "RS256"]
DISCOVERY_SECONDS = 3600.0
ALIVE_SECONDS = 5.0
PATIENCE = 6.0
LEEWAY = 30
ENDED = "invalid_grant"

logger = structlog.get_logger()


class SignInRefused(Exception):
    """The provider did not give tokens, or gave some that are not for this sign-in. The reason is for the log."""


class Provider:
    """One OpenID provider and this client of it. ``redirect_uri`` and ``home`` are registered there."""

    def __init__(
        self, upstream: Upstream, *, issuer: str, client_id: str, secret: SecretStr, redirect_uri: str, home: str
    ) -> None:
        self._upstream = upstream
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._redirect_uri = redirect_uri
        self._home = home
        self._document: tuple[float, dict[str, Any]] | None = None
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._lock = asyncio.Lock()

    async def authorize_url(self, *, state: str, login: Login, language: str) -> str:
        """Return the address of the provider's sign-in page. Raises ``Unavailable`` while it is away.

        It is asked whether it is there, so that nobody is sent to a page that does not open.
        """
        document = await self._discovered(ALIVE_SECONDS)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(login.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": login.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        return f"{document['authorization_endpoint']}?{urlencode(query)}"

    async def exchange(self, *, code: str, login: Login) -> tuple[str, Tokens]:
        """Return subject and tokens for ``code``. Raises ``SignInRefused`` or ``Unavailable``."""
        answer = await self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": login.verifier,
            }
        )
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise SignInRefused("no id token")
        claims = await self._checked(id_token, login.nonce)
        return str(claims["sub"]), _tokens(answer, id_token=id_token)

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Return tokens with a new access token.

        Raises ``SignInRefused`` when the session ended there, ``Unavailable`` for anything else: a provider that is
        starting, or does not know this client, is no reason to sign anybody out.
        """
        try:
            answer = await self._token({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        except SignInRefused as refused:
            if str(refused) == ENDED:
                raise
            logger.error("provider_refuses_refresh", reason=str(refused))
            raise away() from None
        id_token = answer.get("id_token")
        latest = id_token if isinstance(id_token, str) else tokens.id_token
        return _tokens(answer, id_token=latest, refresh=tokens.refresh)

    async def end_session_url(self, id_token: str) -> str | None:
        """Return where the browser goes to end the provider's own session, or None if there is no such address."""
        address = (await self._discovered()).get("end_session_endpoint")
        if not address:
            return None
        query = {"id_token_hint": id_token, "post_logout_redirect_uri": self._home, "client_id": self._client_id}
        return f"{address}?{urlencode(query)}"

    async def keys(self) -> dict[str, Any]:
        """Return the provider's JWKS document, in the shape ``kernel.auth.Verifier`` asks for."""
        return await self._get((await self._discovered())["jwks_uri"])

    async def _token(self, form: dict[str, str]) -> dict[str, Any]:
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        secret = self._secret.get_secret_value()
        if secret:
            pair = base64.b64encode(f"{self._client_id}:{secret}".encode()).decode()
            headers["authorization"] = f"Basic {pair}"
        else:
            form = form | {"client_id": self._client_id}
        path = _path((await self._discovered())["token_endpoint"])
        reply = await self._asked("POST", path, headers, urlencode(form).encode())
        answer = _json(reply.body)
        if reply.status == 200 and isinstance(answer.get("access_token"), str):
            return answer
        if reply.status >= 500 or reply.status == 429:
            raise away()
        raise SignInRefused(str(answer.get("error", reply.status))[:60])

    async def _checked(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """Check signature, issuer, audience, nonce and time of an ID token (OpenID Connect Core 3.1.3.7)."""
        try:
            header = jws.extract_compact(id_token.encode("ascii")).headers()
            if header.get("alg") not in ALGORITHMS:
                raise SignInRefused("algorithm of the id token")
            key = await self._key(str(header.get("kid")))
            claims = jwt.decode(id_token, key, algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                now=int(real_now().timestamp()),
                leeway=LEEWAY,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                sub={"essential": True},
                exp={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInRefused(type(error).__name__) from None
        return claims

    async def _key(self, kid: str) -> ECKey | RSAKey:
        if kid not in self._keys:
            found = KeySet.import_key_set(await self.keys())  # type: ignore[arg-type]  # checked by import_key_set
            self._keys = {str(key.kid): key for key in found.keys if isinstance(key, ECKey | RSAKey)}
        if kid not in self._keys:
            raise SignInRefused("key of the id token")
        return self._keys[kid]

    async def _discovered(self, seconds: float = DISCOVERY_SECONDS) -> dict[str, Any]:
        """Return the discovery document, not older than ``seconds``."""
        async with self._lock:
            if self._document is None or time.monotonic() - self._document[0] > seconds:
                document = await self._get(self._issuer + "/.well-known/openid-configuration")
                if document.get("issuer") != self._issuer:
                    logger.error("provider_is_another_issuer", wanted=self._issuer, found=str(document.get("issuer")))
                    raise away()
                self._document = (time.monotonic(), document)
            return self._document[1]

    async def _get(self, address: str) -> dict[str, Any]:
        reply = await self._asked("GET", _path(address), {"accept": "application/json"})
        if reply.status != 200:
            raise away()
        return _json(reply.body)

    async def _asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._upstream.request(method, path, headers, body)
        except (Unavailable, TimeoutError):
            raise away() from None


def _tokens(answer: Mapping[str, Any], *, id_token: str, refresh: str = "") -> Tokens:
    lifetime = answer.get("expires_in", 60)
    seconds = float(lifetime) if isinstance(lifetime, int | float) else 60.0
    return Tokens(
        access=str(answer["access_token"]),
        refresh=str(answer.get("refresh_token") or refresh),
        id_token=id_token,
        access_until=real_now().timestamp() + seconds,
    )


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def away() -> Unavailable:
    """Return the error for a provider that cannot be asked now."""
    return Unavailable(
        "identity_unavailable",
        Text(
            "Tạm thời chưa đăng nhập được. Bạn thử lại sau ít phút.",
            "Signing in does not work for the moment. Try again in a few minutes.",
        ),
        retry_after=10,
    )
