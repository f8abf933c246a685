"""Leases in a service's own database: who relays, consumes and schedules. Real time, compare-and-set."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Column, MetaData, String, Table, delete, insert, select, update

from kernel.clock import real_now
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
        self._lock = asyncio.Lock()

    async def acquire(self, names: Iterable[str]) -> set[str]:
        """Take or renew each of ``names`` that is free, expired or already ours; return those now held."""
        wanted = list(names)
        now = real_now()
        async with self._lock, self._database.begin() as tx:
            rows = await tx.all(select(self._table).where(self._table.c.name.in_(wanted)))
            known = {row.name: row for row in rows}
            fresh = [name for name in wanted if name not in known]
            ours = [row.name for row in rows if row.holder == self.holder or row.until <= now]
            if fresh:
                await tx.execute(
                    insert(self._table),
                    [{"name": name, "holder": self.holder, "until": now + self.ttl} for name in fresh],
                )
            if ours:
                await tx.execute(
                    update(self._table)
                    .where(self._table.c.name.in_(ours))
                    .values(holder=self.holder, until=now + self.ttl)
                )
            return {*fresh, *ours}

    async def release(self, names: Iterable[str]) -> None:
        """Give back those of ``names`` that are ours, so that another holder need not wait."""
        async with self._lock, self._database.begin() as tx:
            await tx.execute(
                delete(self._table).where(self._table.c.name.in_(list(names)), self._table.c.holder == self.holder)
            )

    async def still_held(self, tx: Tx, name: str) -> bool:
        """Tell inside ``tx`` whether ``name`` is ours and not expired."""
        row = await tx.first(
            select(self._table.c.name).where(
                self._table.c.name == name, self._table.c.holder == self.holder, self._table.c.until > real_now()
            )
        )
        return row is not None
