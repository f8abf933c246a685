"""Questions that were not answered, counted by week. Until enough askers said one, only keyed digests are kept."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import and_, delete, func, insert, select, update

from kernel.db import Tx
from search_service.model.missed import LEAST, MOST_OF_ONE, MOST_QUESTIONS, Missed, Note
from search_service.store.rows import MISSED, MISSED_ASKER, MISSED_SALT

LENGTH = 24


async def note(tx: Tx, week: str, notes: Sequence[Note]) -> list[str]:
    """Count ``notes`` in ``week``; return the questions that enough askers have had since now.

    One asker counts once for a question and for at most ``MOST_OF_ONE`` questions a week.
    """
    salt = await _salt(tx, week)
    reached = []
    for one in notes:
        question, asker = _digest(salt, one.question), _digest(salt, one.address)
        if not await _counts(tx, week, question, asker):
            continue
        await tx.execute(insert(MISSED_ASKER), {"week": week, "asker": asker, "question": question})
        here = and_(MISSED.c.week == week, MISSED.c.digest == question)
        if (await tx.execute(update(MISSED).where(here).values(askers=MISSED.c.askers + 1))).rowcount == 0:
            row = {"week": week, "digest": question, "question": "", "askers": 1, "first": "", "hidden": 0}
            await tx.execute(insert(MISSED), row)
        known = await tx.first(select(MISSED.c.askers, MISSED.c.question).where(here))
        if known is not None and known.askers >= LEAST and not known.question:
            await tx.execute(update(MISSED).where(here).values(question=one.question))
            reached.append(one.question)
    return reached


async def _counts(tx: Tx, week: str, question: str, asker: str) -> bool:
    mine = and_(MISSED_ASKER.c.week == week, MISSED_ASKER.c.asker == asker)
    if await tx.first(select(MISSED_ASKER.c.question).where(mine, MISSED_ASKER.c.question == question)):
        return False
    said = await tx.first(select(func.count()).select_from(MISSED_ASKER).where(mine))
    if said and said[0] >= MOST_OF_ONE:
        return False
    if await tx.first(select(MISSED.c.askers).where(MISSED.c.week == week, MISSED.c.digest == question)):
        return True
    held = await tx.first(select(func.count()).select_from(MISSED).where(MISSED.c.week == week))
    return not held or held[0] < MOST_QUESTIONS


async def note_first(tx: Tx, week: str, question: str, first: str) -> None:
    """Keep what search answered first when ``question`` was published."""
    here = and_(MISSED.c.week == week, MISSED.c.question == question)
    await tx.execute(update(MISSED).where(here).values(first=first))


async def forget(tx: Tx, *, before: str, oldest: str) -> None:
    """Forget askers, salts and what too few said of the weeks before ``before``, and everything before ``oldest``."""
    await tx.execute(delete(MISSED_ASKER).where(MISSED_ASKER.c.week < before))
    await tx.execute(delete(MISSED_SALT).where(MISSED_SALT.c.week < before))
    await tx.execute(delete(MISSED).where(MISSED.c.week < before, MISSED.c.question == ""))
    await tx.execute(delete(MISSED).where(MISSED.c.week < oldest))


async def weeks(tx: Tx) -> list[str]:
    """Return the weeks that have something to show, newest first."""
    shown = select(MISSED.c.week).where(MISSED.c.question != "", MISSED.c.hidden == 0).distinct()
    return sorted((row.week for row in await tx.all(shown)), reverse=True)


async def listed(tx: Tx, week: str, limit: int) -> list[Missed]:
    """Return what may be shown of ``week``, most askers first."""
    shown = select(MISSED).where(MISSED.c.week == week, MISSED.c.question != "", MISSED.c.hidden == 0)
    rows = await tx.all(shown.order_by(MISSED.c.askers.desc(), MISSED.c.question).limit(limit))
    return [Missed(row.week, row.question, row.askers, row.first) for row in rows]


async def hide(tx: Tx, question: str) -> int:
    """Show ``question`` no more, in any week; return in how many it was shown."""
    found = await tx.execute(update(MISSED).where(MISSED.c.question == question, MISSED.c.hidden == 0).values(hidden=1))
    return found.rowcount


async def _salt(tx: Tx, week: str) -> bytes:
    row = await tx.first(select(MISSED_SALT.c.salt).where(MISSED_SALT.c.week == week))
    if row is not None:
        return bytes.fromhex(row.salt)
    salt = secrets.token_hex(32)
    await tx.execute(insert(MISSED_SALT), {"week": week, "salt": salt})
    return bytes.fromhex(salt)


def _digest(salt: bytes, text: str) -> str:
    return hmac.new(salt, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:LENGTH]
