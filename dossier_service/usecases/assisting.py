"""Helping: a helper with an account of their own opens one draft for one person, and sees that alone."""

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossier_service.model.assisting import (
    CODES_AT_MOST,
    ISSUE_FOR,
    Agreed,
    Allows,
    ToldBy,
    claim_until,
    digest_of_claim,
    new_code,
    note_end,
)
from dossier_service.model.dossier import Dossier
from dossier_service.model.happened import AccessRecorded
from dossier_service.store import assists, catalogue, dossiers, drafts, inbox
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import open_draft
from kernel.auth import Principal, require_role
from kernel.db import Tx
from kernel.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, Text

HELPER = "helper"
WHY = "Xem tiến độ hồ sơ đã nộp hộ"
NO_HELPING = Text("Không tìm thấy lần làm hộ này, hoặc quyền đã dừng.", "There is no such helping, or it has ended.")


@dataclass(frozen=True, slots=True)
class Helping:
    """One helping as the helper sees it: its row, the procedure, and the dossier as far as the person allows.

    ``owner`` is told once, at the start: as whom the person is known, so that news reach them.
    """

    row: Any
    procedure: str
    dossier: Dossier | None
    titles: Any
    contact_seen: bool = False
    owner: str = ""


async def start_helping(
    *, tx: Tx, desk: Desk, principal: Principal, helper_name: str, procedure: str, place: str, agreed: Agreed
) -> Helping:
    """Open a draft for the person who agreed, at the ward ``place``. The caller acts; the person owns.

    Raises ``Forbidden`` (``role_needed``, ``own_account_needed``), ``Invalid`` (``invalid_answers``), and what
    ``open_draft`` raises.
    """
    require_role(principal, HELPER)
    if principal.actor is not None:
        text = Text("Bạn đăng nhập bằng tài khoản của chính bạn.", "Sign in with your own account.")
        raise Forbidden("own_account_needed", text)
    if agreed.told_by is not ToldBy.NEIGHBOUR and not agreed.contact.startswith("+"):
        text = Text("Nhập số điện thoại của người được giúp hoặc người thân.", "Enter their or a relative's number.")
        raise Invalid("invalid_answers", text, [FieldProblem("contact", "phone", text)])
    nobody = Principal(f"a{uuid.uuid4().hex}", actor=principal.sub)
    draft = await open_draft(tx=tx, desk=desk, principal=nobody, procedure=procedure, place=place)
    at = await catalogue.place(tx, place)
    row = {
        "id": uuid.uuid4().hex,
        "draft": draft.id,
        "helper": principal.sub,
        "helper_name": helper_name,
        "helped_at": at.office_name,
        "for_name": agreed.name,
        "for_id_number": agreed.id_number,
        "consent_way": agreed.way.value,
        "consent_note": agreed.note,
        "allows": agreed.allows.value,
        "told_by": agreed.told_by.value,
        "contact": agreed.contact,
        "started_at": desk.clock.now(),
        "claim_count": 0,
        "claim_tries": 0,
    }
    seen = agreed.told_by is not ToldBy.NEIGHBOUR and await assists.contact_elsewhere(
        tx, helper=principal.sub, contact=agreed.contact, for_name=agreed.name
    )
    await assists.add(tx, row)
    return Helping(await assists.get(tx, row["id"]), procedure, None, None, contact_seen=seen, owner=nobody.sub)


async def list_helpings(
    *, desk: Desk, principal: Principal, size: int, before: tuple[datetime, str] | None
) -> Sequence[Any]:
    """Return up to ``size`` + 1 rows of those the caller helps now, newest first. Raises ``Forbidden``."""
    require_role(principal, HELPER)
    async with desk.database.read() as tx:
        return await assists.page_of_helper(tx, principal.sub, size=size, before=before)


async def read_helping(*, desk: Desk, principal: Principal, id: str) -> Helping:
    """Return one helping of the caller; that a filed dossier was looked at is noted for its owner, once an hour.

    Raises ``NotFound`` once the right has ended, the case has closed, or the person allows nothing after filing
    and the receipt can no longer be printed.
    """
    async with desk.database.begin() as tx:
        row = await own_helping(tx, desk, principal, id)
        draft = await drafts.get(tx, row.draft)
        if row.code is None:
            return Helping(row, draft.procedure, None, None)
        dossier = (await dossiers.load(tx, [row.code]))[row.code]
        if row.allows != Allows.NOTHING:
            await _note_look(tx, desk, row, dossier)
        return Helping(row, dossier.procedure, dossier, await dossiers.filed_row(tx, row.code))


