"""How often people filed alone and how often with a helper."""

from datetime import datetime, timedelta

from dossier_service.store import assists
from dossier_service.usecases.desk import Desk

GOOD_FOR = timedelta(minutes=1)


async def filings(*, desk: Desk) -> tuple[int, int, datetime]:
    """Return dossiers filed alone, with a helper, and when that was counted (at most a minute ago)."""
    now = desk.clock.now()
    last = desk.counted.last
    if last is None or not timedelta(0) <= now - last[2] < GOOD_FOR:
        async with desk.database.read() as tx:
            alone, helped = await assists.count_filings(tx)
        last = desk.counted.last = (alone, helped, now)
    return last
