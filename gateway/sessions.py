"""Server-side sessions.

The cookie holds 32 random bytes. The table holds their SHA-256 and the session's tokens sealed with a key made from
them, so that neither a copy of the table nor its back-up signs anybody in. Times are real time.

A person is signed in until 30 minutes without a request or 12 hours after sign-in, whichever comes first.
"""

import asyncio
import base64
import hashlib
import json
import os
import secrets
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, delete, insert, select, update

from kernel.clock import real_now
from kernel.db import Database, UtcDateTime

METADATA = MetaData()
SESSION = Table(
    "session",
    METADATA,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
    Column("until", UtcDateTime, nullable=False, index=True),
)
LOGIN = Table(
    "login",
    METADATA,
    Column("state", String, primary_key=True),
    Column("browser", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("verifier", String, nullable=False),
    Column("next", String, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
)

LOGIN_LIFETIME = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
REMEMBERED_SECONDS = 5.0
REMEMBERED = 20_000
PURGE_EVERY = 300.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave. ``access_until`` is epoch seconds, real time."""

    access: str
    refresh: str
    id_token: str
    access_until: float


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. ``id`` is the hash of its cookie."""

    id: str
    subject: str
    tokens: Tokens
    seen_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """One sign-in under way."""

    nonce: str
    verifier: str
    next: str


class Sessions:
    """Begins, finds and ends sessions; remembers those of the last seconds."""

    def __init__(self, database: Database, *, idle: timedelta, absolute: timedelta) -> None:
        self._database = database
        self._idle = idle
        self._absolute = absolute
        self._recent: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._changes = 0

    async def begin_login(self, *, state: str, browser: str, login: Login) -> None:
        """Remember a sign-in that this ``browser`` (its cookie) has begun."""
        row = asdict(login) | {"state": _hash(state), "browser": _hash(browser), "until": real_now() + LOGIN_LIFETIME}
        async with self._database.begin() as tx:
            await tx.execute(insert(LOGIN).values(**row))

    async def take_login(self, *, state: str, browser: str) -> Login | None:
        """Return the sign-in once, if the same browser began it less than ten minutes ago."""
        async with self._database.begin() as tx:
            row = await tx.first(
                select(LOGIN).where(
                    LOGIN.c.state == _hash(state), LOGIN.c.browser == _hash(browser), LOGIN.c.until > real_now()
                )
            )
            if row is None:
                return None
            await tx.execute(delete(LOGIN).where(LOGIN.c.state == row.state))
        return Login(row.nonce, row.verifier, row.next)

    async def begin(self, *, subject: str, tokens: Tokens, instead_of: str | None = None) -> str:
        """Begin a session and return its new cookie; the one of the old cookie ``instead_of`` ends."""
        cookie = secrets.token_urlsafe(32)
        now = real_now()
        row = {
            "id": _hash(cookie),
            "subject": subject,
            "sealed": _seal(cookie, tokens),
            "seen_at": now,
            "until": now + self._absolute,
        }
        async with self._database.begin() as tx:
            if instead_of:
                await tx.execute(delete(SESSION).where(SESSION.c.id == _hash(instead_of)))
            await tx.execute(insert(SESSION).values(**row))
        if instead_of:
            self._forget(instead_of)
        return cookie

    async def find(self, cookie: str, *, at_once: bool = False) -> Session | None:
        """Return the session of ``cookie`` if it has not ended; a request of the person keeps it from ending.

        That is written at most once a minute, or ``at_once``.
        """
        key, now, changes = _hash(cookie), real_now(), self._changes
        remembered = self._recent.get(key)
        session: Session | None
        if remembered is not None and time.monotonic() - remembered[0] <= REMEMBERED_SECONDS:
            loaded, session = remembered
        else:
            loaded, session = time.monotonic(), await self._load(cookie)
        if session is None or session.until <= now or session.seen_at + self._idle <= now:
            self._recent.pop(key, None)
            return None
        if at_once or now - session.seen_at > SEEN_EVERY:
            session = replace(session, seen_at=now)
            async with self._database.begin() as tx:
                await tx.execute(update(SESSION).where(SESSION.c.id == key).values(seen_at=now))
        if changes == self._changes:  # else what was read may be older than what another task has just written
            self._remember(session, loaded)
        return session

    async def look(self, cookie: str) -> Session | None:
        """Return the session of ``cookie`` as it stands, without keeping it from ending."""
        session = await self._load(cookie)
        return session if session is not None and self.until(session) > real_now() else None

    def until(self, session: Session) -> datetime:
        """Return when the session ends if the person asks for nothing more (real time)."""
        return min(session.seen_at + self._idle, session.until)

    async def renew(self, cookie: str, session: Session, tokens: Tokens) -> Session:
        """Keep refreshed tokens."""
        async with self._database.begin() as tx:
            await tx.execute(update(SESSION).where(SESSION.c.id == session.id).values(sealed=_seal(cookie, tokens)))
        renewed = replace(session, tokens=tokens)
        self._changes += 1
        self._remember(renewed, time.monotonic())
        return renewed

    async def end(self, cookie: str) -> None:
        """End the session of ``cookie``."""
        async with self._database.begin() as tx:
            await tx.execute(delete(SESSION).where(SESSION.c.id == _hash(cookie)))
        self._forget(cookie)

    async def purge(self) -> None:
        """Delete what has ended."""
        now = real_now()
        async with self._database.begin() as tx:
            await tx.execute(delete(SESSION).where((SESSION.c.until <= now) | (SESSION.c.seen_at <= now - self._idle)))
            await tx.execute(delete(LOGIN).where(LOGIN.c.until <= now))

    async def run(self) -> None:
        """Delete ended sessions every few minutes, for ever."""
        while True:
            await asyncio.sleep(PURGE_EVERY)
            await self.purge()

    def _forget(self, cookie: str) -> None:
        self._changes += 1
        self._recent.pop(_hash(cookie), None)

    def _remember(self, session: Session, loaded: float) -> None:
        self._recent.pop(session.id, None)
        self._recent[session.id] = (loaded, session)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    async def _load(self, cookie: str) -> Session | None:
        async with self._database.read() as tx:
            row = await tx.first(select(SESSION).where(SESSION.c.id == _hash(cookie)))
        if row is None:
            return None
        tokens = _open(cookie, row.sealed)
        if tokens is None:
            return None
        return Session(row.id, row.subject, tokens, row.seen_at, row.until)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _key(cookie: str) -> bytes:
    return hashlib.sha256(b"motcua session seal " + cookie.encode()).digest()


def _seal(cookie: str, tokens: Tokens) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(_key(cookie)).encrypt(nonce, json.dumps(asdict(tokens)).encode(), None)


def _open(cookie: str, sealed: bytes) -> Tokens | None:
    try:
        return Tokens(**json.loads(AESGCM(_key(cookie)).decrypt(sealed[:12], sealed[12:], None)))
    except (InvalidTag, ValueError, TypeError):
        return None


def new_secret() -> str:
    """Return 32 random bytes as text, for states, nonces, browsers and PKCE verifiers."""
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
