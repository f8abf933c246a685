"""Messages that could not be applied yet: kept in order per subject, tried again, then left for a person."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import delete, func, insert, select, update

from kernel.clock import real_now
from kernel.consume.tables import record_of, row_of
from kernel.db import Database, Question, Tx
from kernel.errors import Reject
from kernel.log import Record

TRIES = 5
BACKOFF = (1, 4, 15, 30)
DUE_AT_ONCE = 20
ADVANCED_AT_ONCE = 50
LOOK_AGAIN = timedelta(seconds=5)

QUARANTINED = Counter("motcua_quarantined_total", "Messages that can never be applied", ["consumer"])
PARKED = Gauge("motcua_parked_messages", "Messages that wait for a retry or a person", ["consumer"])

Apply = Callable[[Tx, Sequence[Record]], Awaitable[None]]

logger = structlog.get_logger()


class Gone(Exception):
    """Another process has taken the row meanwhile."""


class Parking:
    """Quarantine and waiting messages of one consumer."""

    def __init__(self, consumer: str, database: Database, apply: Apply, backoff: Sequence[float] = BACKOFF) -> None:
        self._consumer = consumer
        self._database = database
        self._apply = apply
        self._backoff = backoff
        self._quarantine = database.tables.tables["quarantine"]
        self._parked = database.tables.tables["parked_message"]
        mine = select(self._parked.c.subject).where(self._parked.c.consumer == consumer).distinct()
        self._waiting = Question(mine, self._parked.c.subject)
        self.next_retry: datetime | None = real_now()

    async def waiting(self, tx: Tx, subjects: Iterable[str]) -> set[str]:
        """Return those of ``subjects`` that have a message waiting."""
        [rows] = await tx.ask((self._waiting, set(subjects)))
        return {row.subject for row in rows}

    async def queue_behind(self, tx: Tx, records: Sequence[Record]) -> None:
        """Keep ``records`` behind the waiting messages of their subjects."""
        rows = [row_of(self._consumer, record, "behind a waiting message") for record in records]
        if rows:
            await tx.execute(insert(self._parked), [{**row, "tries": 0, "retry_at": None} for row in rows])

    async def take(self, tx: Tx, record: Record) -> bool:
        """Apply one message under a savepoint; quarantine or keep it if that fails. False = its subject waits."""
        try:
            async with tx.savepoint():
                await self._apply(tx, [record])
        except Reject as reject:
            await self.set_aside(tx, record, reject.reason)
        except Exception as error:
            reason = _reason(error)
            logger.warning("message_failed", consumer=self._consumer, tries=1, error=type(error).__name__)
            row = row_of(self._consumer, record, reason)
            await tx.execute(insert(self._parked).values(**row, tries=1, retry_at=self._after(1)))
            return False
        return True

    async def retry_due(self) -> None:
        """Try again the first message of every subject whose time has come."""
        if self.next_retry is None or self.next_retry > real_now():
            return
        async with self._database.read() as tx:
            heads = await self._heads(tx)
        now = real_now()
        due = [subject for subject, at in heads if at <= now]
        for subject in due[:DUE_AT_ONCE]:
            await self.advance(subject, limit=ADVANCED_AT_ONCE)
        async with self._database.read() as tx:
            heads = await self._heads(tx)
            count = await tx.first(
                select(func.count()).select_from(self._parked).where(self._parked.c.consumer == self._consumer)
            )
        # An operator may have asked for a retry in the table, from another process.
        self.next_retry = min([real_now() + LOOK_AGAIN, *(at for _, at in heads)])
        PARKED.labels(self._consumer).set(count[0] if count else 0)

    async def advance(self, subject: str, *, by_hand: bool = False, limit: int | None = None) -> int:
        """Apply the waiting messages of ``subject`` in order until one fails; return how many were settled."""
        done = 0
        try:
            while (limit is None or done < limit) and await self._advance_one(subject, by_hand):
                done += 1
        except Gone:
            logger.info("retry_overtaken", consumer=self._consumer)
        return done

    async def _advance_one(self, subject: str, by_hand: bool) -> bool:
        table = self._parked
        async with self._database.begin() as tx:
            row = await tx.first(
                select(table)
                .where(table.c.consumer == self._consumer, table.c.subject == subject)
                .order_by(table.c.id)
                .limit(1)
            )
            if row is None or (row.tries >= TRIES and not by_hand):
                return False
            try:
                async with tx.savepoint():
                    await self._apply(tx, [record_of(row)])
            except Reject as reject:
                await self.set_aside(tx, record_of(row), reject.reason)
            except Exception as error:
                tries = row.tries + 1
                logger.warning("message_failed", consumer=self._consumer, tries=tries, error=type(error).__name__)
                retry_at = self._after(tries)
                await tx.execute(
                    update(table)
                    .where(table.c.id == row.id)
                    .values(tries=tries, retry_at=retry_at, reason=_reason(error))
                )
                return False
            gone = await tx.execute(delete(table).where(table.c.id == row.id))
            if gone.rowcount != 1:
                raise Gone
        return True

    async def set_aside(self, tx: Tx, record: Record, reason: str) -> None:
        """Put one message into the quarantine, whole, with its reason."""
        await tx.execute(insert(self._quarantine).values(**row_of(self._consumer, record, reason)))
        QUARANTINED.labels(self._consumer).inc()
        logger.warning(
            "quarantined",
            consumer=self._consumer,
            topic=record.partition.topic,
            partition=record.partition.number,
            offset=record.offset,
        )

    async def _heads(self, tx: Tx) -> list[tuple[str, datetime]]:
        table = self._parked
        first = (
            select(func.min(table.c.id)).where(table.c.consumer == self._consumer).group_by(table.c.subject)
        ).scalar_subquery()
        rows = await tx.all(
            select(table.c.subject, table.c.retry_at, table.c.at)
            .where(table.c.id.in_(first), table.c.tries < TRIES)
            .order_by(table.c.id)
        )
        return [(row.subject, row.retry_at or row.at) for row in rows]

    def _after(self, tries: int) -> datetime | None:
        if tries >= TRIES:
            return None
        at = real_now() + timedelta(seconds=self._backoff[tries - 1])
        self.next_retry = min(self.next_retry or at, at)
        return at


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
