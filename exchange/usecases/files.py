"""Which dossier's files a participant may have, and which of its own are here."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from exchange.model import FileStored
from exchange.store import DOSSIER, STORED_FILE
from exchange.usecases.rehoming import is_former
from kernel.clock import real_now
from kernel.db import Database, Tx
from kernel.errors import Conflict, NotFound, Text


async def dossier_lane(*, database: Database, subject: str, lanes: Sequence[str]) -> str:
    """Return the lane that dossier ``subject`` is on. Raises ``NotFound`` when it is none of ``lanes``.

    One that left ``lanes`` is ``Conflict`` ``handed_on`` with the present epoch, so that nobody tries for ever.
    """
    async with database.read() as tx:
        row = await tx.first(select(DOSSIER.c.lane, DOSSIER.c.epoch).where(DOSSIER.c.code == subject))
        left = row is not None and row.lane not in lanes and await is_former(tx, code=subject, lanes=lanes)
    if row is not None and left:
        text = Text("Hồ sơ đã chuyển cho cơ quan khác.", "The dossier was handed on to another office.")
        raise Conflict("handed_on", text, extra={"epoch": row.epoch})
    if row is None or row.lane not in lanes:
        raise NotFound("unknown_dossier", Text("Không có hồ sơ này trên làn của bạn.", "No such dossier on your lane."))
    return str(row.lane)


async def is_file_recorded(*, database: Database, subject: str, sha256: str) -> bool:
    """Tell whether the file was verified and said to be here."""
    async with database.read() as tx:
        return await _recorded(tx, subject, sha256)


async def record_file(*, database: Database, lane: str, subject: str, sha256: str, size: int) -> None:
    """Say once that a verified file of ``subject`` is in the store."""
    async with database.begin() as tx:
        if await _recorded(tx, subject, sha256):
            return
        await tx.execute(insert(STORED_FILE).values(subject=subject, sha256=sha256, size=size, at=real_now()))
        tx.emit(FileStored(lane, subject, sha256, size))


async def _recorded(tx: Tx, subject: str, sha256: str) -> bool:
    mine = (STORED_FILE.c.subject == subject, STORED_FILE.c.sha256 == sha256)
    return await tx.first(select(STORED_FILE.c.size).where(*mine)) is not None
