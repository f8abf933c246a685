"""``Idempotency-Key``: one row in the transaction of the effect; the race of two is settled by the primary key."""

import json
from dataclasses import dataclass

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from kernel.clock import real_now
from kernel.db import Tx, UtcDateTime
from kernel.digest import digest_of
from kernel.errors import Invalid, Text


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

    Raises ``Invalid`` (``idempotency_key_reused``) when the key was used with another body.
    """
    row = await tx.first(select(_TABLE).where(_TABLE.c.subject == subject, _TABLE.c.key == key))
    if row is None:
        return None
    if row.body_digest != digest_of(body):
        raise Invalid(
            "idempotency_key_reused",
            Text(
                "Mã chống gửi trùng này đã dùng cho một nội dung khác. Hãy gửi lại với mã mới.",
                "This Idempotency-Key was used with another body. Send again with a new key.",
            ),
        )
    return Remembered(row.status, json.loads(row.response))


async def remember(tx: Tx, *, subject: str, key: str, body: object, status: int, response: object) -> None:
    """Store the answer in the transaction of its effect."""
    await tx.execute(
        insert(_TABLE).values(
            subject=subject,
            key=key,
            body_digest=digest_of(body),
            status=status,
            response=json.dumps(response, ensure_ascii=False),
            created_at=real_now(),
        )
    )


_TABLE = idempotency_table(MetaData())
