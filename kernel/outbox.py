"""State and event commit together: outbox rows in the service's transaction, one relay that publishes them.

At-least-once on the wire. The relay selects what is unsent (never ``id > last``), under a lease, oldest first, and
deletes rows after the log has acknowledged them. A relay that lost its lease may repeat old messages late; every
message carries (subject, subject_version), and receivers apply by version. On a compacted topic such a repeat would be
the one that stays: a relay that finds its rows already gone has the current state said once more (``overtaken``).
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Column, LargeBinary, MetaData, Row, Select, String, Table, delete, func, select

from kernel.clock import real_now
from kernel.db import BigId, Database, Tx, UtcDateTime
from kernel.digest import instant
from kernel.errors import Text, TooLarge
from kernel.lease import Leases
from kernel.log import MAX_BODY, Log, Message
from kernel.telemetry import failpoint

LEASE = "relay"
BATCH = 500
BATCH_BYTES = 8 * MAX_BODY
MEASURED = 5.0
ID = 16  # random bytes

DEPTH = Gauge("motcua_outbox_depth", "Events committed and not yet on the log", ["source"])
OLDEST = Gauge("motcua_outbox_oldest_seconds", "Age of the oldest event that is not yet on the log", ["source"])
SENT = Counter("motcua_outbox_sent_total", "Events that the log has acknowledged", ["source"])
FAILED = Counter("motcua_outbox_failures_total", "Attempts to publish that failed", ["source"])
OVERTAKEN = Counter("motcua_outbox_overtaken_total", "Batches that another relay had published meanwhile", ["source"])

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One encoded event. ``version`` is the subject's version: receivers upsert by it."""

    topic: str
    key: str
    type: str
    subject: str
    version: int
    body: bytes


Encode = Callable[[object], Outgoing]
Overtaken = Callable[[Collection[str]], Awaitable[object]]


def outbox_table(metadata: MetaData) -> Table:
    """Declare the outbox in a service's metadata (AUTOINCREMENT: an id is never used twice)."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("topic", String, nullable=False),
        Column("key", String, nullable=False),
        Column("type", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("version", BigId, nullable=False),
        Column("ce_id", String, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )


class Outbox:
    """The sink of ``Tx.emit``: encodes events with the service's own function and inserts their rows."""

    def __init__(self, table: Table, encode: Encode) -> None:
        self._table = table
        self._encode = encode
        self.committed = asyncio.Event()

    async def write(self, tx: Tx, events: Sequence[object]) -> None:
        """Insert one row per event, in order. Raises ``TooLarge`` for what the log would refuse for ever."""
        now = real_now()
        rows = []
        ids = os.urandom(ID * len(events)).hex()
        for number, event in enumerate(events):
            out = self._encode(event)
            if len(out.body) > MAX_BODY:
                raise TooLarge(
                    "event_too_large",
                    Text("Nội dung này lớn quá để chuyển đi.", "This content is too large to be passed on."),
                )
            rows.append(
                {
                    "topic": out.topic,
                    "key": out.key,
                    "type": out.type,
                    "subject": out.subject,
                    "version": out.version,
                    "ce_id": ids[2 * ID * number : 2 * ID * (number + 1)],
                    "body": out.body,
                    "created_at": now,
                }
            )
        await tx.insert(self._table, rows)

    def wake(self) -> None:
        """Tell the relay that rows were committed."""
        self.committed.set()


