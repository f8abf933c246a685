"""Leases in a service's own database: who relays, consumes and schedules. Compare-and-set by the database's clock.

A holder that is named alike after a restart (``Leases(database, "one-process")``) has its leases back at once;
one named anew waits until the old ones have run out.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Column, MetaData, String, Table, delete, insert, select, update

from kernel.db import Database, Tx, UtcDateTime


def lease_table(metadata: MetaData) -> Table:
    """Declare the lease table in a service's metadata."""
    return Table(
        "lease",
        metadata,
        Column("name", String, primary_key=True),
        Column("holder", String, nullable=False),
        Column("until", UtcDateTime, nullable=False),
    )


class Leases:
    """Acquire, renew and release named leases for one ``holder`` (a process)."""

    def __init__(self, database: Database, holder: str, *, ttl: timedelta = timedelta(seconds=15)) -> None:
        self._database = database
        self._table = database.tables.tables["lease"]
        self.holder = holder
        self.ttl = ttl
        self._until: dict[str, float] = {}
        self._lock = asyncio.Lock()

    async def acquire(self, names: Iterable[str]) -> set[str]:
        """Take or renew each of ``names`` that is free, expired or already ours; return those now held.

        Nothing is written while all of them have more than two thirds of ``ttl`` left, nor when none can be had.
        """
        wanted = list(names)
        async with self._lock:
            fresh_until = time.monotonic() + self.ttl.total_seconds() * 2 / 3
            if all(self._until.get(name, fresh_until) > fresh_until for name in wanted):
                return set(wanted)
            if not await self._worth_trying(wanted):
                return set()
            return await self._take(wanted)

    async def _worth_trying(self, wanted: list[str]) -> bool:
        async with self._database.read() as tx:
            rows = await tx.all(select(self._table).where(self._table.c.name.in_(wanted)))
            now = await tx.now()
        taken = {row.name for row in rows if row.holder != self.holder and row.until > now}
        return not taken.issuperset(wanted)

    async def _take(self, wanted: list[str]) -> set[str]:
        async with self._database.begin() as tx:
            begun = time.monotonic()
            now = await tx.now()
            until = now + self.ttl
            rows = await tx.all(select(self._table).where(self._table.c.name.in_(wanted)))
            known = {row.name for row in rows}
            fresh = [name for name in dict.fromkeys(wanted) if name not in known]
            ours = [row.name for row in rows if row.holder == self.holder or row.until <= now]
            if fresh:
                await tx.execute(
                    insert(self._table), [{"name": name, "holder": self.holder, "until": until} for name in fresh]
                )
            if ours:
                await tx.execute(
                    update(self._table).where(self._table.c.name.in_(ours)).values(holder=self.holder, until=until)
                )
        held = {*fresh, *ours}
        for name in wanted:
            self._until.pop(name, None)
        self._until |= dict.fromkeys(held, begun + self.ttl.total_seconds())
        return held

    async def release(self, names: Iterable[str]) -> None:
        """Give back those of ``names`` that are ours, so that another holder need not wait."""
        given = list(names)
        async with self._lock:
            for name in given:
                self._until.pop(name, None)
            async with self._database.begin() as tx:
                await tx.execute(
                    delete(self._table).where(self._table.c.name.in_(given), self._table.c.holder == self.holder)
                )

    async def holders(self, prefix: str) -> dict[str, str]:
        """Return who holds each unexpired lease whose name begins with ``prefix``."""
        async with self._database.read() as tx:
            rows = await tx.all(select(self._table).where(self._table.c.name.startswith(prefix, autoescape=True)))
            now = await tx.now()
        return {row.name: row.holder for row in rows if row.until > now}

    async def still_held(self, tx: Tx, name: str) -> bool:
        """Tell inside ``tx`` whether ``name`` is ours and not expired."""
        row = await tx.first(
            select(self._table.c.until).where(self._table.c.name == name, self._table.c.holder == self.holder)
        )
        return row is not None and row.until > await tx.now()
