"""Second screens of helpers' desks."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from dossier_service.store.tables import SCREEN
from kernel.db import Tx


async def put(tx: Tx, *, assist: str, digest: bytes, at: datetime) -> None:
    """Open the screen of a helping; a former one of it is over."""
    await drop(tx, assist)
    await tx.execute(insert(SCREEN).values(assist=assist, digest=digest, page="", touched_at=at, sealed=None))


async def find(tx: Tx, digest: bytes) -> Any:
    """Return the screen with that digest, or None."""
    return await tx.first(select(SCREEN).where(SCREEN.c.digest == digest))


async def touch(tx: Tx, assist: str, *, page: str, at: datetime, since: datetime) -> bool:
    """Note what is filled in now; False when no screen of the helping was in use ``since``."""
    alive = (SCREEN.c.assist == assist, SCREEN.c.touched_at > since)
    done = await tx.execute(update(SCREEN).where(*alive).values(page=page, touched_at=at))
    return done.rowcount == 1


async def seal(tx: Tx, assist: str, digest: bytes, sealed: bytes, at: datetime) -> None:
    """Put the sealed claim code beside the screen, if it is the one of that digest."""
    mine = (SCREEN.c.assist == assist, SCREEN.c.digest == digest)
    await tx.execute(update(SCREEN).where(*mine).values(sealed=sealed, touched_at=at))


async def drop(tx: Tx, assist: str) -> None:
    """End the screen of a helping."""
    await tx.execute(delete(SCREEN).where(SCREEN.c.assist == assist))


async def forget(tx: Tx, before: datetime) -> None:
    """Delete the screens that were last in use ``before``."""
    await tx.execute(delete(SCREEN).where(SCREEN.c.touched_at <= before))
