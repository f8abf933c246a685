"""What waits for a second person, and what a second person approved."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from kernel.db import Tx
from services_catalog.model.motions import Kind, Motion, Withdrawal
from services_catalog.model.procedures import Head
from services_catalog.store.tables import APPROVAL, MOTION


async def find(tx: Tx, code: str) -> Motion | None:
    """Return what waits for ``code``."""
    row = await tx.first(select(MOTION).where(MOTION.c.code == code))
    return None if row is None else _motion(row)


async def list_all(tx: Tx) -> list[Motion]:
    """Return everything that waits, the longest first."""
    return [_motion(row) for row in await tx.all(select(MOTION).order_by(MOTION.c.asked_at, MOTION.c.code))]


async def put(tx: Tx, motion: Motion) -> None:
    """Write a motion in the place of the one before."""
    await tx.execute(delete(MOTION).where(MOTION.c.code == motion.code))
    row = {"id": motion.id, "code": motion.code, "kind": motion.kind.value, "version": motion.version}
    row |= {"reason": motion.reason, "successor": motion.successor, "restores": motion.restores}
    await tx.execute(insert(MOTION), [{**row, "asked_by": motion.by, "asked_at": motion.at}])


async def drop(tx: Tx, code: str, *kinds: Kind) -> None:
    """Forget what waits for ``code``; with ``kinds`` only what is of one of them."""
    query = delete(MOTION).where(MOTION.c.code == code)
    await tx.execute(query.where(MOTION.c.kind.in_([kind.value for kind in kinds])) if kinds else query)


async def add_approval(tx: Tx, motion: Motion, head: Head, *, by: str, at: datetime) -> None:
    """Keep who asked and who approved, under the version of the head that came of it."""
    row = {"code": motion.code, "version": head.version, "kind": motion.kind.value, "reason": motion.reason}
    row |= {"asked_by": motion.by, "asked_at": motion.at, "approved_by": by, "approved_at": at}
    await tx.execute(insert(APPROVAL), [row])


async def withdrawal(tx: Tx, head: Head) -> Withdrawal | None:
    """Return why the code is withdrawn now; None where no second person approved it (an import did it)."""
    query = select(APPROVAL).where(APPROVAL.c.code == head.code, APPROVAL.c.version == head.version)
    row = await tx.first(query.where(APPROVAL.c.kind == Kind.WITHDRAW.value))
    return None if row is None else Withdrawal(row.reason, row.approved_at)


def _motion(row: Row[Any]) -> Motion:
    return Motion(
        row.id,
        row.code,
        Kind(row.kind),
        row.version,
        row.reason,
        row.successor,
        row.restores,
        row.asked_by,
        row.asked_at,
    )
