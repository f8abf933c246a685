"""What was ever committed to outboxes on PostgreSQL, noted by the database itself, and what is on the log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from kernel.log import Log, Partition, Record
from kernel.log_kafka import KafkaLog
from motcua.topics import TOPICS

NOTE = """
CREATE TABLE {schema}.committed (LIKE {schema}.outbox);
CREATE FUNCTION {schema}.note_committed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO {schema}.committed SELECT (NEW).*; RETURN NULL; END $$;
CREATE TRIGGER committed AFTER INSERT ON {schema}.outbox FOR EACH ROW EXECUTE FUNCTION {schema}.note_committed();
"""


@dataclass(frozen=True, slots=True)
class Committed:
    """One row that an outbox ever had."""

    source: str
    id: int
    ce_id: str
    topic: str
    subject: str
    version: int


def keep_ledger(address: str, schemas: Iterable[str]) -> None:
    """Have the database note every row that the outboxes of ``schemas`` get from now on."""
    with psycopg.connect(address, autocommit=True) as connection:
        for schema in schemas:
            connection.execute(sql.SQL(NOTE).format(schema=sql.Identifier(schema)))


def committed(address: str, schemas: Iterable[str]) -> list[Committed]:
    """Return what was noted, each outbox in its order."""
    found: list[Committed] = []
    query = sql.SQL("SELECT id, ce_id, topic, subject, version FROM {}.committed ORDER BY id")
    with psycopg.connect(address, autocommit=True) as connection:
        for schema in schemas:
            rows = connection.execute(query.format(sql.Identifier(schema))).fetchall()
            found += [Committed(schema, *row) for row in rows]
    return found


def waiting(address: str, schemas: Iterable[str]) -> int:
    """Return how many rows wait in the outboxes."""
    count = 0
    with psycopg.connect(address, autocommit=True) as connection:
        for schema in schemas:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}.outbox").format(sql.Identifier(schema))
            ).fetchone()
            count += row[0] if row else 0
    return count


async def read_all(log: Log, topics: Sequence[str]) -> list[Record]:
    """Return every record of ``topics`` up to their present ends, each partition in its order."""
    starts: dict[Partition, int] = {}
    ends: dict[Partition, int] = {}
    for topic in topics:
        starts |= await log.starts(topic)
        ends |= await log.ends(topic)
    reader = log.reader()
    try:
        await reader.assign(starts)
        records: list[Record] = []
        while any(reader.passed()[place] < end for place, end in ends.items()):
            records += await reader.poll(limit=2000)
        return records
    finally:
        await reader.close()


async def on_the_log(brokers: str, topics: Sequence[str]) -> list[Record]:
    """Return every record of ``topics`` on Kafka."""
    log = KafkaLog(brokers, TOPICS, single_broker=True)
    try:
        return await read_all(log, topics)
    finally:
        await log.close()


def faults(rows: Sequence[Committed], records: Sequence[Record]) -> list[str]:
    """Return what is missing on the log, and where a subject's events came first in another order than committed.

    Repeats are allowed: only the first of each event counts.
    """
    first: dict[str, int] = {}
    for at, record in enumerate(records):
        first.setdefault(record.headers["ce_id"], at)
    found = [f"missing: {row}" for row in rows if row.ce_id not in first]
    latest: dict[tuple[str, str, str], Committed] = {}
    for row in sorted((row for row in rows if row.ce_id in first), key=lambda row: first[row.ce_id]):
        place = (row.source, row.topic, row.subject)
        before = latest.get(place)
        if before is not None and before.id > row.id:
            found.append(f"out of order: {before} came before {row}")
        latest[place] = row
    return found
