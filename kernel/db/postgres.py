"""PostgreSQL under SQLAlchemy: psycopg 3, one writer at a time per schema.

A writing transaction begins with an advisory lock of its schema, in the same trip as BEGIN: what it reads cannot
change before it commits, in any process, as on SQLite. The lock ends with the transaction, also when its process dies.
Transactions are begun by our own words (the driver stands in autocommit), so a view and its isolation cost one trip.
"""

from functools import cache, partial
from typing import Any

from psycopg.types.array import ListBinaryDumper
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import LRUCache
from sqlalchemy.util.concurrency import await_

from kernel.db import arrays
from kernel.errors import Invalid, Text, Unavailable

WRITER_LOCK = 1_836_016_483
RETRY_AFTER = 3
POOL_WAIT = 20.0

BEGIN_WRITING = f"BEGIN; SELECT pg_advisory_xact_lock({WRITER_LOCK}, hashtext(coalesce(current_schema(), '')))"
BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# A writer that is frozen inside its transaction (a paused process, a cut line) loses it before those who wait give up.
SESSION = {
    "search_path": '"$user"',
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "20s",
    "statement_timeout": "30s",
}
# A server that went away without a word is noticed within some 15 seconds.
NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class _Dialect(PGDialectAsync_psycopg):
    """``begin`` is said at the start of each transaction. Nothing is asked of a server before the first use."""

    supports_statement_cache = True

    def __init__(self, begin: str) -> None:
        driver: Any = PGDialectAsync_psycopg
        super().__init__(dbapi=driver.import_dbapi())  # type: ignore[no-untyped-call]
        self.server_version_info = (15,)
        self.default_schema_name = "public"
        self._backslash_escapes = False
        self._begin = begin

    def do_begin(self, dbapi_connection: Any) -> None:
        # Two statements cannot be prepared, and the driver would try from the fifth time on.
        await_(dbapi_connection.driver_connection.execute(self._begin, prepare=False))


@cache
def _dialect(begin: str) -> _Dialect:
    return _Dialect(begin)


_COMPILED: LRUCache[Any, Any] = LRUCache(2000)


def open_engine(url: URL, *, writing: bool, size: int, name: str = "motcua") -> AsyncEngine:
    """Return an engine with at most ``size`` connections; nothing is opened before the first use.

    ``options`` in the URL's query come after ours, so ``options=-csearch_path=…`` chooses another schema.
    """
    dialect: Any = _dialect(BEGIN_WRITING if writing else BEGIN_READING)
    arguments, options = dialect.create_connect_args(url)
    # Arrays of many rows go over in binary: as text, the driver takes ten times as long over each value.
    options["context"].register_dumper(list, ListBinaryDumper)
    arrays.teach(options["context"])
    session = " ".join(f"-c {key}={value}" for key, value in SESSION.items())
    wanted = {"application_name": name, **NETWORK, **options, "options": f"{session} {options.get('options', '')}"}
    opening = partial(dialect.connect, *arguments, **wanted, autocommit=True)
    pool = AsyncAdaptedQueuePool(opening, pool_size=size, max_overflow=0, timeout=POOL_WAIT, dialect=dialect)
    return AsyncEngine(
        Engine(pool, dialect, url, hide_parameters=True, execution_options={"compiled_cache": _COMPILED})
    )


def means_away(error: SQLAlchemyError) -> bool:
    """Tell whether ``error`` is the server's or the line's fault (away, overloaded, timed out), not the statement's."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError)
    return isinstance(error, PoolTimeout | PendingRollbackError)


def away() -> Unavailable:
    """Return the error of a database that cannot be used now; what was asked has not happened."""
    return Unavailable(
        "database_unavailable",
        Text(
            "Hệ thống đang tạm nghỉ. Chưa có gì thay đổi. Bạn thử lại sau ít phút.",
            "The system is away for a moment. Nothing has changed. Try again in a few minutes.",
        ),
        retry_after=RETRY_AFTER,
    )


def refused_value() -> Invalid:
    """Return the error of a value that no column can hold: a number beyond its range, a zero byte in a text."""
    return Invalid(
        "bad_value",
        Text("Một giá trị bạn gửi không dùng được.", "A value that you sent cannot be used."),
    )


def outcome_unknown() -> Unavailable:
    """Return the error of a COMMIT whose answer was lost: it may have happened or not."""
    return Unavailable(
        "outcome_unknown",
        Text(
            "Hệ thống chưa rõ việc vừa rồi đã ghi xong chưa. Bạn mở lại trang để xem rồi hãy làm tiếp.",
            "It is not known yet whether this was saved. Open the page again to see before you go on.",
        ),
        retry_after=RETRY_AFTER,
    )
