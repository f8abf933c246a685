"""Who is calling: bearer tokens checked by the service itself, with the issuer's public keys only.

The issuer is asked for its keys now and then, never about a token; while it is away the keys that are known go on.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import aiohttp
from fastapi import Depends, Request
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from kernel.clock import real_now
from kernel.digest import digest_bytes
from kernel.errors import Forbidden, Text, Unauthenticated, Unavailable

AUDIENCE = "motcua"
ALGORITHMS = ["ES256", "RS256"]
LEEWAY = 30
REFETCH = 60.0
REFRESH = 3600.0
ROUND = 300.0  # between two looks at the keys of a process that looks by itself
RETRY = 2.0
PATIENCE = 5.0
REMEMBERED = 2000
MAX_TOKEN = 8192

ACTING_FOR = "acting-for"
ORGANISATION = "org:"  # how the owner id of an organisation begins; no person's subject does

Keys = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. ``sub`` is the person (or organisation) it is for; ``actor`` who acts for them, else None.

    ``participant``, ``office`` and ``org`` say where they work; ``acr`` how strongly they signed in.
    """

    sub: str
    roles: frozenset[str] = frozenset()
    participant: str | None = None
    office: str | None = None
    org: str | None = None
    actor: str | None = None
    acr: str | None = None

    @property
    def for_organisation(self) -> bool:
        """Tell whether ``actor`` acts for the organisation they work for; ``sub`` is then the organisation's."""
        return is_organisation(self.sub)


class Verifier:
    """Checks tokens of one issuer. ``keys`` fetches its JWKS; asked at most once a minute for an unknown key."""

    def __init__(self, *, issuer: str, keys: Keys, audience: str = AUDIENCE) -> None:
        self._issuer = issuer
        self._audience = audience
        self._fetch = keys
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._entries: dict[str, Any] = {}
        self._fetched = float("-inf")
        self._due = float("-inf")
        self._good = False
        self._lock = asyncio.Lock()
        self._known: OrderedDict[str, tuple[int, Principal]] = OrderedDict()

    async def ready(self) -> dict[str, bool]:
        """Tell whether the keys were ever read; until then only what needs no sign-in is served."""
        return {"keys": self._good}

    async def run(self) -> None:
        """Read the keys now and every few minutes, for ever; sooner again while the issuer is away.

        With it a key that was withdrawn is refused within minutes, and no request waits for keys.
        """
        while True:
            async with self._lock:
                gone_well = await self._refetch()
            await asyncio.sleep(ROUND if gone_well else REFETCH if self._good else RETRY)

    async def verify(self, token: str) -> Principal:
        """Return who ``token`` speaks for.

        Raises ``Unauthenticated`` (``bad_token``, ``token_expired``), or ``Unavailable`` when the issuer's keys
        have never been read and cannot be read now.
        """
        if len(token) > MAX_TOKEN:
            raise _bad()
        now = int(real_now().timestamp())
        digest = digest_bytes(token.encode("utf-8", "replace"))
        if (known := self._known.get(digest)) and time.monotonic() < self._due:
            until, principal = known
            if now > until + LEEWAY:
                raise _expired()
            return principal
        claims = await self._claims(token)
        until, principal = _principal(claims, self._issuer, self._audience, now)
        self._known[digest] = (until, principal)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
        except (JoseError, ValueError):
            raise _bad() from None
        kid = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
            raise _bad()
        key = await self._key(kid)
        try:
            return jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, TypeError):
            raise _bad() from None

    async def _key(self, kid: str) -> ECKey | RSAKey:
        asked = time.monotonic()
        if kid not in self._keys or asked > self._due:
            async with self._lock:
                if self._fetched < asked and self._may_ask(kid):  # else somebody asked while we waited
                    await self._refetch()
        if not self._good:
            raise Unavailable(
                "identity_unavailable",
                Text("Chưa kiểm tra được đăng nhập. Bạn thử lại sau ít phút.", "Sign-in cannot be checked now."),
                retry_after=10,
            )
        if kid not in self._keys:
            raise _bad()
        return self._keys[kid]

    def _may_ask(self, kid: str) -> bool:
        now = time.monotonic()
        return not self._good or now > self._due or (kid not in self._keys and now - self._fetched > REFETCH)

    async def _refetch(self) -> bool:
        """Read the keys; whoever was let in by a key that is gone is asked again. Failing keeps what is known."""
        try:
            document = await self._fetch()
            entries = {str(entry["kid"]): entry for entry in document["keys"] if "kid" in entry}
        except Exception:
            self._fetched = time.monotonic()
            self._due = self._fetched + REFETCH
            return False
        if any(entries.get(kid) != entry for kid, entry in self._entries.items()):
            self._known.clear()
        self._entries = entries
        self._keys = {kid: key for kid, entry in entries.items() if (key := _public(entry))}
        self._fetched = time.monotonic()
        self._due = self._fetched + REFRESH
        self._good = True
        return True


