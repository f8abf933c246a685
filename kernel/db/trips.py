"""Statements to PostgreSQL without waiting for the answer of each: the protocol's pipeline.

The server works on one statement while the next is made, and many questions cost one trip. What goes wrong is raised
by ``settle``, which is called before anything else is said on the connection and before every commit.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.db.arrays import Packed, packer

T = TypeVar("T")
Values = Mapping[str, Any]


class Words(NamedTuple):
    """A statement as the driver takes it: its text, what is always the same, and how arrays are packed."""

    text: str
    fixed: dict[str, Any]
    arrays: dict[str, Callable[[Sequence[Any]], Packed]]

    def with_values(self, values: Values) -> dict[str, Any]:
        """Return every parameter."""
        return self.fixed | {name: self.arrays[name](value) for name, value in values.items()}


_DIALECT: Any = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@lru_cache(1000)
def words(statement: Any) -> Words:
    """Return the words of ``statement``, whose parameters without a value are arrays; kept, so make each once."""
    compiled = statement.compile(dialect=_DIALECT)
    given = {name: bind.type for name, bind in compiled.binds.items() if bind.required}
    arrays = {name: packer(kind.item_type) for name, kind in given.items() if isinstance(kind, ARRAY)}
    fixed = {name: value for name, value in compiled.params.items() if name not in given}
    return Words(str(compiled), fixed, arrays)


class Trips:
    """What is under way on one connection inside its open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._driver: Any = None
        self._pipeline: contextlib.AbstractAsyncContextManager[Any] | None = None
        self._expected: list[tuple[Any, int, type[Exception]]] = []

    @property
    def under_way(self) -> bool:
        """Whether answers are still to come."""
        return self._pipeline is not None

    async def ask(self, questions: Sequence[tuple[Any, Values]]) -> list[Sequence[Any]]:
        """Return the rows of each (query, values): all of them in one trip."""
        try:
            cursors = [await self._say(query, values, binary=True) for query, values in questions]
            await self.settle()
        except BaseException:
            await self.leave()
            raise
        return [await cursor.fetchall() for cursor in cursors]

    async def send(self, statement: Any, values: Values) -> Any:
        """Send one statement; its cursor has the answer after ``settle``."""
        return await self._say(statement, values, binary=False)

    def expect(self, cursor: Any, rows: int, otherwise: type[Exception]) -> None:
        """Let ``settle`` raise ``otherwise`` unless the statement of ``cursor`` has touched ``rows`` rows."""
        self._expected.append((cursor, rows, otherwise))

    async def settle(self) -> None:
        """Wait for every answer. Raises what the server said, as SQLAlchemy would."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None:
            return
        expected, self._expected = self._expected, []
        await self._told(pipeline.__aexit__(None, None, None))
        for cursor, rows, otherwise in expected:
            if cursor.rowcount != rows:
                raise otherwise

    async def leave(self) -> None:
        """Give up what is under way: the transaction will be rolled back."""
        pipeline, self._pipeline = self._pipeline, None
        self._expected = []
        if pipeline is not None:
            with contextlib.suppress(Exception):
                await pipeline.__aexit__(None, None, None)

    async def _say(self, statement: Any, values: Values, *, binary: bool) -> Any:
        said = words(statement)
        try:
            parameters = said.with_values(values)
        except psycopg.Error as error:
            raise _wrapped(error, gone=False) from error
        if self._driver is None:
            self._driver = (await self._connection.get_raw_connection()).driver_connection
        if self._pipeline is None:
            pipeline = self._driver.pipeline()
            await self._told(pipeline.__aenter__())
            self._pipeline = pipeline
        cursor = self._driver.cursor(row_factory=namedtuple_row)
        await self._told(cursor.execute(said.text, parameters, prepare=True, binary=binary))
        return cursor

    async def _told(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except psycopg.Error as error:
            gone = self._driver.closed or self._driver.broken
            if gone:
                await self.leave()
                await self._connection.invalidate()
            raise _wrapped(error, gone=gone) from error


def _wrapped(error: psycopg.Error, *, gone: bool) -> Exception:
    return DBAPIError.instance(
        None, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=gone, dialect=_DIALECT
    )
