"""After the nation was restored from a back-up."""

from sqlalchemy import update

from exchange.store import LANE
from kernel.db import Database


async def begin_lanes_anew(*, database: Database) -> int:
    """Let every lane meet its journal as if for the first time; return how many lanes.

    Deliveries were numbered after the back-up and are lost here, while journals hold them. The next ones would get
    the same numbers and be taken for acknowledged. A lane without a journal id begins behind what its journal holds,
    and both sides are compared before a report is taken (RESYNC).
    """
    async with database.begin() as tx:
        done = await tx.execute(update(LANE).values(journal_id="", holder="", resync=False, last_seen=None))
        return int(done.rowcount)
