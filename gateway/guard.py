"""Who asks: the same-origin check, the session or the program's own token, and the limit that counts."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from gateway.limits import Limiter
from gateway.oidc import Provider, SignInRefused
from gateway.request import SAFE, SESSION, EdgeRequest
from gateway.routes import is_lookup
from gateway.sessions import Session, Sessions
from kernel.auth import Verifier
from kernel.errors import Forbidden, Text, Unauthenticated, Unavailable

REFRESH_BEFORE = 60.0
QUIET = 5.0  # seconds in which a provider that was away is not asked again for tokens that are still good

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``token`` goes to the service; ``session_ended`` = the browser's cookie is of no more use.

    ``unsure`` = the session stands, but its token is too old and the provider that gives new ones is away. ``until``
    is when the session ends if nothing more is asked (epoch seconds, real time); 0 = there is none.
    """

    token: str | None = None
    session_ended: bool = False
    unsure: bool = False
    until: int = 0


class Guard:
    """Finds the caller of a request, or refuses it."""

    def __init__(
        self, *, sessions: Sessions, provider: Provider, verifier: Verifier, limiter: Limiter, public_url: str
    ) -> None:
        self._sessions = sessions
        self._provider = provider
        self._verifier = verifier
        self._limiter = limiter
        self._origin = public_url.rstrip("/").lower()
        self._refreshing: dict[str, asyncio.Lock] = {}
        self._quiet_until = 0.0

    async def admit(self, request: EdgeRequest) -> Caller:
        """Return the caller.

        Raises ``Forbidden`` (``cross_site_request``), ``Unauthenticated`` for a bearer token that is not good,
        ``TooMany``, or ``Unavailable`` when a token can be neither refreshed nor checked (a read without a good
        token is then answered as anybody's).
        """
        if request.authorization:
            return await self._program(request)
        cookie = request.cookies().get(SESSION) if request.cookie else None
        if request.cookie and request.method not in SAFE:
            self.refuse_cross_site(request)
        if cookie is None:
            self._limit_unknown(request)
            return Caller()
        session = await self._sessions.find(cookie)
        if session is None:
            self._limit_unknown(request)
            return Caller(session_ended=True)
        self._limit(request, "person", session.subject)
        try:
            session = await self._current(cookie, session)
        except Unavailable:
            if request.is_read:
                return Caller(unsure=True)  # what is public stays readable while sign-in is away
            raise
        if session is None:
            return Caller(session_ended=True)
        return Caller(token=session.tokens.access, until=int(self._sessions.until(session).timestamp()))

    def limit_sign_in(self, request: EdgeRequest) -> None:
        """Count one request to begin or end a sign-in. Raises ``TooMany``."""
        self._limiter.check("sign_in", self.address(request))

    def address(self, request: EdgeRequest) -> str:
        """Return the address that limits count."""
        client = request.scope.get("client") or ("", 0)
        return self._limiter.address(str(client[0]), request.header(b"x-forwarded-for"))

    def refuse_cross_site(self, request: EdgeRequest) -> None:
        """Refuse a change that another site's page makes the browser send.

        ``Sec-Fetch-Site`` decides where the browser sends it, else ``Origin``, else ``Referer``; a request with none
        of them comes from no page. SameSite=Lax cookies are the second line. Raises ``Forbidden``.
        """
        site = request.header(b"sec-fetch-site")
        if site is not None:
            allowed = site in ("same-origin", "none")
        else:
            source = request.header(b"origin") or request.header(b"referer")
            allowed = source is None or self._same_origin(source, request.header(b"host") or "")
        if not allowed:
            raise Forbidden(
                "cross_site_request",
                Text(
                    "Yêu cầu này đến từ một trang khác nên không được nhận. Bạn mở lại trang Một Cửa và làm lại.",
                    "This request came from another site and was refused. Open Một Cửa again and repeat it.",
                ),
            )

    def _same_origin(self, source: str, host: str) -> bool:
        try:
            parts = urlsplit(source.lower())
        except ValueError:
            return False
        if not parts.netloc:
            return False
        return f"{parts.scheme}://{parts.netloc}" == self._origin or parts.netloc == host.lower()

    async def _program(self, request: EdgeRequest) -> Caller:
        header = request.authorization.decode("latin-1")
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            self._limit_unknown(request)
            raise Unauthenticated("bad_token", Text("Bạn hãy đăng nhập lại.", "Sign in again."))
        try:
            principal = await self._verifier.verify(token)
        except Unauthenticated:
            self._limit_unknown(request)
            raise
        self._limit(request, "program", principal.actor or principal.sub)
        return Caller(token=token)

    def _limit(self, request: EdgeRequest, name: str, key: str) -> None:
        if is_lookup(request.path):
            self._limiter.check("lookup", key)
        self._limiter.check(name, key)

    def _limit_unknown(self, request: EdgeRequest) -> None:
        self._limit(request, "anonymous", self.address(request))

    async def _current(self, cookie: str, session: Session) -> Session | None:
        """Return the session with an access token that is still good; None when it ended at the provider."""
        left = session.tokens.access_until - time.time()
        if left > REFRESH_BEFORE or (left > 0 and time.monotonic() < self._quiet_until):
            return session
        lock = self._refreshing.setdefault(session.id, asyncio.Lock())
        try:
            async with lock:
                latest = await self._sessions.find(cookie)
                if latest is None or latest.tokens.access_until - time.time() > REFRESH_BEFORE:
                    return latest
                return await self._refreshed(cookie, latest)
        finally:
            if not lock.locked():
                self._refreshing.pop(session.id, None)

    async def _refreshed(self, cookie: str, session: Session) -> Session | None:
        try:
            tokens = await self._provider.refresh(session.tokens)
        except SignInRefused as refused:
            logger.info("session_ended_at_provider", reason=str(refused))
            await self._sessions.end(cookie)
            return None
        except Unavailable:
            self._quiet_until = time.monotonic() + QUIET
            if session.tokens.access_until > time.time():
                return session
            raise
        return await self._sessions.renew(cookie, session, tokens)
