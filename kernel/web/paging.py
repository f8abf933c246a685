"""Keyset paging: a cursor is the key of the last row shown, opaque to clients."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from kernel.errors import Invalid, Text
from kernel.web.body import LARGEST

T = TypeVar("T")

PageCursor = Annotated[str | None, Query(alias="cursor", max_length=1000)]
PageSize = Annotated[int, Query(alias="page_size", ge=1, le=100)]


class Page(BaseModel, Generic[T]):
    """One page of a list; ``next_cursor`` is null on the last."""

    results: list[T]
    next_cursor: str | None = None


def encode_cursor(key: Sequence[str | int | datetime | None]) -> str:
    """Return the cursor for the row whose sort key is ``key`` (times aware)."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """Return the key that ``encode_cursor`` put into ``cursor``; ``kinds`` are its types (str, int, datetime).

    Raises ``Invalid`` (``bad_cursor``) for anything that it did not make.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError
        return tuple(_value(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise Invalid(
            "bad_cursor",
            Text("Trang này không còn đúng. Bạn mở lại danh sách từ đầu.", "This page is not valid. Start again."),
        ) from None


def moment_and_id(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the key (aware time, id) of the last row shown of a list that goes back in time; None on the first page.

    Raises ``Invalid`` (``bad_cursor``).
    """
    if cursor is None:
        return None
    at, id = decode_cursor(cursor, datetime, str)
    return at, id


def _value(value: object, kind: type) -> object:
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return value
    if isinstance(value, str) and "\0" not in value:
        value.encode()
        if kind is str:
            return value
        if kind is datetime:
            at = datetime.fromisoformat(value)
            if at.tzinfo is None or not 1900 < at.year < 9000:
                raise ValueError
            return at
    raise ValueError
