"""Authlib's authorization server with the demo's people, codes and tokens.

Codes live 60 seconds in memory and are taken away by the first attempt to use them, good or bad. A second attempt
with the same code ends the session that the first one began (RFC 6749, 4.1.2).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import OAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc.jwk import ECKey

from kernel.clock import real_now
from motcua.identity import tokens
from motcua.identity.keys import public_keys
from motcua.identity.people import BY_SUBJECT, Person

CODE_LIFETIME = timedelta(seconds=60)
SCOPE = "openid"


class Payload(OAuth2Payload):  # type: ignore[misc]
    """Parameters of one request, repeated ones kept so that they can be refused."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._lists: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lists.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        """The first value of each parameter."""
        return {name: values[0] for name, values in self._lists.items()}

    @property
    def datalist(self) -> dict[str, list[str]]:
        """All values of each parameter."""
        return self._lists


class ProviderRequest(OAuth2Request):  # type: ignore[misc]
    """One request as Authlib reads it.

    The provider is reached inside the gateway's process, so the address it sees is the loopback's, whatever the
    public address is; that cookies and redirects use https is the gateway's matter.
    """

    def __init__(self, method: str, text: str, headers: Mapping[str, str]) -> None:
        super().__init__(method, "http://127.0.0.1/", headers=dict(headers))
        self.payload = Payload(parse_qsl(text, keep_blank_values=True, max_num_fields=50))

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a form that was posted."""
        return dict(self.payload.data)


@dataclass(frozen=True)
class Client:
    """The one client: the gateway, a public client that proves itself with PKCE."""

    client_id: str
    redirect_uri: str
    home: str
    id_token_signed_response_alg: str = "ES256"

    @property
    def client_metadata(self) -> dict[str, object]:
        """What Authlib's end-of-session address reads."""
        return {"post_logout_redirect_uris": [self.home]}

    def get_client_id(self) -> str:
        """Return the client's name."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return nothing: the address must be in the request."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope if it is the one there is, else None (refused)."""
        return SCOPE if scope and set(scope.split()) == {SCOPE} else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether the address is exactly the registered one."""
        return redirect_uri == self.redirect_uri

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may prove itself this way."""
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether the client may ask for this."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant."""
        return grant_type in {"authorization_code", "refresh_token"}


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was handed out and not yet used."""

    person: Person
    sid: str
    redirect_uri: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    until: datetime

    def get_redirect_uri(self) -> str:
        """Return the address the code was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the granted scope."""
        return SCOPE

    def get_nonce(self) -> str:
        """Return what the client will look for in the ID token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person chose, epoch seconds."""
        return int((self.until - CODE_LIFETIME).timestamp())

    def get_acr(self) -> str:
        """Return how sure the provider is: a demo's choice."""
        return "demo"

    def get_amr(self) -> list[str]:
        """Return the methods used: none worth a name."""
        return []


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token that was read and is still good."""

    person: Person
    sid: str

    def check_client(self, client: Client) -> bool:
        """Tell whether the token is this client's; there is one client."""
        return True

    def get_scope(self) -> str:
        """Return the granted scope."""
        return SCOPE


