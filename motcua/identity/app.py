"""The provider's HTTP addresses under ``/id``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oidc.discovery import OpenIDProviderMetadata
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kernel.locale import negotiate
from motcua.identity import pages
from motcua.identity.grants import SCOPE, Client, Provider, ProviderRequest
from motcua.identity.keys import load_key, public_keys
from motcua.identity.people import BY_KEY
from motcua.identity.tokens import issuer_of

CLIENT = "motcua-gateway"
MAX_FORM = 16 * 1024
NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "same-origin"}
PAGE = NO_STORE | {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
}


@dataclass(frozen=True)
class Identity:
    """The mounted provider: its ASGI app and the keys that services verify tokens with."""

    app: Starlette
    issuer: str
    keys: Mapping[str, object]

    async def jwks(self) -> dict[str, Any]:
        """Return the JWKS document, in the shape ``kernel.auth.Verifier`` asks for."""
        return dict(self.keys)


def build(*, data: Path, public_url: str) -> Identity:
    """Return the provider for the portal at ``public_url`` with its key from ``data``."""
    issuer, key = issuer_of(public_url), load_key(data)
    home = public_url.rstrip("/") + "/"
    client = Client(client_id=CLIENT, redirect_uri=home + "auth/callback", home=home)
    doors = _Doors(Provider(issuer=issuer, key=key, client=client))
    app = Starlette(
        routes=[
            Route("/id/.well-known/openid-configuration", doors.discovery, methods=["GET"]),
            Route("/id/authorize", doors.authorize, methods=["GET", "POST"]),
            Route("/id/token", doors.token, methods=["POST"]),
            Route("/id/jwks", doors.jwks, methods=["GET"]),
            Route("/id/end_session", doors.end_session, methods=["GET", "POST"]),
            Route("/id/style.css", doors.style, methods=["GET"]),
        ]
    )
    return Identity(app, issuer, public_keys(key))


def metadata(issuer: str) -> dict[str, object]:
    """Return the discovery document (OpenID Connect Discovery 1.0), checked by Authlib."""
    document: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/end_session",
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": ["vi", "en"],
    }
    if issuer.startswith("https://"):
        OpenIDProviderMetadata(document).validate()
    return document


class _Doors:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def discovery(self, _request: Request) -> Response:
        return JSONResponse(metadata(self._provider.issuer), headers={"cache-control": "public, max-age=300"})

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse(public_keys(self._provider.key), headers={"cache-control": "public, max-age=300"})

    async def style(self, _request: Request) -> Response:
        return Response(pages.CSS, media_type="text/css", headers={"cache-control": "public, max-age=3600"})

    async def authorize(self, request: Request) -> Response:
        language = negotiate(request.headers.get("accept-language"))
        asked = ProviderRequest("GET", request.url.query, request.headers)
        try:
            grant = self._provider.get_consent_grant(asked, None)
        except OAuth2Error as error:
            return self._sent_back(error, language)
        if request.method == "GET":
            return HTMLResponse(pages.sign_in(language, request.url.query), headers=PAGE)
        chosen = (await _form(request)).form.get("person", "")
        if chosen and chosen not in BY_KEY:
            return HTMLResponse(pages.refused(language), status_code=400, headers=PAGE)
        _, _, headers = self._provider.create_authorization_response(asked, BY_KEY.get(chosen), grant=grant)
        return RedirectResponse(headers["Location"], status_code=303, headers=NO_STORE)

    async def token(self, request: Request) -> Response:
        status, body, headers = self._provider.create_token_response(await _form(request))
        return JSONResponse(body, status_code=status, headers=NO_STORE | _without_length(headers))

    async def end_session(self, request: Request) -> Response:
        language = negotiate(request.headers.get("accept-language"))
        asked = ProviderRequest("GET", request.url.query, request.headers)
        if request.method == "POST":
            asked = await _form(request)
        try:
            checked = self._provider.validate_endpoint_request("end_session", asked)
        except OAuth2Error:
            return HTMLResponse(pages.refused(language), status_code=400, headers=PAGE)
        answer = self._provider.create_endpoint_response("end_session", checked)
        if answer is None:
            return HTMLResponse(pages.signed_out(language), headers=PAGE)
        return RedirectResponse(answer[2]["Location"], status_code=303, headers=NO_STORE)

    def _sent_back(self, error: OAuth2Error, language: str) -> Response:
        """Only an address that was checked to be the client's is redirected to (RFC 6749, 4.1.2.1)."""
        if not error.redirect_uri:
            return HTMLResponse(pages.refused(language), status_code=400, headers=PAGE)
        _, _, headers = error()
        return RedirectResponse(dict(headers)["Location"], status_code=303, headers=NO_STORE)


async def _form(request: Request) -> ProviderRequest:
    """Read a small url-encoded form; anything else counts as an empty one, which Authlib refuses."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return ProviderRequest("POST", "", request.headers)
    try:
        return ProviderRequest("POST", body.decode(), request.headers)
    except ValueError:
        return ProviderRequest("POST", "", request.headers)


def _without_length(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "content-type"}