async def own_helping(tx: Tx, desk: Desk, principal: Principal, id: str) -> Any:
    """Return the row of a helping whose right is alive. Raises ``NotFound``."""
    row = await assists.get(tx, id)
    if row is None or row.helper != principal.sub or row.ended_at is not None:
        raise NotFound("no_such_helping", NO_HELPING)
    if row.code is not None:
        dossier = (await dossiers.load(tx, [row.code]))[row.code]
        fresh = desk.clock.now() - row.filed_at <= ISSUE_FOR and row.claimed_at is None
        if dossier.ended or (row.allows == Allows.NOTHING and not fresh):
            raise NotFound("no_such_helping", NO_HELPING)
    return row


async def _note_look(tx: Tx, desk: Desk, row: Any, dossier: Dossier) -> None:
    at = desk.clock.now().replace(minute=0, second=0, microsecond=0)
    seen = {"code": dossier.code, "role": HELPER, "office": dossier.received_by, "why": WHY, "at": at}
    for number in await inbox.add_accesses(tx, [seen]):
        if number:
            tx.emit(AccessRecorded(dossier.code, dossier.owner, number, HELPER, dossier.received_by, WHY, at))


async def issue_claim_code(*, desk: Desk, principal: Principal, id: str) -> tuple[str, datetime]:
    """Return a fresh claim code for the printed receipt and until when it works; a former code works no more.

    Raises ``NotFound``, ``Conflict`` (``not_filed_yet``, ``claimed_already``, ``codes_used_up``: five, in seven days).
    """
    code, salt = new_code(), secrets.token_bytes(16)
    digest = await asyncio.to_thread(digest_of_claim, code, salt)
    now = desk.clock.now()
    async with desk.database.begin() as tx:
        row = await own_helping(tx, desk, principal, id)
        if row.code is None:
            raise Conflict("not_filed_yet", Text("Hồ sơ này chưa nộp.", "This has not been filed yet."))
        if row.claimed_at is not None:
            text = Text("Hồ sơ đã có người nhận về.", "The dossier has been taken over already.")
            raise Conflict("claimed_already", text)
        if row.claim_count >= CODES_AT_MOST or now - row.filed_at > ISSUE_FOR:
            text = Text("Không in thêm mã được nữa. Bạn gọi cơ quan.", "No more codes can be printed. Call the office.")
            raise Conflict("codes_used_up", text)
        until = claim_until(now)
        await assists.change(
            tx,
            id,
            {
                "claim_salt": salt,
                "claim_digest": digest,
                "claim_expires_at": until,
                "claim_count": row.claim_count + 1,
                "claim_tries": 0,
                "claim_locked_until": None,
            },
        )
    return code, until


async def end_own_helping(*, desk: Desk, principal: Principal, id: str) -> None:
    """The helper gives the right back. Raises ``NotFound``."""
    async with desk.database.begin() as tx:
        await stop_helping(tx, desk, await own_helping(tx, desk, principal, id), by=HELPER)


async def list_helpers(
    *, desk: Desk, principal: Principal, size: int, before: tuple[datetime, str] | None
) -> Sequence[Any]:
    """Return up to ``size`` + 1 rows of who helped with the caller's dossiers, newest first."""
    async with desk.database.read() as tx:
        return await assists.page_of_owner(tx, principal.sub, size=size, before=before)


async def end_helper(*, desk: Desk, principal: Principal, id: str) -> None:
    """The person ends a helper's right to their dossier, at once. Raises ``NotFound``."""
    async with desk.database.begin() as tx:
        row = await assists.get(tx, id)
        dossier = (await dossiers.load(tx, [row.code])).get(row.code) if row is not None and row.code else None
        if dossier is None or dossier.owner != principal.sub:
            raise NotFound("no_such_helping", NO_HELPING)
        await stop_helping(tx, desk, row, by="person")


async def stop_helping(tx: Tx, desk: Desk, row: Any, *, by: str) -> None:
    """End a right once; the dossier's history says so."""
    if not await assists.end(tx, row.id, at=desk.clock.now(), by=by) or row.code is None:
        return
    before = (await dossiers.load(tx, [row.code]))[row.code]
    after, change = note_end(before, at=desk.clock.now())
    await dossiers.move(tx, [(before, after)])
    await dossiers.add_history(tx, [change])
    tx.emit(change)
    tx.after_commit(lambda: desk.changes.ring([row.code]))
