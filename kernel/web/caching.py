"""Strong ETags: a client that has the current answer is told so with 304."""

from collections.abc import Mapping

import orjson
from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder

from kernel.digest import digest_bytes


def etagged(
    request: Request,
    payload: object,
    max_age: int = 0,
    *,
    etag: str | None = None,
    private: bool = False,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Return ``payload`` (JSON values, pydantic models, or bytes) with a strong ETag; 304 when the client has it.

    ``max_age`` in seconds (0 = ask again every time). ``etag`` names the version (without quotes) instead of the
    digest of the content. ``private`` = for this caller alone; shared caches must not keep it.
    """
    body = payload if isinstance(payload, bytes) else _dump(payload)
    tag = f'"{etag if etag is not None else digest_bytes(body)[:32]}"'
    scope = "private" if private else "public"
    shown = {
        "etag": tag,
        "cache-control": f"{scope}, max-age={max_age}" if max_age else f"{scope}, no-cache",
        "vary": "Accept-Language, Authorization" if private else "Accept-Language",
        **(headers or {}),
    }
    if status == 200 and matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=shown)
    return Response(body, status, shown, media_type=media_type)


def matches(if_none_match: str | None, tag: str) -> bool:
    """Tell whether an ``If-None-Match`` header names ``tag`` (weak comparison, RFC 9110 13.1.2)."""
    if if_none_match is None:
        return False
    named = [item.strip().removeprefix("W/") for item in if_none_match.split(",")]
    return "*" in named or tag in named


def _dump(payload: object) -> bytes:
    try:
        return orjson.dumps(payload)
    except TypeError:
        return orjson.dumps(jsonable_encoder(payload))