@dataclass
class Memory:
    """Codes on their way, codes that were used and sessions that ended early; all of it short-lived."""

    codes: dict[str, Code] = field(default_factory=dict)
    used: dict[str, Code] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)

    def forget_old(self) -> None:
        """Drop what can no longer matter."""
        now = real_now()
        self.codes = {name: code for name, code in self.codes.items() if code.until > now}
        self.used = {name: code for name, code in self.used.items() if code.until + tokens.ACCESS > now}
        self.ended = {sid: until for sid, until in self.ended.items() if until > now}

    def take(self, name: str) -> Code | None:
        """Return the code ``name`` once; a second call ends the session of the first."""
        self.forget_old()
        code = self.codes.pop(name, None)
        if code is not None:
            self.used[name] = code
        elif name in self.used:
            self.end(self.used[name].sid)
        return code

    def end(self, sid: str) -> None:
        """Refuse every later refresh of the session."""
        self.ended[sid] = real_now() + tokens.SESSION


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The authorization server. Answers are (status, body, headers)."""

    def __init__(self, *, issuer: str, key: ECKey, client: Client) -> None:
        super().__init__(scopes_supported=[SCOPE])
        self.issuer, self.key, self.client, self.memory = issuer, key, client, Memory()
        self.register_token_generator("default", self._tokens)
        self.register_grant(CodeGrant, [StrictChallenge(required=True), IdToken(self)])
        self.register_grant(RefreshGrant)
        self.register_endpoint(EndSession)

    def query_client(self, client_id: str) -> Client | None:
        """Return the client of that name."""
        return self.client if client_id == self.client.client_id else None

    def save_token(self, token: dict[str, object], request: ProviderRequest) -> None:
        """Keep nothing: tokens prove themselves by their signature."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody: there are no listeners."""

    def create_oauth2_request(self, request: ProviderRequest) -> ProviderRequest:
        """Return the request as it is."""
        return request

    def handle_response(
        self, status: int, body: Any, headers: list[tuple[str, str]]
    ) -> tuple[int, Any, dict[str, str]]:
        """Return the answer as it is."""
        return status, body, dict(headers)

    def _tokens(self, *, user: tuple[Person, str], include_refresh_token: bool, **_: object) -> dict[str, object]:
        person, sid = user
        claims = tokens.access_claims(person, issuer=self.issuer, lifetime=tokens.ACCESS, sid=sid)
        answer: dict[str, object] = {
            "token_type": "Bearer",
            "access_token": tokens.sign(self.key, "at+jwt", claims),
            "expires_in": int(tokens.ACCESS.total_seconds()),
            "scope": SCOPE,
        }
        if include_refresh_token:
            claims = tokens.refresh_claims(person, issuer=self.issuer, sid=sid)
            answer["refresh_token"] = tokens.sign(self.key, "rt+jwt", claims)
        return answer


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code for the gateway."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code: str, request: ProviderRequest) -> None:
        """Remember what the code stands for."""
        data = request.payload.data
        self.server.memory.forget_old()
        self.server.memory.codes[code] = Code(
            person=request.user,
            sid=secrets.token_urlsafe(16),
            redirect_uri=data["redirect_uri"],
            nonce=data["nonce"],
            code_challenge=data["code_challenge"],
            code_challenge_method="S256",
            until=real_now() + CODE_LIFETIME,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Take the code away and return what it stands for."""
        found: Code | None = self.server.memory.take(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Do nothing more: the code was taken away when it was read."""

    def authenticate_user(self, authorization_code: Code) -> tuple[Person, str]:
        """Return who chose to sign in, and the session."""
        return authorization_code.person, authorization_code.sid


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """New access tokens until the session ends."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
        """Return whose token it is, or None when it is not ours, too old or of an ended session."""
        claims = tokens.read_refresh(self.server.key, self.server.issuer, refresh_token)
        if claims is None or claims["sid"] in self.server.memory.ended:
            return None
        person = BY_SUBJECT.get(str(claims["sub"]))
        return Refresh(person, str(claims["sid"])) if person else None

    def authenticate_user(self, refresh_token: Refresh) -> tuple[Person, str]:
        """Return whose token it is, and the session."""
        return refresh_token.person, refresh_token.sid

    def revoke_old_credential(self, refresh_token: Refresh) -> None:
        """Keep it: it is good until the session ends."""


class StrictChallenge(CodeChallenge):  # type: ignore[misc]
    """PKCE without the plain method and without exceptions (RFC 9700, 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Refuse a request without an S256 challenge."""
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):  # type: ignore[misc]
    """The ID token: subject, session and nonce, nothing personal."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(require_nonce=True)
        self._provider = provider

    def exists_nonce(self, nonce: str, request: ProviderRequest) -> bool:
        """Tell whether the nonce belongs to another code on its way."""
        return any(code.nonce == nonce for code in self._provider.memory.codes.values())

    def generate_user_info(self, user: tuple[Person, str], scope: str) -> dict[str, str]:
        """Return the claims about the person."""
        return {"sub": user[0].subject, "sid": user[1]}

    def get_client_claims(self, client: Client) -> dict[str, object]:
        """Return issuer, audience and end."""
        until = real_now() + tokens.ACCESS
        return {"iss": self._provider.issuer, "aud": client.client_id, "exp": int(until.timestamp())}

    def resolve_client_private_key(self, client: Client) -> ECKey:
        """Return the signing key."""
        return self._provider.key

    def get_encode_header(self, client: Client) -> dict[str, str]:
        """Return algorithm and key of the ID token."""
        return {"alg": "ES256", "kid": self._provider.key.kid or ""}


class EndSession(EndSessionEndpoint):  # type: ignore[misc]
    """End of a session that the gateway asks for (OpenID Connect RP-Initiated Logout 1.0)."""

    def get_server_jwks(self) -> dict[str, object]:
        """Return the keys that sign ID tokens."""
        return public_keys(self.server.key)

    def get_algorithms(self) -> list[str]:
        """Return the one algorithm."""
        return ["ES256"]

    def end_session(self, end_session_request: Any) -> None:
        """Refuse later refreshes of the session that the ID token names."""
        sid = (end_session_request.id_token_claims or {}).get("sid")
        if isinstance(sid, str):
            self.server.memory.end(sid)
