"""``Idempotency-Key``: one row in the transaction of the effect; the race of two is settled by the primary key."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from kernel.clock import real_now
from kernel.db import Tx, UtcDateTime
from kernel.digest import digest_bytes
from kernel.errors import Conflict, Invalid, Text

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_table(metadata: MetaData) -> Table:
    """Declare the table in a service's metadata."""
    return Table(
        "idempotency",
        metadata,
        Column("subject", String, primary_key=True),
        Column("key", String, primary_key=True),
        Column("body_digest", String, nullable=False),
        Column("status", Integer, nullable=False),
        Column("response", String, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer that was given the first time: HTTP status and JSON body."""

    status: int
    response: object


async def recall(tx: Tx, *, subject: str, key: str, body: object) -> Remembered | None:
    """Return the first answer to (``subject``, ``key``), or None.

    Raises ``Invalid``: ``idempotency_key_reused`` when the key was used with another body, ``bad_idempotency_key``
    when it is not 1 to 255 visible ASCII characters.
    """
    if not _KEY.fullmatch(key):
        raise Invalid(
            "bad_idempotency_key",
            Text("Mã chống gửi trùng chưa đúng mẫu.", "The Idempotency-Key must be 1 to 255 visible ASCII characters."),
        )
    row = await tx.first(select(_TABLE).where(_TABLE.c.subject == subject, _TABLE.c.key == key))
    if row is None:
        return None
    if row.body_digest != _digest(body):
        raise Invalid(
            "idempotency_key_reused",
            Text(
                "Mã chống gửi trùng này đã dùng cho một nội dung khác. Hãy gửi lại với mã mới.",
                "This Idempotency-Key was used with another body. Send again with a new key.",
            ),
        )
    return Remembered(row.status, json.loads(row.response))


async def remember(tx: Tx, *, subject: str, key: str, body: object, status: int, response: object) -> None:
    """Store the answer in the transaction of its effect.

    Raises ``Conflict`` (``request_in_progress``) when another request with the same key has just done it: this
    transaction is rolled back, and the repeated request finds the other's answer.
    """
    row = insert(_TABLE).values(
        subject=subject,
        key=key,
        body_digest=_digest(body),
        status=status,
        response=json.dumps(response, ensure_ascii=False),
        created_at=real_now(),
    )
    try:
        await tx.execute(row)
    except IntegrityError:
        raise Conflict(
            "request_in_progress",
            Text("Yêu cầu này đang được xử lý. Bạn chờ một chút.", "This request is being handled. Wait a moment."),
        ) from None


async def once(
    tx: Tx, *, subject: str, key: str | None, body: object, status: int, make: Callable[[], Awaitable[object]]
) -> Remembered:
    """Return the first answer to (``subject``, ``key``); make it, and keep it in this transaction, where there is none.

    Without a key it is made each time. Raises what ``recall``, ``remember`` and ``make`` raise.
    """
    first = await recall(tx, subject=subject, key=key, body=body) if key is not None else None
    if first is not None:
        return first
    made = Remembered(status, await make())
    if key is not None:
        await remember(tx, subject=subject, key=key, body=body, status=status, response=made.response)
    return made


async def forget(tx: Tx, before: datetime) -> int:
    """Delete the answers given before ``before``; return how many."""
    return (await tx.execute(delete(_TABLE).where(_TABLE.c.created_at < before))).rowcount


def _digest(body: object) -> str:
    return digest_bytes(json.dumps(body, sort_keys=True, default=str).encode())


_TABLE = idempotency_table(MetaData())
