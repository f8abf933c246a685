"""Working copies, and what was written for each revision that was published from one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

from kernel.db import Tx
from services_catalog.model.proposals import Proposal
from services_catalog.store.tables import PROPOSAL, WRITTEN


@dataclass(frozen=True, slots=True)
class Publication:
    """What was written for a revision, by whom and why."""

    revision: int
    written: Mapping[str, Any]
    by: str
    reason: str
    at: datetime


async def find(tx: Tx, code: str) -> Proposal | None:
    """Return the working copy of ``code``."""
    row = await tx.first(select(PROPOSAL).where(PROPOSAL.c.code == code))
    return None if row is None else _proposal(row)


async def list_all(tx: Tx) -> list[Proposal]:
    """Return every working copy, the last saved first."""
    return [_proposal(row) for row in await tx.all(select(PROPOSAL).order_by(PROPOSAL.c.saved_at.desc()))]


async def put(tx: Tx, proposal: Proposal) -> None:
    """Write a working copy in the place of the one before."""
    await drop(tx, proposal.code)
    await tx.execute(
        insert(PROPOSAL),
        [
            {
                "code": proposal.code,
                "base": proposal.base,
                "version": proposal.version,
                "written": json.dumps(proposal.written, ensure_ascii=False),
                "saved_by": proposal.by,
                "saved_at": proposal.saved_at,
            }
        ],
    )


async def drop(tx: Tx, code: str) -> None:
    """Forget the working copy of ``code``."""
    await tx.execute(delete(PROPOSAL).where(PROPOSAL.c.code == code))


async def add_publication(tx: Tx, code: str, one: Publication) -> None:
    """Keep what a revision was compiled from."""
    row = {"code": code, "revision": one.revision, "written": json.dumps(one.written, ensure_ascii=False)}
    await tx.execute(insert(WRITTEN), [{**row, "published_by": one.by, "reason": one.reason, "published_at": one.at}])


async def publications(tx: Tx, code: str) -> list[Publication]:
    """Return what was published from working copies of ``code``, oldest first."""
    rows = await tx.all(select(WRITTEN).where(WRITTEN.c.code == code).order_by(WRITTEN.c.revision))
    return [
        Publication(row.revision, json.loads(row.written), row.published_by, row.reason, row.published_at)
        for row in rows
    ]


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(row.code, row.base, row.version, json.loads(row.written), row.saved_by, row.saved_at)
