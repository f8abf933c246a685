"""A database that was lost is written again from the log: nothing is sent twice, what was read stays read."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from citizen_service import usecases
from citizen_service.events import apply_settled, encode
from citizen_service.store import METADATA, NOTICE, OUTBOX
from kernel.clock import real_now
from kernel.db import Database
from kernel.log import Partition, Record
from kernel.outbox import Outbox
from tests.citizen_service.conftest import NOON, Room, profile, record

FILED = {"version": 1, "step": "submitted", "state": "submitted", "status": 1}
DONE = {"version": 2, "step": "decided", "state": "decided", "status": 9}


async def told(room: Room) -> list[tuple[Any, ...]]:
    columns = [column for column in NOTICE.columns if column.name != "id"]
    async with room.database.read() as tx:
        return sorted(tuple(row) for row in await tx.all(select(*columns)))


async def said(room: Room) -> list[Record]:
    async with room.database.read() as tx:
        rows = await tx.all(select(OUTBOX).order_by(OUTBOX.c.id))
    return [
        Record(Partition(row.topic, 0), n, row.key, {"ce_type": row.type, "subject": row.subject}, row.body, real_now())
        for n, row in enumerate(rows)
    ]


async def lost(tmp_path: Path, number: int) -> Room:
    database = await Database.open(
        f"sqlite+aiosqlite:///{tmp_path / f'again{number}.db'}", METADATA, sink=Outbox(OUTBOX, encode)
    )
    await usecases.seed_profiles(database=database, profiles=[profile("d1")])
    return Room(database, tmp_path / f"outbox{number}")


async def settle(room: Room, records: Sequence[Record]) -> None:
    async with room.database.begin() as tx:
        await apply_settled(tx, records)


async def test_a_rebuilt_database_is_equal_and_sends_nothing_again(room: Room, tmp_path: Path) -> None:
    facts = [record("dossier_submitted", 1, **FILED), record("state_reported", 2, **DONE)]
    await room.apply(*facts)
    assert await room.send() == 2
    shown, _ = await usecases.list_notices(database=room.database, owner="d1", before=None, limit=10)
    for _ in range(2):
        await usecases.read_notice(database=room.database, clock=room.clock, owner="d1", notice=shown[0].id)
    settled = await said(room)
    assert len(settled) == 3, "two messages left, one notice was read once"
    for number, order in enumerate([(settled, facts), (facts, settled)]):
        again = await lost(tmp_path, number)
        for part in order:
            await (settle(again, part) if part is settled else again.apply(*part))
        await settle(again, settled)
        assert await told(again) == await told(room)
        assert await again.send() == 0 and again.mails() == []
        await again.database.close()


async def test_a_message_that_had_not_left_leaves_after_the_loss(room: Room, tmp_path: Path) -> None:
    fact = record("state_reported", 2, **DONE)
    await room.apply(fact)
    again = await lost(tmp_path, 0)
    await settle(again, await said(room))
    await again.apply(fact)
    assert await again.send() == 1
    await again.database.close()


async def test_old_news_is_shown_and_not_sent(room: Room) -> None:
    await room.apply(record("state_reported", 2, at=NOON - timedelta(days=31), **DONE))
    assert await room.inbox() == [(2, "decided")]
    assert await room.send() == 0
