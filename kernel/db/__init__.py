"""Transactions. The only module that commits.

One writer at a time per service on either engine: what a writing transaction has read stays true until it commits.

SQLite: WAL, synchronous FULL, one writing connection that always begins with BEGIN IMMEDIATE (a deferred
transaction that reads and then writes fails at once with SQLITE_BUSY_SNAPSHOT), and a small pool of readers.

PostgreSQL: each writing transaction takes the advisory lock of its schema first; tables come from migrations.
"""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CursorResult,
    DateTime,
    Dialect,
    Executable,
    Integer,
    MetaData,
    Table,
    TypeDecorator,
    func,
    select,
)
from sqlalchemy.dialects import postgresql as postgres_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import URL, Row, make_url
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from kernel.clock import real_now
from kernel.db import postgres, sets, sqlite

T = TypeVar("T")

WRITERS = 4
CLOSING = 5.0

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A number that grows for ever: 64 bits everywhere (SQLite counts rows by itself in a column called INTEGER only)."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite gives naive times back; this puts the zone on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Upsert: TypeAlias = sqlite_dialect.Insert | postgres_dialect.Insert


class EventSink(Protocol):
    """Where ``Tx.emit`` writes: the outbox, in the same transaction."""

    async def write(self, connection: AsyncConnection, events: Sequence[object]) -> None:
        """Insert one outbox row per event."""

    def wake(self) -> None:
        """Tell the relay that rows were committed."""


