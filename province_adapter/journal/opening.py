"""The journal's file: held by one process, begun as a copy of an empty one."""

import asyncio
import fcntl
import os
import shutil
from pathlib import Path

from kernel.db import Database
from kernel.errors import Conflict, Text
from province_adapter.journal.tables import METADATA

FILE = "journal.db"


def hold(home: Path) -> int:
    """Lock the journal in folder ``home`` and return the lock; closing it gives the journal back.

    Raises ``Conflict`` (``journal_in_use``) when another process holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "journal.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Conflict(
            "journal_in_use",
            Text("Một tiến trình khác đang giữ sổ ghi này.", "Another process holds this journal."),
        ) from None
    return lock


async def lay_out(home: Path, template: Path) -> None:
    """Put an empty journal into folder ``home`` if there is none: a copy of ``template``, which is made if need be.

    A template of an older release is good enough: what it lacks is added when the journal is opened.
    """
    if not await asyncio.to_thread(_copied, template, home):
        await _make(template)
        await asyncio.to_thread(_copied, template, home)


async def _make(template: Path) -> None:
    part = template.with_name(f"{template.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    database = await Database.open(f"sqlite+aiosqlite:///{part}", METADATA, readers=0, cache_kib=256)
    await database.close()
    part.replace(template)


def _copied(template: Path, home: Path) -> bool:
    """Tell whether there is a journal, copied now or here before; False when there is no template to copy."""
    if (home / FILE).exists():
        return True
    if not template.exists():
        return False
    # What a lost journal left in its write-ahead log must not be replayed into the new one.
    for rest in ("-wal", "-shm"):
        (home / f"{FILE}{rest}").unlink(missing_ok=True)
    part = home / f"{FILE}.part"
    shutil.copyfile(template, part)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(home / FILE)
    return True
