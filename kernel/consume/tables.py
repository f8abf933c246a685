"""What a consumer keeps in its service's database: positions, quarantine, and messages that wait."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, func, select
from sqlalchemy.sql.schema import SchemaItem

from kernel.clock import real_now
from kernel.db import BigId, Database, UtcDateTime
from kernel.log import Partition, Record


def consume_tables(metadata: MetaData) -> None:
    """Declare position, quarantine and parked_message in a service's metadata."""
    Table(
        "position",
        metadata,
        Column("consumer", String, primary_key=True),
        Column("topic", String, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("next", BigId, nullable=False),
        Column("topic_id", String, nullable=False),
    )
    Table("quarantine", metadata, *_message_columns(), sqlite_autoincrement=True)
    Table(
        "parked_message",
        metadata,
        *_message_columns(),
        Column("tries", Integer, nullable=False, default=0),
        Column("retry_at", UtcDateTime, nullable=True),
        sqlite_autoincrement=True,
    )


def _message_columns() -> list[SchemaItem]:
    return [
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("consumer", String, nullable=False),
        Column("topic", String, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigId, nullable=False),
        Column("subject", String, nullable=False, index=True),
        Column("key", String, nullable=False),
        Column("headers", String, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("reason", String, nullable=False),
        Column("appended_at", UtcDateTime, nullable=False),
        Column("at", UtcDateTime, nullable=False),
    ]


def row_of(consumer: str, record: Record, reason: str) -> dict[str, object]:
    """Return the row that keeps ``record``, whole, with the reason why it is here."""
    return {
        "consumer": consumer,
        "topic": record.partition.topic,
        "partition": record.partition.number,
        "offset": record.offset,
        "subject": record.subject,
        "key": record.key,
        "headers": json.dumps(dict(record.headers), ensure_ascii=False),
        "body": record.body,
        "reason": reason[:500],
        "appended_at": record.appended_at,
        "at": real_now(),
    }


def record_of(row: Any) -> Record:
    """Return the record that a row keeps."""
    at: datetime = row.appended_at
    return Record(Partition(row.topic, row.partition), row.offset, row.key, json.loads(row.headers), row.body, at)


async def counted(database: Database, table: str) -> int:
    """Return the number of rows in ``quarantine`` or ``parked_message``."""
    async with database.read() as tx:
        row = await tx.first(select(func.count()).select_from(database.tables.tables[table]))
    return int(row[0]) if row else 0
