"""One way to make a digest: lower-case hex SHA-256 of RFC 8785 text, or of bytes."""

import hashlib
import unicodedata
from datetime import UTC, datetime

import rfc8785


def instant(at: datetime) -> str:
    """Return ``at`` (aware) as canonical UTC text with whole seconds: ``2026-11-21T14:03:05Z``."""
    if at.tzinfo is None:
        raise ValueError("a time without zone has no canonical text")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical(value: object) -> bytes:
    """Return the canonical UTF-8 text of ``value`` (RFC 8785; strings NFC, integers only, times as instants).

    Raises ``ValueError`` for floats, naive times and types that have no canonical form.
    """
    return rfc8785.dumps(_clean(value))  # type: ignore[arg-type]  # _clean returns JSON values only


def digest_of(value: object) -> str:
    """Return the lower-case hex SHA-256 of the canonical text of ``value``."""
    return digest_bytes(canonical(value))


def digest_bytes(data: bytes) -> str:
    """Return the lower-case hex SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def _clean(value: object) -> object:
    match value:
        case None | bool() | int():
            return value
        case str():
            return unicodedata.normalize("NFC", value)
        case datetime():
            return instant(value)
        case list() | tuple():
            return [_clean(item) for item in value]
        case dict():
            return {unicodedata.normalize("NFC", str(key)): _clean(item) for key, item in value.items()}
    raise ValueError(f"no canonical form for {type(value).__name__}")
