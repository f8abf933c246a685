"""With the claim code of a printed receipt: follow, end the helper's right, and take the dossier over, once."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dossier_service.model.assisting import LOCKED_FOR, TRIES, digest_of_claim, hand_over, same_digest
from dossier_service.model.codes import normal_code
from dossier_service.model.dossier import Dossier
from dossier_service.store import assists, dossiers
from dossier_service.usecases.assisting import stop_helping
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.tasks import end_contact
from kernel.auth import Principal
from kernel.db import Tx
from kernel.errors import Conflict, Forbidden, NotFound, Text, TooMany

NO_CLAIM = Text(
    "Mã hồ sơ và mã nhận hồ sơ không khớp, hoặc mã đã hết hạn.",
    "The two codes do not belong together, or the claim code is over.",
)
TOO_OFTEN = Text(
    "Mã nhận hồ sơ bị gõ sai nhiều lần. Bạn xem lại từng chữ trên giấy hẹn, hoặc gọi số trên đó.",
    "The claim code was wrong too often. Look at each letter on the receipt again, or call the office.",
)
WAIT = 60
NOTHING = b"\x00" * 64


@dataclass(frozen=True, slots=True)
class Claimable:
    """What a claim code opens: the dossier's state and titles (a row), and who helped (a row)."""

    dossier: Dossier
    titles: Any
    helping: Any


async def look_at_claim(*, desk: Desk, code: str, claim: str) -> Claimable:
    """Return what the claim code opens. Raises ``NotFound`` (``no_such_claim``), ``TooMany`` (``claim_locked``)."""
    row = await _proven(desk, code, claim)
    async with desk.database.read() as tx:
        dossier = (await dossiers.load(tx, [row.code]))[row.code]
        return Claimable(dossier, await dossiers.filed_row(tx, row.code), row)


async def claim_dossier(*, desk: Desk, principal: Principal, code: str, claim: str) -> str:
    """Make the dossier the caller's own and return its code; whoever took it over may repeat it.

    Raises ``NotFound`` (``no_such_claim``), ``TooMany`` (``claim_locked``), ``Forbidden`` (``helper_may_not_claim``),
    ``Conflict`` (``claimed_already``).
    """
    ours = normal_code(code)
    async with desk.database.read() as tx:
        known = (await dossiers.load(tx, [ours])).get(ours) if ours else None
        taken = await assists.of_dossier(tx, known.code) if known is not None else None
    if known is not None and taken is not None and taken.claimed_at and known.owner == principal.sub:
        return known.code
    row = await _proven(desk, code, claim)
    if principal.sub == row.helper or principal.actor is not None:
        text = Text(
            "Người làm hộ, hoặc người đang làm việc cho tổ chức, không nhận hồ sơ về mình được.",
            "A helper, or who acts for an organisation, cannot take the dossier over.",
        )
        raise Forbidden("helper_may_not_claim", text)
    async with desk.database.begin() as tx:
        await _take_over(tx, desk, row, principal)
    return str(row.code)


async def _take_over(tx: Tx, desk: Desk, row: Any, principal: Principal) -> None:
    if not await assists.claim_once(tx, row.id, desk.clock.now()):
        raise Conflict("claimed_already", Text("Hồ sơ đã có người nhận về.", "Somebody took this over already."))
    before = (await dossiers.load(tx, [row.code]))[row.code]
    after, change = hand_over(before, principal.sub, at=desk.clock.now())
    await dossiers.move(tx, [(before, after)])
    await dossiers.add_history(tx, [change])
    tx.emit(change)
    tx.after_commit(lambda: desk.changes.ring([row.code]))


async def end_help_by_claim(*, desk: Desk, code: str, claim: str) -> None:
    """End the helper's right at once, without signing in. Raises as ``look_at_claim``."""
    row = await _proven(desk, code, claim)
    async with desk.database.begin() as tx:
        await stop_helping(tx, desk, row, by="person")


async def end_contact_by_claim(*, desk: Desk, code: str, claim: str) -> None:
    """Stop the news by telephone, or through whom was named, without signing in. Raises as ``look_at_claim``."""
    row = await _proven(desk, code, claim)
    async with desk.database.begin() as tx:
        await end_contact(tx, desk, await assists.get(tx, row.id))


async def _proven(desk: Desk, code: str, claim: str) -> Any:
    """Return the helping that the two codes prove. The right code always opens, however many wrong ones came before.

    A lock would keep the wrong person out: a dossier's code is on the envelope and on the screen, so anyone who saw it
    could lock its owner out for ever, five tries an hour. And it would keep no guesser out: a code has 59 bits, lives
    90 days and costs 20 ms of a core to try; a whole core that does nothing else tries 5 in 10,000 million of all codes
    in that time, and the gateway counts lookups of each caller before. So wrong tries are only told apart: after
    ``TRIES`` of them, for an hour, a wrong code is answered with ``claim_locked``, which says to read the paper again
    or to call, in place of ``no_such_claim``. Wrong, unknown, used and expired codes are otherwise told the same, after
    the same slow digest.
    """
    ours = normal_code(code)
    now = desk.clock.now()
    async with desk.database.read() as tx:
        row: Any = await assists.of_dossier(tx, ours or "")
    alive = row is not None and row.claim_digest is not None and row.claim_expires_at > now
    salt, kept = (row.claim_salt, row.claim_digest) if alive else (secrets.token_bytes(16), NOTHING)
    if not same_digest(await asyncio.to_thread(digest_of_claim, claim, salt), kept):
        if alive:
            await _count_wrong(desk, row.id, row.code, now)
        raise NotFound("no_such_claim", NO_CLAIM)
    if row.claim_tries or row.claim_locked_until is not None:
        async with desk.database.begin() as tx:
            await assists.change(tx, row.id, {"claim_tries": 0, "claim_locked_until": None})
    return row


async def _count_wrong(desk: Desk, id: str, code: str, now: datetime) -> None:
    """Count a wrong try. Raises ``TooMany`` (``claim_locked``) for an hour after ``TRIES`` of them."""
    async with desk.database.begin() as tx:
        row = await assists.of_dossier(tx, code)
        if row.claim_locked_until is not None and row.claim_locked_until > now:
            raise TooMany("claim_locked", TOO_OFTEN, retry_after=WAIT)
        tries = row.claim_tries + 1
        over = tries >= TRIES
        counted = {"claim_tries": 0 if over else tries, "claim_locked_until": now + LOCKED_FOR if over else None}
        await assists.change(tx, id, counted)
