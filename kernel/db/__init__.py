"""Transactions. The only module that commits.

One writer at a time per service on either engine: what a writing transaction has read stays true until it commits.

SQLite: WAL, synchronous FULL, one writing connection that always begins with BEGIN IMMEDIATE (a deferred
transaction that reads and then writes fails at once with SQLITE_BUSY_SNAPSHOT), and a small pool of readers.

PostgreSQL: each writing transaction takes the advisory lock of its schema first; tables come from migrations.
"""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import MetaData
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DataError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction

from kernel.db import postgres, sqlite
from kernel.db.columns import BigId, UtcDateTime
from kernel.db.sets import Question
from kernel.db.transaction import EventSink, Tx, Upsert, started, uninterrupted

__all__ = ["BigId", "Database", "EventSink", "Question", "Tx", "Upsert", "UtcDateTime"]

WRITERS = 4
CLOSING = 5.0


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
            try:
                yield tx
                await tx.write_events()
                await tx.settle()
            finally:
                await tx.leave()
            await uninterrupted(self._commit(transaction, tx))

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
                await uninterrupted(started(connection))
                yield connection
            finally:
                try:
                    if connection.sync_connection is not None:
                        await uninterrupted(connection.close())
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
        await uninterrupted(started(transaction))
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        transaction = connection.begin()
        await uninterrupted(started(transaction))
    return transaction
