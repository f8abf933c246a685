"""What is in a token. Never a name, a birth date or a number: a subject, roles and where the person works.

Access tokens (``at+jwt``, audience ``motcua``) live 15 minutes in sessions and 12 hours from ``motcua token``.
Refresh tokens (``rt+jwt``) have the issuer itself as audience, so no service accepts one.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from kernel.clock import real_now
from motcua.identity.keys import load_key
from motcua.identity.people import BY_KEY, Person

AUDIENCE = "motcua"
ACCESS = timedelta(minutes=15)
SESSION = timedelta(hours=12)


def issuer_of(public_url: str) -> str:
    """Return the issuer for the portal's public address."""
    return public_url.rstrip("/") + "/id"


def access_claims(
    person: Person, *, issuer: str, lifetime: timedelta, sid: str | None = None, helper: Person | None = None
) -> dict[str, object]:
    """Return the claims of an access token for ``person``; with ``helper``, of one who acts for the person."""
    now = int(real_now().timestamp())
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": person.subject,
        "roles": list(person.roles),
        "acr": "demo",
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "jti": secrets.token_urlsafe(12),
    }
    optional = {"participant": person.participant, "office": person.office, "org": person.org, "sid": sid}
    claims |= {name: value for name, value in optional.items() if value is not None}
    if helper is not None:
        claims["act"] = {"sub": helper.subject}
    return claims


def refresh_claims(person: Person, *, issuer: str, sid: str) -> dict[str, object]:
    """Return the claims of a refresh token; it ends with the session, 12 hours after sign-in."""
    now = int(real_now().timestamp())
    return {
        "iss": issuer,
        "aud": issuer,
        "sub": person.subject,
        "sid": sid,
        "iat": now,
        "exp": now + int(SESSION.total_seconds()),
    }


def sign(key: ECKey, kind: str, claims: Mapping[str, object]) -> str:
    """Return ``claims`` as a JWT signed with ES256; ``kind`` is the ``typ`` header."""
    return jwt.encode({"alg": "ES256", "typ": kind, "kid": key.kid}, dict(claims), key, algorithms=["ES256"])


def read_refresh(key: ECKey, issuer: str, token: str) -> dict[str, object] | None:
    """Return the claims of a refresh token that this key signed and that has not ended, else None."""
    try:
        found = jwt.decode(token, key, algorithms=["ES256"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": issuer},
            exp={"essential": True},
            sid={"essential": True},
        ).validate(found.claims)
    except (JoseError, ValueError):
        return None
    return dict(found.claims) if found.header.get("typ") == "rt+jwt" else None


def issue_token(data: Path, public_url: str, name: str, hours: int = 12, acting_for: str | None = None) -> str:
    """Return a bearer token of the demo person ``name`` for programs.

    With ``acting_for`` the token speaks for that person and names ``name`` as the helper. Raises ``KeyError`` with
    the unknown name.
    """
    actor = BY_KEY[name]
    person = BY_KEY[acting_for] if acting_for else actor
    claims = access_claims(
        person,
        issuer=issuer_of(public_url),
        lifetime=timedelta(hours=hours),
        helper=actor if acting_for else None,
    )
    return sign(load_key(data), "at+jwt", claims)