def jwks_over_http(issuer: str, session: aiohttp.ClientSession, *, inside: str = "") -> Keys:
    """Return how the keys of the issuer are read over HTTP, by its discovery document.

    ``inside`` is the origin at which this installation reaches it, if not the issuer's own; paths are the same.
    """
    origin, path = (inside or origin_of(issuer)).rstrip("/"), urlsplit(issuer).path.rstrip("/")
    limits = aiohttp.ClientTimeout(total=PATIENCE)
    headers = {"accept": "application/json", "accept-encoding": "identity"}

    async def read(where: str) -> Any:
        async with session.get(origin + where, headers=headers, timeout=limits, allow_redirects=False) as answer:
            if answer.status != 200:
                raise ConnectionError(f"the issuer answers {answer.status}")
            return await answer.json(content_type=None)

    async def keys() -> Mapping[str, Any]:
        document = await read(f"{path}/.well-known/openid-configuration")
        if document["issuer"] != issuer:
            raise ConnectionError("the issuer there is another one")
        found: Mapping[str, Any] = await read(urlsplit(document["jwks_uri"]).path)
        return found

    return keys


def origin_of(address: str) -> str:
    """Return scheme and host of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _public(entry: Mapping[str, Any]) -> ECKey | RSAKey | None:
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(dict(entry))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, ECKey | RSAKey) else None


def _principal(claims: Mapping[str, Any], issuer: str, audience: str, now: int) -> tuple[int, Principal]:
    until, starts = _time(claims.get("exp")), _time(claims.get("nbf", 0))
    sub, aud = claims.get("sub"), claims.get("aud")
    if until is None or starts is None or not isinstance(sub, str) or not sub:
        raise _bad()
    if claims.get("iss") != issuer or (audience not in aud if isinstance(aud, list) else aud != audience):
        raise _bad()
    if now > until + LEEWAY:
        raise _expired()
    if starts > now + LEEWAY:
        raise _bad()
    roles, act = claims.get("roles", []), claims.get("act")
    if not isinstance(roles, list) or is_organisation(sub):
        raise _bad()
    return until, Principal(
        sub=sub,
        roles=frozenset(str(role) for role in roles),
        participant=_text(claims, "participant"),
        office=_text(claims, "office"),
        org=_text(claims, "org"),
        actor=_text(act, "sub") if isinstance(act, dict) else None,
        acr=_text(claims, "acr"),
    )


def _time(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return int(value)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


async def maybe_signed_in(request: Request) -> Principal | None:
    """Return who calls, or None without a token; the header ``acting-for`` names an organisation they act for.

    Raises ``Unauthenticated`` for a token that is not good, ``Forbidden`` (``not_of_organisation``).
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise _bad()
    verifier: Verifier = request.app.state.verifier
    principal = await verifier.verify(token.strip())
    organisation = request.headers.get(ACTING_FOR)
    return acting_for(principal, organisation) if organisation else principal


def acting_for(principal: Principal, organisation: str) -> Principal:
    """Return who acts for ``organisation``: it owns what is done, ``actor`` is the person who does it.

    Raises ``Forbidden`` (``not_of_organisation``) unless the token says that the person works there.
    """
    if principal.org != organisation or principal.actor is not None:
        text = Text("Bạn không làm việc cho tổ chức này.", "You do not work for this organisation.")
        raise Forbidden("not_of_organisation", text)
    return replace(principal, sub=owner_of(organisation), actor=principal.sub)


def owner_of(organisation: str) -> str:
    """Return the id under which everything of an organisation is kept."""
    return f"{ORGANISATION}{organisation}"


def is_organisation(owner: str) -> bool:
    """Tell whether an owner is an organisation, not a person."""
    return owner.startswith(ORGANISATION)


async def signed_in(principal: Annotated[Principal | None, Depends(maybe_signed_in)]) -> Principal:
    """Return who calls. Raises ``Unauthenticated`` (``sign_in_needed``) without a token."""
    if principal is None:
        raise Unauthenticated("sign_in_needed", Text("Bạn cần đăng nhập để tiếp tục.", "Sign in to go on."))
    return principal


SignedIn = Annotated[Principal, Depends(signed_in)]
MaybeSignedIn = Annotated[Principal | None, Depends(maybe_signed_in)]


def require_role(principal: Principal, *roles: str) -> None:
    """Raise ``Forbidden`` (``role_needed``) unless ``principal`` has one of ``roles``."""
    if not principal.roles.intersection(roles):
        raise Forbidden("role_needed", Text("Tài khoản của bạn không có quyền này.", "Your account may not do this."))


def _bad() -> Unauthenticated:
    return Unauthenticated("bad_token", Text("Bạn hãy đăng nhập lại.", "Sign in again."))


def _expired() -> Unauthenticated:
    return Unauthenticated("token_expired", Text("Phiên đã hết hạn. Bạn đăng nhập lại.", "Expired. Sign in again."))