class Relay:
    """Publishes one service's outbox. Run any number; the lease lets one work.

    ``overtaken`` is given the subjects that were repeated late, and emits what they are now: for compacted topics.
    """

    def __init__(
        self,
        *,
        source: str,
        database: Database,
        outbox: Outbox,
        log: Log,
        leases: Leases,
        overtaken: Overtaken | None = None,
    ) -> None:
        self._source = source
        self._database = database
        self._table = database.tables.tables["outbox"]
        self._outbox = outbox
        self._log = log
        self._leases = leases
        self._overtaken = overtaken
        self._unsent = _unsent(self._table)
        self._repeated: set[str] = set()
        self.last_ack = real_now()
        self._measured = 0.0

    async def run(self) -> None:
        """Publish for ever; survives every failure of log and database."""
        pause = 0.1
        while True:
            self._outbox.committed.clear()
            try:
                await self._say_again()
                if not await self._leases.acquire([LEASE]):
                    await asyncio.sleep(1)
                    continue
                sent = await self.publish_once()
                await self._measure()
                pause = 0.1
            except Exception as error:
                FAILED.labels(self._source).inc()
                logger.warning("relay_failed", source=self._source, error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            if not sent:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._outbox.committed.wait(), 1.0)

    async def publish_once(self) -> int:
        """Send the oldest unsent rows, delete them after the ack, return how many."""
        rows = await self._oldest()
        if not rows:
            return 0
        await self._log.append(
            [
                Message(
                    row.topic,
                    row.key,
                    {
                        "ce_id": row.ce_id,
                        "ce_type": row.type,
                        "ce_source": self._source,
                        "ce_time": instant(row.created_at),
                        "subject": row.subject,
                        "subject_version": str(row.version),
                    },
                    row.body,
                )
                for row in rows
            ]
        )
        self.last_ack = real_now()
        failpoint("outbox_published")
        async with self._database.begin() as tx:
            done = await tx.execute(delete(self._table).where(tx.among(self._table.c.id, [row.id for row in rows])))
            gone = done.rowcount
        SENT.labels(self._source).inc(len(rows))
        if gone < len(rows):
            OVERTAKEN.labels(self._source).inc()
            logger.warning("relay_overtaken", source=self._source, repeated=len(rows) - gone)
            self._repeated |= {row.subject for row in rows}
        return len(rows)

    async def _say_again(self) -> None:
        if self._repeated and self._overtaken is not None:
            await self._overtaken(frozenset(self._repeated))
        self._repeated.clear()

    async def _oldest(self) -> Sequence[Row[Any]]:
        async with self._database.read() as tx:
            return await tx.all(self._unsent)

    async def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured < MEASURED:
            return
        self._measured = now
        async with self._database.read() as tx:
            oldest = await tx.first(select(self._table.c.created_at).order_by(self._table.c.id).limit(1))
        DEPTH.labels(self._source).set(await self.waiting())
        age = (real_now() - oldest.created_at).total_seconds() if oldest else 0.0
        OLDEST.labels(self._source).set(age)

    async def waiting(self) -> int:
        """Return how many rows are not yet published."""
        async with self._database.read() as tx:
            row = await tx.first(select(func.count()).select_from(self._table))
        return int(row[0]) if row else 0


def _unsent(table: Table) -> Select[Any]:
    """Return the query of the oldest rows: as many as go out together, by number and by bytes, at least one."""
    oldest = select(table).order_by(table.c.id).limit(BATCH).subquery()
    size = func.length(oldest.c.body)
    counted = select(*oldest.c, size.label("size"), func.sum(size).over(order_by=oldest.c.id).label("sum")).subquery()
    fits = (counted.c.sum <= BATCH_BYTES) | (counted.c.sum == counted.c.size)
    return select(*(counted.c[column.name] for column in table.c)).where(fits).order_by(counted.c.id)


async def until_short(database: Database, *, below: int = 2000, patience: float = 5.0) -> None:
    """Wait until fewer than ``below`` events wait in the outbox, so that live ones do not queue up behind many others.

    Where none of them leaves within ``patience`` seconds nobody publishes now, and nobody is held up either.
    """
    table = database.tables.tables["outbox"]
    fewest, since = None, time.monotonic()
    while True:
        async with database.read() as tx:
            row = await tx.first(select(func.count()).select_from(table))
        waiting = int(row[0]) if row else 0
        if waiting < below:
            return
        if fewest is None or waiting < fewest:
            fewest, since = waiting, time.monotonic()
        elif time.monotonic() - since > patience:
            return
        await asyncio.sleep(0.2)
