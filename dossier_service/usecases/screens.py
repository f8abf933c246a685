"""The second screen of a helper's desk: the helped person reads along what is filled in for them, and nothing else."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dossier_service.model.assisting import digest_of_claim
from dossier_service.model.dossier import Dossier
from dossier_service.model.screens import IDLE, digest_of_screen, new_screen_code
from dossier_service.store import assists, dossiers, drafts, screens
from dossier_service.usecases.assisting import own_helping
from dossier_service.usecases.desk import Desk
from kernel.auth import Principal
from kernel.db import Tx
from kernel.errors import NotFound, Text

NO_SCREEN = Text(
    "Mã màn hình không đúng, hoặc đã hết hạn. Nhờ người làm hộ mở mã mới.",
    "This code is wrong or has ended. Ask the helper for a new one.",
)
NONCE = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What the second screen shows: the helping, its draft, and after filing the dossier and the claim code."""

    helping: Any
    draft: Any
    answers: Mapping[str, Any]
    page: str
    until: datetime
    dossier: Dossier | None
    claim_code: str | None


async def open_screen(*, desk: Desk, principal: Principal, id: str, at: datetime) -> str:
    """Return the code that opens the second screen of the caller's helping; a former one of it opens nothing more.

    Raises ``NotFound`` (``no_such_helping``).
    """
    code = new_screen_code()
    async with desk.database.begin() as tx:
        await own_helping(tx, desk, principal, id)
        await screens.forget(tx, at - IDLE)
        await screens.put(tx, assist=id, digest=digest_of_screen(code), at=at)
    return code


async def note_page(*, desk: Desk, principal: Principal, id: str, page: str, at: datetime) -> None:
    """Note the page that the helper looks at. Raises ``NotFound`` (``no_such_helping``, ``no_such_screen``)."""
    async with desk.database.begin() as tx:
        await own_helping(tx, desk, principal, id)
        if not await screens.touch(tx, id, page=page, at=at, since=at - IDLE):
            raise NotFound("no_such_screen", NO_SCREEN)


async def end_screen(*, desk: Desk, principal: Principal, id: str) -> None:
    """End the second screen; a second time changes nothing. Raises ``NotFound`` (``no_such_helping``)."""
    async with desk.database.begin() as tx:
        await own_helping(tx, desk, principal, id)
        await screens.drop(tx, id)


async def look_at_screen(*, desk: Desk, code: str, at: datetime) -> Shown:
    """Return what the second screen shows; looking does not keep it open.

    Raises ``NotFound`` (``no_such_screen``) for a wrong code, after ``IDLE``, and once the helping or the case ended.
    """
    async with desk.database.read() as tx:
        screen = await screens.find(tx, digest_of_screen(code))
        if screen is None or screen.touched_at + IDLE <= at:
            raise NotFound("no_such_screen", NO_SCREEN)
        helping, draft, dossier = await _subject(tx, screen.assist)
    claim = await asyncio.to_thread(_opened, code, screen.assist, screen.sealed) if screen.sealed else None
    answers = orjson.loads(draft.answers)
    return Shown(helping, draft, answers, screen.page, screen.touched_at + IDLE, dossier, claim)


async def _subject(tx: Tx, assist: str) -> tuple[Any, Any, Dossier | None]:
    helping = await assists.get(tx, assist)
    draft = await drafts.get(tx, helping.draft) if helping is not None else None
    if helping is None or draft is None or helping.ended_at is not None or helping.claimed_at is not None:
        raise NotFound("no_such_screen", NO_SCREEN)
    dossier = (await dossiers.load(tx, [helping.code]))[helping.code] if helping.code else None
    if dossier is not None and dossier.ended:
        raise NotFound("no_such_screen", NO_SCREEN)
    return helping, draft, dossier


async def show_claim_code(*, desk: Desk, id: str, screen: str, claim: str, at: datetime) -> None:
    """Show a fresh claim code on the second screen too; kept sealed with the screen's code, and gone with it."""
    sealed = await asyncio.to_thread(_sealed, screen, id, claim)
    async with desk.database.begin() as tx:
        await screens.seal(tx, id, digest_of_screen(screen), sealed, at)


def _sealed(code: str, assist: str, claim: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(_key(code, assist)).encrypt(nonce, claim.encode(), assist.encode())


def _opened(code: str, assist: str, sealed: bytes) -> str | None:
    try:
        return AESGCM(_key(code, assist)).decrypt(sealed[:NONCE], sealed[NONCE:], assist.encode()).decode()
    except InvalidTag:
        return None


def _key(code: str, assist: str) -> bytes:
    return digest_of_claim(code, assist.encode())[:32]
