"""SQLite under SQLAlchemy, for many small files in one process.

A connection lives in a thread of its own, and each call to it is a trip there and back. The stock driver makes four
trips for a statement (cursor, execute, fetch, close); here it is one, and so are the settings of a new connection.
All files share two dialects and one store of compiled statements: the same query is compiled once, not once a file.
"""

import collections
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.engine import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import EMPTY_DICT, LRUCache
from sqlalchemy.util.concurrency import await_

PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY")


@dataclass(slots=True)
class _Answer:
    """What a statement left behind; stands where SQLAlchemy expects the driver's cursor."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()
    arraysize: int = 1


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Executes and fetches in one trip; there is nothing left to close afterwards."""

    __slots__ = ()
    _cursor: Any
    _connection: Any

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor = _Answer()
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = collections.deque()

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        return

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._run(_execute, operation, parameters if parameters is not None else ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._run(_execute_many, operation, seq_of_parameters)

    async def _run(self, work: Any, operation: str, parameters: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            self._cursor = await self._connection._execute(work, self._connection._conn, operation, parameters)
        self._rows, self._cursor.rows = collections.deque(self._cursor.rows), ()


def _execute(connection: sqlite3.Connection, operation: str, parameters: Sequence[Any]) -> _Answer:
    return _answer(connection.execute(operation, parameters))


def _execute_many(connection: sqlite3.Connection, operation: str, parameters: Sequence[Any]) -> _Answer:
    return _answer(connection.executemany(operation, parameters))


def _answer(cursor: sqlite3.Cursor) -> _Answer:
    rows = cursor.fetchall() if cursor.description else ()
    answer = _Answer(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    cursor.close()
    return answer


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        pragmas = kw.pop("pragmas")
        connection: Any = aiosqlite.connect(*arg, **kw)
        connection._thread.daemon = True
        opened = _Connection(self, await_(connection))
        try:
            await_(connection.executescript(pragmas))
        except BaseException:
            opened.close()
            raise
        return opened


class _Dialect(SQLiteDialect_aiosqlite):
    """``begin`` is said at the start of each transaction."""

    supports_statement_cache = True

    def __init__(self, begin: str) -> None:
        super().__init__(dbapi=_Driver(aiosqlite, sqlite3))
        self.server_version_info = sqlite3.sqlite_version_info
        self.default_schema_name = "main"
        self._begin = begin

    def do_begin(self, dbapi_connection: Any) -> None:
        cursor = dbapi_connection.cursor()
        cursor.execute(self._begin)
        cursor.close()


_WRITING = _Dialect("BEGIN IMMEDIATE")
_READING = _Dialect("BEGIN")
_COMPILED: LRUCache[Any, Any] = LRUCache(2000)


def open_engine(url: URL, *, writing: bool, size: int, cache_kib: int) -> AsyncEngine:
    """Return an engine on one file with at most ``size`` connections; nothing is opened before the first use.

    Raises ``ValueError`` for the URL of another database.
    """
    if url.get_backend_name() != "sqlite":
        raise ValueError(f"no engine for {url.get_backend_name()}")
    dialect = _WRITING if writing else _READING
    arguments, options = dialect.create_connect_args(url)
    wanted = (*PRAGMAS, f"cache_size=-{cache_kib}", *(() if writing else ("query_only=ON",)))
    # The driver begins nothing by itself: isolation_level None.
    # With isolation_level None Python begins nothing by itself.
    settings = "".join(f"PRAGMA {pragma};" for pragma in wanted)
    opening = partial(dialect.connect, *arguments, **options, isolation_level=None, pragmas=settings)
    pool = AsyncAdaptedQueuePool(opening, pool_size=size, max_overflow=0, reset_on_return=None, dialect=dialect)
    kept = {"compiled_cache": _COMPILED}
    return AsyncEngine(Engine(pool, dialect, url, hide_parameters=True, execution_options=kept))
