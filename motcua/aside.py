"""``motcua events list``: what every service has set aside, with its reason. It only reads."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData, select
from sqlalchemy.exc import OperationalError

from kernel.consume import consume_tables
from kernel.db import Database

TABLES = MetaData()
consume_tables(TABLES)


@dataclass(frozen=True, slots=True)
class SetAside:
    """One message: where it lies, what it is about, why; ``kind`` is quarantine or parked."""

    service: str
    kind: str
    subject: str
    place: str
    at: str
    reason: str


async def set_aside(data: Path) -> list[SetAside]:
    """Return every quarantined and parked message of the services below ``data``, oldest first in each."""
    found = []
    for path in sorted((data / "services").glob("*.db")):
        database = Database(f"sqlite+aiosqlite:///{path}", TABLES, readers=1)
        try:
            for name, kind in (("quarantine", "quarantine"), ("parked_message", "parked")):
                found += await _rows(database, path.stem, name, kind)
        finally:
            await database.close()
    return found


async def _rows(database: Database, service: str, name: str, kind: str) -> list[SetAside]:
    table = TABLES.tables[name]
    columns = (table.c.subject, table.c.topic, table.c.partition, table.c.offset, table.c.at, table.c.reason)
    try:
        async with database.read() as tx:
            rows = await tx.all(select(*columns).order_by(table.c.id))
    except OperationalError:  # a service that consumes nothing has no such table
        return []
    return [
        SetAside(
            service,
            kind,
            row.subject,
            f"{row.topic}/{row.partition}@{row.offset}",
            row.at.isoformat(timespec="seconds"),
            row.reason,
        )
        for row in rows
    ]
