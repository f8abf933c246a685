"""Two people for what the nation sees: an editor asks to publish or withdraw, another person approves."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kernel.db import Database, Tx
from kernel.errors import NotFound, Text
from services_catalog.model import motions as model
from services_catalog.model import proposals as proposals_model
from services_catalog.model.motions import Kind, Motion, Withdrawal
from services_catalog.model.procedures import Content, Head
from services_catalog.store import motions as store
from services_catalog.store import procedures as procedures_store
from services_catalog.store import proposals as proposals_store
from services_catalog.usecases import no_such_procedure, publish_in, withdraw_in
from services_catalog.usecases.proposals import bench_in, no_such_proposal, not_ready


@dataclass(frozen=True, slots=True)
class Waiting:
    """A motion and the people whose work it is; none of them may approve it."""

    motion: Motion
    hands: Sequence[str]


def no_such_motion() -> NotFound:
    """Return the error for a motion that was approved, taken back, or replaced by another."""
    return NotFound(
        "motion_not_found",
        Text(
            "Đề nghị này không còn: đã duyệt, đã rút hoặc đã đổi. Bạn mở lại trang để xem.",
            "This is no longer waiting: approved, taken back or changed. Open the page again.",
        ),
    )


async def list_motions(*, database: Database) -> list[Waiting]:
    """Return everything that waits for a second person, the longest first."""
    async with database.read() as tx:
        return [Waiting(one, await _hands(tx, one)) for one in await store.list_all(tx)]


async def _hands(tx: Tx, motion: Motion) -> list[str]:
    proposal = await proposals_store.find(tx, motion.code) if motion.kind is Kind.PUBLISH else None
    return [motion.by, *([proposal.by] if proposal else [])]


async def ask_to_publish(
    *,
    database: Database,
    procedures: Path,
    code: str,
    seen: int,
    reason: str,
    restores: bool,
    by: str,
    at: datetime,
) -> Waiting:
    """Ask a second person to publish version ``seen`` of a working copy; the same again changes nothing.

    Raises ``NotFound``, ``PreconditionFailed`` (saved meanwhile), ``Conflict`` (another revision came into force,
    something else waits) and ``Invalid`` (``not_ready``, ``restores_unsaid``).
    """
    motion = Motion(uuid.uuid4().hex, code, Kind.PUBLISH, seen, reason, "", restores, by, at)
    async with database.begin() as tx:
        await _ready_to_publish(tx, motion, procedures, at)
        return await _put(tx, motion)


async def ask_to_withdraw(
    *, database: Database, code: str, reason: str, successor: str, no_successor: bool, by: str, at: datetime
) -> Waiting:
    """Ask a second person to withdraw ``code``; the same again changes nothing.

    Raises ``NotFound``, ``Conflict`` (already withdrawn, something else waits) and ``Invalid`` (the successor).
    """
    if not successor and not no_successor:
        raise model.successor_unsaid()
    motion = Motion(uuid.uuid4().hex, code, Kind.WITHDRAW, 0, reason, successor, False, by, at)
    async with database.begin() as tx:
        await _ready_to_withdraw(tx, motion)
        return await _put(tx, motion)


async def _put(tx: Tx, motion: Motion) -> Waiting:
    there = await store.find(tx, motion.code)
    model.check_nobody_waits(there, motion)
    if there is not None and there.same_as(motion):
        return Waiting(there, await _hands(tx, there))
    await store.put(tx, motion)
    return Waiting(motion, await _hands(tx, motion))


async def _ready_to_publish(
    tx: Tx, motion: Motion, procedures: Path, at: datetime
) -> tuple[procedures_store.Stored, proposals_model.Proposal, Content]:
    proposal = await proposals_store.find(tx, motion.code)
    stored = await procedures_store.find(tx, motion.code)
    if stored is None:
        raise no_such_procedure()
    if proposal is None:
        raise no_such_proposal()
    proposals_model.check_seen(proposal, motion.version)
    proposals_model.check_base(proposal, stored.head.revision)
    bench = await bench_in(tx, proposal, stored, procedures, at)
    if bench.made is None or not bench.ready:
        raise not_ready(bench)
    model.check_restores(stored.head, motion)
    return stored, proposal, replace(stored.content, editorial=bench.made)


async def _ready_to_withdraw(tx: Tx, motion: Motion) -> procedures_store.Stored:
    stored = await procedures_store.find(tx, motion.code)
    if stored is None:
        raise no_such_procedure()
    if stored.head.withdrawn:
        raise model.already_withdrawn()
    if motion.successor:
        instead = await procedures_store.find(tx, motion.successor)
        model.check_successor(motion.code, motion.successor, instead.head if instead else None)
    return stored


async def approve_motion(*, database: Database, procedures: Path, code: str, id: str, by: str, at: datetime) -> Head:
    """Do what motion ``id`` asks, once; everything is checked again as it is now.

    Raises ``NotFound`` (no longer waiting), ``Forbidden`` (``second_person_needed``) and what asking raises.
    """
    async with database.begin() as tx:
        motion = await store.find(tx, code)
        if motion is None or motion.id != id:
            raise no_such_motion()
        model.check_second_person(by, await _hands(tx, motion))
        if motion.kind is Kind.PUBLISH:
            head = await _publish(tx, motion, procedures, by, at)
        else:
            head = await withdraw_in(tx, await _ready_to_withdraw(tx, motion), motion.successor)
        await store.drop(tx, code)
        await store.add_approval(tx, motion, head, by=by, at=at)
        return head


async def _publish(tx: Tx, motion: Motion, procedures: Path, by: str, at: datetime) -> Head:
    stored, proposal, content = await _ready_to_publish(tx, motion, procedures, at)
    head = await publish_in(tx, content, at)
    if head.revision != stored.head.revision:
        told = proposals_store.Publication(head.revision, proposal.written, by, motion.reason, at)
        await proposals_store.add_publication(tx, motion.code, told)
    await proposals_store.drop(tx, motion.code)
    return head


async def drop_motion(*, database: Database, code: str) -> None:
    """Take back what waits for ``code``, or decline it; again changes nothing."""
    async with database.begin() as tx:
        await store.drop(tx, code)


async def why_withdrawn(*, database: Database, head: Head) -> Withdrawal | None:
    """Return why a withdrawn code is withdrawn; None where nobody said."""
    if not head.withdrawn:
        return None
    async with database.read() as tx:
        return await store.withdrawal(tx, head)
