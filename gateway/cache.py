"""Answers for everybody, in memory.

Only what a service calls ``public`` with a positive ``max-age`` is kept, and only for requests that carry neither
session nor token nor any cookie but the language: such a request cannot get a private answer, and a private request
never looks here. Vary may name what the key or that rule covers, nothing else.

An entry holds its two forms (plain and gzip) with their header lists ready to send. An old entry is asked for again
with its ETag; when the service is away it is still served for a while, marked ``stale``.
"""

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from multidict import CIMultiDict

from gateway.answers import Headers, guarded

COVERED = frozenset(("accept-language", "accept-encoding", "authorization", "cookie", ""))
DROPPED = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "x-trace-id"))
COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "image/svg+xml", "application/xml")
SMALL = 300

Key = tuple[str, str]


@dataclass(slots=True)
class Entry:
    """One answer. Times are monotonic seconds; ``plain`` and ``packed`` are (headers, body).
    ``label`` is its route's."""

    etag: bytes | None
    max_age: int
    stored: float
    fresh_until: float
    plain: tuple[Headers, bytes]
    packed: tuple[Headers, bytes] | None
    not_modified: Headers
    size: int
    label: str

    def form(self, *, packed: bool) -> tuple[Headers, bytes]:
        """Return headers and body for a client that takes gzip, or not."""
        return self.packed if packed and self.packed is not None else self.plain

    def matches(self, if_none_match: str | None) -> bool:
        """Tell whether the client has this answer already (weak comparison)."""
        if if_none_match is None or self.etag is None:
            return False
        named = [item.strip().removeprefix("W/") for item in if_none_match.split(",")]
        return "*" in named or self.etag.decode("latin-1").removeprefix("W/") in named


class Cache:
    """The least recently used entries go first; ``limit`` bytes altogether."""

    def __init__(
        self, *, limit: int, entry_limit: int, stale: int, secure: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.entry_limit = entry_limit
        self._limit = limit
        self._stale = stale
        self._secure = secure
        self._clock = clock
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._bytes = 0
        self.flights: dict[Key, asyncio.Future[Entry | None]] = {}

    def fresh(self, key: Key) -> Entry | None:
        """Return the entry of ``key`` if it is still fresh."""
        entry = self._entries.get(key)
        if entry is None or entry.fresh_until < self._clock():
            return None
        self._entries.move_to_end(key)
        return entry

    def old(self, key: Key) -> Entry | None:
        """Return the entry of ``key`` if it may still be served while the service is away, or asked for again."""
        entry = self._entries.get(key)
        if entry is None or entry.fresh_until + self._stale < self._clock():
            return None
        return entry

    def age(self, entry: Entry) -> int:
        """Return how old the answer is, seconds."""
        return int(self._clock() - entry.stored)

    def renew(self, entry: Entry) -> None:
        """The service said that the entry still holds."""
        entry.stored = self._clock()
        entry.fresh_until = entry.stored + entry.max_age

    def make(self, headers: CIMultiDict[str], body: bytes, label: str) -> Entry:
        """Return an entry of a storable answer with status 200; compresses it once."""
        shown: Headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
            if name.lower() not in DROPPED
        ]
        shown = guarded(shown, secure=self._secure)
        already = "content-encoding" in headers
        packed = None
        if not already and len(body) >= SMALL and headers.get("content-type", "").startswith(COMPRESSIBLE):
            shown = [(name, _with_encoding(value) if name == b"vary" else value) for name, value in shown]
            if "vary" not in headers:
                shown.append((b"vary", b"accept-encoding"))
            small = gzip.compress(body, 6, mtime=0)
            if len(small) < len(body):
                packed = ([*weak(shown), (b"content-encoding", b"gzip"), _length(small)], small)
        now, age = self._clock(), max_age(headers) or 0
        kept = (b"etag", b"cache-control", b"vary", b"content-language")
        return Entry(
            etag=next((value for name, value in shown if name == b"etag"), None),
            max_age=age,
            stored=now,
            fresh_until=now + age,
            plain=([*shown, _length(body)], body),
            packed=packed,
            not_modified=[(name, value) for name, value in shown if name in kept],
            size=len(body) + (len(packed[1]) if packed else 0) + 2000,
            label=label,
        )

    def put(self, key: Key, entry: Entry) -> None:
        """Keep ``entry``; the oldest go when the bytes are used up."""
        self.drop(key)
        self._entries[key] = entry
        self._bytes += entry.size
        while self._bytes > self._limit and self._entries:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Key) -> None:
        """Forget ``key``."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """How many bytes the entries take."""
        return self._bytes


def storable(status: int, headers: CIMultiDict[str]) -> bool:
    """Tell whether an answer to somebody unknown may be kept for everybody."""
    if status != 200 or "set-cookie" in headers or not max_age(headers):
        return False
    if headers.get("content-type", "").startswith("text/event-stream"):
        return False
    return all(name.strip().lower() in COVERED for line in headers.getall("vary", []) for name in line.split(","))


def max_age(headers: CIMultiDict[str]) -> int | None:
    """Return how long the answer is fresh for shared caches, seconds; None when it must not be kept."""
    directives: dict[str, str] = {}
    for line in headers.getall("cache-control", []):
        for part in line.split(","):
            name, _, value = part.strip().lower().partition("=")
            directives[name] = value.strip('"')
    if "public" not in directives or {"no-store", "no-cache", "private"} & directives.keys():
        return None
    text = directives.get("s-maxage", directives.get("max-age", ""))
    return int(text[:9]) if text.isdigit() else None


def _with_encoding(vary: bytes) -> bytes:
    return vary if b"encoding" in vary.lower() else vary + b", accept-encoding"


def weak(headers: Headers) -> Headers:
    """Return the headers for another form of the same answer, which shares its ETag weakly (RFC 9110, 8.8.3.3)."""
    return [
        (name, b"W/" + value if name == b"etag" and not value.startswith(b"W/") else value) for name, value in headers
    ]


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
