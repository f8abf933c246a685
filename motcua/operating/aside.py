"""What services have set aside: list it, show one message's outside, let it be tried again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, update

from kernel.clock import real_now
from kernel.db import Tx
from kernel.log import Log, Partition
from kernel.settings import Settings
from motcua.operating.looking import distance
from motcua.operating.places import PLACES, Unknown, tables_of

KINDS = (("quarantine", "quarantine"), ("parked_message", "parked"))
SHOWN = ("id", "consumer", "topic", "partition", "offset", "subject", "reason", "appended_at", "at")


@dataclass(frozen=True, slots=True)
class SetAside:
    """One message: where it lies, what it is about, why; ``kind`` is quarantine or parked."""

    service: str
    kind: str
    id: int
    subject: str
    place: str
    at: str
    reason: str


async def set_aside(settings: Settings, *, service: str | None = None) -> list[SetAside]:
    """Return every quarantined and parked message, oldest first in each service. Raises ``Unknown``."""
    found: list[SetAside] = []
    for name in [service] if service else [name for name, place in PLACES.items() if place.consumes]:
        async with tables_of(settings, name) as database, database.read() as tx:
            for table, kind in KINDS:
                if table in database.tables.tables:
                    found += [_outside(name, kind, row) for row in await _rows(tx, database.tables.tables[table])]
    return found


async def _rows(tx: Tx, table: Table) -> Sequence[Any]:
    return await tx.all(select(*(table.c[name] for name in SHOWN)).order_by(table.c.id))


def _outside(service: str, kind: str, row: Any) -> SetAside:
    where = f"{row.topic}/{row.partition}@{row.offset}"
    at = row.at.isoformat(timespec="seconds")
    return SetAside(service, kind, row.id, row.subject, where, at, row.reason)


async def outside_of(settings: Settings, *, service: str, id: int) -> dict[str, str]:
    """Return what is known about one quarantined message, without its body. Raises ``Unknown``."""
    async with tables_of(settings, service) as database, database.read() as tx:
        table = database.tables.tables["quarantine"]
        columns = [*(table.c[name] for name in SHOWN), table.c.headers, func.length(table.c.body).label("bytes")]
        row = await tx.first(select(*columns).where(table.c.id == id))
    if row is None:
        raise Unknown(f"{service} has no quarantined message {id}")
    told = {name: str(getattr(row, name)) for name in (*SHOWN, "bytes")}
    return told | {name: str(value) for name, value in json.loads(row.headers).items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """How many parked messages will be tried again, how many came out of quarantine, how many cannot."""

    parked: int
    requarantined: int
    refused: int


async def try_again(settings: Settings, *, service: str, subject: str | None, requarantine: bool = False) -> Asked:
    """Let the running consumer try the parked messages of ``subject`` (None = of all) again, in order.

    It looks every few seconds, so nothing is applied by two at once. With ``requarantine`` quarantined messages go
    back among the parked ones, at their old place. What a service refused as a fault of its sender (no consumer of
    that name reads the log) stays: its sender was told. Raises ``Unknown``.
    """
    async with tables_of(settings, service) as database, database.begin() as tx:
        tables = database.tables.tables
        parked, position = tables["parked_message"], tables["position"]
        moved = refused = 0
        if requarantine:
            readers = {row.consumer for row in await tx.all(select(position.c.consumer).distinct())}
            moved, refused = await _back(tx, tables["quarantine"], parked, subject, readers)
        mine = [parked.c.subject == subject] if subject else []
        count = await tx.first(select(func.count()).select_from(parked).where(*mine))
        await tx.execute(update(parked).where(*mine).values(tries=0, retry_at=real_now()))
        return Asked(int(count[0]) if count else 0, moved, refused)


async def _back(tx: Tx, quarantine: Table, parked: Table, subject: str | None, readers: set[str]) -> tuple[int, int]:
    mine = [quarantine.c.subject == subject] if subject else []
    rows = await tx.all(select(quarantine).where(*mine))
    back = [row for row in rows if row.consumer in readers]
    if not back:
        return 0, len(rows)
    subjects = {row.subject for row in back}
    waiting = await tx.all(select(parked).where(parked.c.subject.in_(subjects)))
    names = [column.name for column in quarantine.columns if column.name != "id"]
    everything = sorted((*back, *waiting), key=lambda row: (row.topic, row.partition, row.offset))
    await tx.execute(delete(quarantine).where(quarantine.c.id.in_([row.id for row in back])))
    await tx.execute(delete(parked).where(parked.c.id.in_([row.id for row in waiting])))
    fresh = [{name: getattr(row, name) for name in names} | {"tries": 0, "retry_at": None} for row in everything]
    await tx.execute(insert(parked), fresh)
    return len(back), len(rows) - len(back)


async def still_parked(settings: Settings, *, service: str, subject: str | None) -> tuple[int, int]:
    """Return how many messages are parked, and how many of them have failed since they were asked for again."""
    async with tables_of(settings, service) as database, database.read() as tx:
        parked = database.tables.tables["parked_message"]
        mine = [parked.c.subject == subject] if subject else []
        rows = await tx.all(select(parked.c.tries).where(*mine))
    return len(rows), sum(row.tries > 0 for row in rows)


async def restart_lost(settings: Settings, log: Log, *, service: str) -> int:
    """After a republish: move each lost position of ``service`` to the oldest kept record; return how many.

    The running consumer finds its position moved and reads on from there. Raises ``Unknown``.
    """
    moved = 0
    async with tables_of(settings, service) as database:
        table = database.tables.tables["position"]
        async with database.read() as tx:
            rows = await tx.all(select(table))
        for topic in sorted({row.topic for row in rows}):
            identity = await log.topic_id(topic)
            mine = [row for row in rows if row.topic == topic]
            for consumer in sorted({row.consumer for row in mine}):
                own = [row for row in mine if row.consumer == consumer]
                positions = {Partition(topic, row.partition): (row.next, row.topic_id) for row in own}
                _, lost = await distance(log, topic, positions)
                async with database.begin() as tx:
                    for place, start in lost.items():
                        key = (table.c.consumer == consumer, table.c.topic == topic, table.c.partition == place.number)
                        await tx.execute(update(table).where(*key).values(next=start, topic_id=identity))
                moved += len(lost)
    return moved
