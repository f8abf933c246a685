"""One open transaction: what a use case says to its database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, CursorResult, Executable, Table, func, insert, select
from sqlalchemy.dialects import postgresql as postgres_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from kernel.clock import real_now
from kernel.db import sets
from kernel.db.columns import UtcDateTime
from kernel.db.sets import Question
from kernel.db.trips import Trips

T = TypeVar("T")

Upsert: TypeAlias = sqlite_dialect.Insert | postgres_dialect.Insert


class EventSink(Protocol):
    """Where ``Tx.emit`` writes: the outbox, in the same transaction."""

    async def write(self, tx: "Tx", events: Sequence[object]) -> None:
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
        self._trips = Trips(connection)

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
        await self.settle()
        return await uninterrupted(self.connection.execute(statement, parameters))

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of a query."""
        return (await self.execute(statement)).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of a query, or None."""
        return (await self.execute(statement)).first()

    async def ask(self, *questions: tuple[Question, Collection[Any]]) -> list[Sequence[Any]]:
        """Return the rows of each question about these values; PostgreSQL gets all questions in one trip."""
        if self.takes_arrays:
            asked = [(question.of_array, {"values": list(values)}) for question, values in questions]
            return await uninterrupted(self._trips.ask(asked))
        return [(await self.execute(question.of_list, {"values": list(of)})).all() for question, of in questions]

    async def insert(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert ``rows``, which all have the same columns, in one statement; no defaults are filled in.

        PostgreSQL's answer is not waited for: what is wrong is raised later, before the commit at the latest.
        """
        if not rows:
            return
        if self.takes_arrays:
            statement = sets.insertion(table, tuple(rows[0]))
            await uninterrupted(self._trips.send(statement, sets.columns_of(rows)))
        else:
            await self.execute(insert(table), rows)

    async def insert_newer(self, table: Table, rows: Sequence[dict[str, Any]], *, key: str, version: str) -> None:
        """Insert ``rows``; one whose ``key`` is there is written over where its ``version`` is greater.

        Like ``insert`` it does not wait for PostgreSQL's answer.
        """
        if not rows:
            return
        statement = sets.insertion_of_newer(table, tuple(rows[0]), key, version, self.takes_arrays)
        if self.takes_arrays:
            await uninterrupted(self._trips.send(statement, sets.columns_of(rows)))
        else:
            await self.execute(statement, rows)

    async def change(self, table: Table, changes: Sequence[sets.Change]) -> int:
        """Write each (known columns, new columns) where a row is as known, in sets; return how many were found."""
        done = [await self._change(table, group, rows) for group, rows in sets.grouped(changes).items()]
        await self.settle()
        return sum(answer.rowcount for answer in done)

    async def must_change(self, table: Table, changes: Sequence[sets.Change], otherwise: type[Exception]) -> None:
        """Do as ``change`` does, and raise ``otherwise`` where a row was not as known, before the commit at the latest.

        Like ``insert`` it does not wait for PostgreSQL's answer.
        """
        for group, rows in sets.grouped(changes).items():
            answer = await self._change(table, group, rows)
            if self.takes_arrays:
                self._trips.expect(answer, len(rows), otherwise)
            elif answer.rowcount != len(rows):
                raise otherwise

    async def _change(self, table: Table, group: sets.Group, rows: list[dict[str, Any]]) -> Any:
        statement = sets.changing(table, *group, self.takes_arrays)
        if self.takes_arrays:
            return await uninterrupted(self._trips.send(statement, sets.columns_of(rows)))
        return await self.execute(statement, rows)

    async def settle(self) -> None:
        """Wait until everything that was sent is answered. Raises what was wrong with it."""
        if self._trips.under_way:
            await uninterrupted(self._trips.settle())

    async def leave(self) -> None:
        """Give up what is under way; called by ``Database.begin`` alone."""
        if self._trips.under_way:
            await uninterrupted(self._trips.leave())

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
        await self.settle()
        kept, waiting = len(self.events), len(self._after)
        inner = self.connection.begin_nested()
        await uninterrupted(started(inner))
        try:
            yield
            await self.write_events()
            await self.settle()
        except BaseException:
            await self.leave()
            del self.events[kept:]
            del self._after[waiting:]
            self._written = kept
            await uninterrupted(inner.rollback())
            raise
        await uninterrupted(inner.commit())

    async def write_events(self) -> None:
        """Write the events emitted since the last call into the outbox, in order."""
        waiting = self.events[self._written :]
        if not waiting:
            return
        if self._sink is None:
            raise RuntimeError("this database has no outbox to emit into")
        await self._sink.write(self, waiting)
        self._written = len(self.events)

    def run_after_commit(self) -> None:
        """Run the callbacks; called by ``Database.begin`` alone."""
        for callback in self._after:
            callback()


async def started(begun: AsyncConnection | AsyncTransaction) -> None:
    """Await the start of a connection or transaction."""
    await begun.start()


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
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
