"""For whom a signed-in person works on this portal: for themselves, or for the organisation their token names.

The token is read for what the pages offer only; the API checks it and decides.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request

from kernel.auth import ACTING_FOR

COOKIE, NAME_COOKIE = "acting_for", "acting_name"


@dataclass(frozen=True, slots=True)
class Capacity:
    """``org`` is the organisation one may work for, empty for none; ``acting`` = one does so now, ``name`` its name."""

    org: str = ""
    acting: bool = False
    name: str = ""

    @property
    def acting_for(self) -> str:
        """The organisation that one works for now; empty = for oneself."""
        return self.org if self.acting else ""


def capacity_of(request: Request, authorization: str | None) -> Capacity:
    """Return for whom the sender of ``request`` works; a choice that their token does not allow counts as none."""
    org = organisation_in(authorization or "")
    if not org:
        return Capacity()
    acting = request.headers.get(ACTING_FOR, "") == org
    return Capacity(org, acting, unquote(request.cookies.get(NAME_COOKIE, ""))[:200] if acting else "")


def organisation_in(authorization: str) -> str:
    """Return the claim ``org`` of a bearer token, empty where there is none."""
    found = _claims(authorization).get("org")
    return found if isinstance(found, str) else ""


def roles_in(authorization: str) -> frozenset[str]:
    """Return the claim ``roles`` of a bearer token, none where it says none."""
    found = _claims(authorization).get("roles")
    return frozenset(str(role) for role in found) if isinstance(found, list) else frozenset()


def _claims(authorization: str) -> dict[str, Any]:
    parts = authorization.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
