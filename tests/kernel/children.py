"""Small programs that run in a process of their own, to be killed or to compete."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from sqlalchemy import func, insert, select

from kernel.db import Database
from kernel.lease import Leases
from kernel.log_kafka.watchdog import Watchdog
from kernel.outbox import Outbox, Relay
from tests.kernel.engines import EVENTS, NOTE, TABLES, TOPICS, Noted, encode, message, open_log
from tests.kernel.test_consume import Service, consumer_of


async def append(address: str, key: str, count: str) -> None:
    """Append ``count`` messages, one a transaction."""
    log = await open_log(address, TOPICS)
    for n in range(int(count)):
        await log.append([message(key, n, EVENTS.name)])
    await log.close()


async def add_numbers(url: str, subject: str, count: str) -> None:
    """Read the highest number, then write the next: the transaction that a deferred BEGIN cannot do."""
    database = await Database.open(url, TABLES)
    for _ in range(int(count)):
        async with database.begin() as tx:
            row = await tx.first(select(func.max(NOTE.c.n)).where(NOTE.c.subject == subject))
            highest = row[0] if row and row[0] is not None else 0
            await tx.execute(insert(NOTE).values(subject=subject, n=highest + 1))
    await database.close()


async def publish(url: str, address: str, count: str) -> None:
    """Commit ``count`` events and relay them."""
    outbox = Outbox(TABLES.tables["outbox"], encode)
    database = await Database.open(url, TABLES, sink=outbox)
    log = await open_log(address, TOPICS)
    for n in range(int(count)):
        async with database.begin() as tx:
            tx.emit(Noted(f"S{n % 5}", n))
    relay = Relay(source="child", database=database, outbox=outbox, log=log, leases=Leases(database, "child"))
    while await relay.publish_once():
        pass
    await log.close()
    await database.close()


async def consume(url: str, address: str) -> None:
    """Take part in consuming until killed."""
    outbox = Outbox(TABLES.tables["outbox"], encode)
    database = await Database.open(url, TABLES, sink=outbox)
    log = await open_log(address, TOPICS)
    await consumer_of(Service(), database, log, "child").run()


class Still:
    """A thread that does not turn."""

    beat = 1
    busy = True


async def stand_still() -> None:
    """Be ended by the watchdog."""
    watchdog, still = Watchdog(0.6), Still()
    watchdog.watch(still)
    await asyncio.sleep(20)


COMMANDS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "append": append,
    "add_numbers": add_numbers,
    "publish": publish,
    "consume": consume,
    "stand_still": stand_still,
}

if __name__ == "__main__":
    asyncio.run(COMMANDS[sys.argv[1]](*sys.argv[2:]))
