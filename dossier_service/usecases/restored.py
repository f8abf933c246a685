"""After the nation was restored from a back-up."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from dossier_service.store.tables import COUNTER, DOSSIER
from kernel.clock import VIETNAM
from kernel.db import Database

FIRST_AFTER = 100_000
LANES = tuple(f"H{number:02d}" for number in range(1, 64))


async def skip_given_numbers(*, database: Database, now: datetime) -> int:
    """Let today's codes go on at numbers that no lost dossier can have; return the last number skipped.

    Codes were given after the back-up and are lost here, while provinces and citizens hold them: the same code must
    not name another person's dossier. Each second of the day has ten numbers from 100000 on, so that a second restore
    of one day skips those of the first. ``now`` is business time (aware).
    """
    local = now.astimezone(VIETNAM)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    last = FIRST_AFTER + seconds * 10
    async with database.begin() as tx:
        today = (COUNTER.c.day == local.date(), COUNTER.c.last < last)
        higher = {
            row.lane for row in await tx.all(select(COUNTER.c.lane).where(COUNTER.c.day == local.date(), ~today[1]))
        }
        lanes = {row.lane for row in await tx.all(select(DOSSIER.c.lane).distinct())} | set(LANES)
        await tx.execute(delete(COUNTER).where(*today))
        rows = [{"lane": lane, "day": local.date(), "last": last} for lane in sorted(lanes - higher)]
        await tx.execute(insert(COUNTER), rows)
    return last