class Tx:
    """One open transaction. Events emitted here are written last and commit with everything else."""

    def __init__(self, connection: AsyncConnection, sink: EventSink | None = None) -> None:
        self.connection = connection
        self.events: list[object] = []
        self._sink = sink
        self._written = 0
        self._after: list[Callable[[], None]] = []

    def emit(self, event: object) -> None:
        """Put ``event`` into the outbox of this transaction."""
        self.events.append(event)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once the transaction is durable (to wake a task; it must not fail)."""
        self._after.append(callback)

    async def execute(
        self, statement: Executable, parameters: Sequence[dict[str, Any]] | dict[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run one statement (executemany when ``parameters`` is a list)."""
        return await _uninterrupted(self.connection.execute(statement, parameters))

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of a query."""
        return (await _uninterrupted(self.connection.execute(statement))).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of a query, or None."""
        return (await _uninterrupted(self.connection.execute(statement))).first()

    async def insert(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert ``rows``, which all have the same columns, in one statement; no defaults are filled in."""
        if rows:
            await _uninterrupted(sets.insert_rows(self.connection, table, rows))

    async def change(self, table: Table, changes: Sequence[sets.Change]) -> int:
        """Write each (known columns, new columns) where a row is as known, in sets; return how many were found."""
        return await _uninterrupted(sets.change_rows(self.connection, table, changes)) if changes else 0

    @property
    def takes_arrays(self) -> bool:
        """Whether rows can be given as one array a column (``kernel.db.sets``)."""
        return self.connection.dialect.name != "sqlite"

    def among(self, place: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
        """Return the condition that ``place`` is one of ``values``, however many they are."""
        return sets.among(self.connection.dialect.name, place, values)

    def insert_unless(self, table: Table) -> Upsert:
        """Return an INSERT that knows ``on_conflict_do_update`` and ``on_conflict_do_nothing`` in this dialect."""
        if self.connection.dialect.name == "sqlite":
            return sqlite_dialect.insert(table)
        return postgres_dialect.insert(table)

    async def now(self) -> datetime:
        """Return real time, aware UTC, by the clock that every process of this database shares: the server's."""
        if self.connection.dialect.name == "sqlite":
            return real_now()
        at: datetime = (await self.all(select(func.clock_timestamp(type_=UtcDateTime))))[0][0]
        return at

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what happens inside, events included, if it raises.

        Events emitted inside are written inside: one that cannot be encoded undoes this savepoint alone.
        """
        await self.write_events()
        kept, waiting = len(self.events), len(self._after)
        inner = self.connection.begin_nested()
        await _uninterrupted(_started(inner))
        try:
            yield
            await self.write_events()
        except BaseException:
            del self.events[kept:]
            del self._after[waiting:]
            self._written = kept
            await _uninterrupted(inner.rollback())
            raise
        await _uninterrupted(inner.commit())

    async def write_events(self) -> None:
        """Write the events emitted since the last call into the outbox, in order."""
        waiting = self.events[self._written :]
        if not waiting:
            return
        if self._sink is None:
            raise RuntimeError("this database has no outbox to emit into")
        await _uninterrupted(self._sink.write(self.connection, waiting))
        self._written = len(self.events)

    def run_after_commit(self) -> None:
        """Run the callbacks; called by ``Database.begin`` alone."""
        for callback in self._after:
            callback()


class Database:
    """One service's database: a file of SQLite or a schema of PostgreSQL, by its URL.

    ``readers`` = 0 keeps a single connection for reads and writes (a small file among many): a ``read`` inside a
    ``begin`` of the same task would wait for itself then. Writers of one process queue up here, not in SQLite; on
    PostgreSQL a few of them wait at the server, so that the lock passes on without a trip in between.
    """

    def __init__(
        self, url: str, tables: MetaData, *, sink: EventSink | None = None, readers: int = 4, cache_kib: int = 2000
    ) -> None:
        self.url: URL = make_url(url)
        self.tables = tables
        self._sink = sink
        self._closed = False
        self._lent = 0
        self._returned = asyncio.Event()
        self._turn: asyncio.Lock | asyncio.Semaphore
        self._reader: AsyncEngine | None = None
        self._remote = self.url.get_backend_name() == "postgresql"
        if self._remote:
            self._writers, self._turn = WRITERS, asyncio.Semaphore(WRITERS)
            self._writer = postgres.open_engine(self.url, writing=True, size=WRITERS)
            self._reader = postgres.open_engine(self.url, writing=False, size=max(readers, 1))
            return
        self._writers, self._turn = 1, asyncio.Lock()
        self._writer = sqlite.open_engine(self.url, writing=True, size=1, cache_kib=cache_kib)
        if readers:
            self._reader = sqlite.open_engine(self.url, writing=False, size=readers, cache_kib=cache_kib)

    @classmethod
    async def open(
        cls, url: str, tables: MetaData, *, sink: EventSink | None = None, readers: int = 4, cache_kib: int = 2000
    ) -> "Database":
        """Open a file and create the tables that are missing; PostgreSQL is not asked for anything yet.

        The file remembers for which set of tables it was made, so that opening it again asks nothing about them.
        """
        database = cls(url, tables, sink=sink, readers=readers, cache_kib=cache_kib)
        if database._remote:
            return database
        wanted = _signature(tables)
        async with database.begin() as tx:
            found = (await tx.connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
            if found != wanted:
                await tx.connection.run_sync(tables.create_all)
                await tx.connection.exec_driver_sql(f"PRAGMA user_version={wanted}")
        return database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a writing transaction; commit on leaving, roll back on any exception.

        After the ``async with`` block has been left without an exception, everything in it is durable. A task
        that is cancelled while it commits waits for the commit, so that what is durable is also told to others.
        Raises ``Unavailable``: ``database_unavailable`` (nothing has happened) or ``outcome_unknown`` (the server
        went away while it committed).
        """
        async with self._turn, self._connection(self._writer) as connection:
            tx = Tx(connection, self._sink)
            transaction = await _begun(connection)
            yield tx
            await tx.write_events()
            await _uninterrupted(self._commit(transaction, tx))

    async def _commit(self, transaction: AsyncTransaction, tx: Tx) -> None:
        try:
            await transaction.commit()
        except BaseException as error:
            await tx.connection.invalidate()
            if self._remote and isinstance(error, SQLAlchemyError) and postgres.means_away(error):
                raise postgres.outcome_unknown() from error
            raise
        tx.run_after_commit()
        if tx.events and self._sink is not None:
            self._sink.wake()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Open a consistent read-only view. Raises ``Unavailable`` (``database_unavailable``)."""
        if self._reader is None:
            async with self._turn, self._connection(self._writer) as connection:
                await _begun(connection)
                yield Tx(connection)
            return
        async with self._connection(self._reader) as connection:
            await _begun(connection)
            yield Tx(connection)

    async def time(self) -> datetime:
        """Return ``Tx.now`` in a view of its own."""
        async with self.read() as tx:
            return await tx.now()

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Lend a connection; whatever it has not committed is rolled back when it comes back."""
        if self._closed:
            raise RuntimeError("this database is closed")
        connection = engine.connect()
        self._lent += 1
        try:
            try:
                await _uninterrupted(_started(connection))
                yield connection
            finally:
                try:
                    if connection.sync_connection is not None:
                        await _uninterrupted(connection.close())
                finally:
                    self._lent -= 1
                    self._returned.set()
        except SQLAlchemyError as error:
            if self._remote and postgres.means_away(error):
                raise postgres.away() from error
            if self._remote and isinstance(error, DataError):
                raise postgres.refused_value() from error
            raise

    async def close(self) -> None:
        """Close every connection; nothing can be opened afterwards. Waits for the writers.

        A connection to a server that comes back after its pool has gone would stay open: those are awaited a while.
        """
        for _ in range(self._writers):
            await self._turn.acquire()
        self._closed = True
        for _ in range(self._writers):
            self._turn.release()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING if self._remote else 0):
                while self._lent:
                    self._returned.clear()
                    await self._returned.wait()
        await self._writer.dispose()
        if self._reader is not None:
            await self._reader.dispose()


def _signature(tables: MetaData) -> int:
    names = sorted(f"{table.name}.{column.name}" for table in tables.tables.values() for column in table.columns)
    indexes = sorted(str(index.name) for table in tables.tables.values() for index in table.indexes)
    return zlib.crc32(" ".join(names + indexes).encode()) & 0x7FFFFFFF


async def _begun(connection: AsyncConnection) -> AsyncTransaction:
    """Begin; a pooled connection that died since its last use (a restarted server) is replaced once."""
    transaction = connection.begin()
    try:
        await _uninterrupted(_started(transaction))
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        transaction = connection.begin()
        await _uninterrupted(_started(transaction))
    return transaction


async def _started(begun: AsyncConnection | AsyncTransaction) -> None:
    await begun.start()


async def _uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` to its end even when cancelled, and only then let the cancellation go on.

    A driver call that is cut in the middle costs its connection, whose open transaction would then block every
    writer until it is collected.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise
