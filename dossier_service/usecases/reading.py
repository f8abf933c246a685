"""What may be read, and by whom: the owner sees everything, everybody sees code and progress, a foreign one is 404."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dossier_service.model.assisting import Allows
from dossier_service.model.codes import normal_code
from dossier_service.model.dossier import Dossier, Request
from dossier_service.model.payments import Payment, is_kept
from dossier_service.model.states import PROGRESS, AskKind
from dossier_service.store import assists, dossiers, exemptions, files, inbox, payments, roots
from dossier_service.usecases.desk import Desk
from kernel.auth import Principal
from kernel.db import Tx
from kernel.errors import NotFound, Text

NO_DOSSIER = Text("Không tìm thấy hồ sơ này.", "There is no such dossier.")
LOOK_AGAIN = 5.0


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the owner sees. ``filed``, ``files``, ``root`` and ``link`` are rows.

    ``counted_from`` is when the nation's calendar lets the owner's appointment begin to count; ``payable``: an open
    money ask can be paid here now.
    """

    dossier: Dossier
    filed: Any
    requests: Sequence[Request]
    files: Sequence[Any]
    root: Any
    link: Any
    authority_seconds: int
    counted_from: datetime | None
    helping: Any = None
    payments: Sequence[Payment] = ()
    payable: bool = False


async def own_dossier(tx: Tx, principal: Principal, code: str) -> Dossier:
    """Return the caller's dossier, or one that they may act on for the person they helped until the case closes.

    Raises ``NotFound`` for a foreign or unknown one.
    """
    found = (await dossiers.load(tx, [code])).get(code)
    if found is None or not (found.owner == principal.sub or await _may_act(tx, found, principal)):
        raise NotFound("no_such_dossier", NO_DOSSIER)
    return found


async def _may_act(tx: Tx, dossier: Dossier, principal: Principal) -> bool:
    if dossier.helper != principal.sub or dossier.ended:
        return False
    helping = await assists.of_dossier(tx, dossier.code)
    return helping is not None and helping.ended_at is None and helping.allows == Allows.ACT


async def read_dossier(*, desk: Desk, principal: Principal, code: str) -> View:
    """Return the caller's dossier with all that belongs to it."""
    async with desk.database.read() as tx:
        return await view(tx, desk=desk, principal=principal, code=code)


async def view(tx: Tx, *, desk: Desk, principal: Principal, code: str) -> View:
    """Return the caller's dossier inside a transaction."""
    dossier = await own_dossier(tx, principal, code)
    seconds = dossier.authority_seconds
    if dossier.held_by == "authority":
        seconds += desk.calendar.working_seconds(dossier.held_since, desk.clock.now())
    paying = await payments.of_dossier(tx, code) if any(ask.kind is AskKind.MONEY for ask in dossier.asks) else []
    return View(
        dossier=dossier,
        filed=await dossiers.filed_row(tx, code),
        requests=await dossiers.requests_of(tx, code),
        files=await files.of_dossier(tx, code),
        root=await roots.anchor_of(tx, code),
        link=await inbox.link(tx, dossier.lane),
        authority_seconds=seconds,
        counted_from=desk.calendar.counted_from(dossier.due.start) if dossier.due and dossier.due.start else None,
        helping=await assists.of_dossier(tx, code) if dossier.helper else None,
        payments=paying,
        payable=desk.platform is not None and _payable(dossier, paying) and not await exemptions.spared(tx, code),
    )


def _payable(dossier: Dossier, paying: Sequence[Payment]) -> bool:
    wanted = [ask for ask in dossier.open_asks if ask.kind is AskKind.MONEY and ask.amount_vnd]
    return any(not is_kept(paying, ask.ask_no) for ask in wanted) and not any(one.alive for one in paying)


async def list_dossiers(
    *, desk: Desk, principal: Principal, size: int, before: tuple[datetime, str] | None
) -> Sequence[Any]:
    """Return up to ``size`` + 1 rows of the caller's dossiers, newest filing first; never behind what was filed."""
    async with desk.database.read() as tx:
        return await dossiers.page_of_owner(tx, principal.sub, size=size, before=before)


async def read_timeline(*, desk: Desk, principal: Principal, code: str) -> Sequence[Any]:
    """Return the history rows of the caller's dossier, oldest first."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        return await dossiers.history_rows(tx, code)


async def read_accesses(*, desk: Desk, principal: Principal, code: str, size: int, before: int | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 accesses of officers to the caller's dossier, newest first."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        return await inbox.accesses(tx, code, size=size, before=before)


async def look_up(*, desk: Desk, code: str) -> tuple[str, int]:
    """Return (our code, progress in per cent) for a code in one of the accepted styles; public, opens nothing else."""
    ours = normal_code(code)
    if ours is not None:
        async with desk.database.read() as tx:
            found = (await dossiers.load(tx, [ours])).get(ours)
        if found is not None:
            return ours, PROGRESS[found.status]
    raise NotFound("no_such_dossier", NO_DOSSIER)


async def list_roots(*, desk: Desk, size: int, before: date | None) -> Sequence[Any]:
    """Return up to ``size`` + 1 sealed days, newest first."""
    async with desk.database.read() as tx:
        return await roots.page(tx, size=size, before=before)


async def follow(*, desk: Desk, principal: Principal, code: str, after: int | None) -> AsyncIterator[Any]:
    """Yield history rows of the caller's dossier as they are committed, after event ``after``.

    Without ``after`` the newest row comes first, so that a page knows where it stands; an ``after`` that has not
    happened yet counts as the newest. Raises ``NotFound`` before
    the first row for a foreign dossier.
    """
    with desk.changes.listening(code) as event:
        async with desk.database.read() as tx:
            dossier = await own_dossier(tx, principal, code)
        after = dossier.event_no - 1 if after is None else min(after, dossier.event_no)
        while True:
            async with desk.database.read() as tx:
                if principal.sub != dossier.owner:  # a helper's right may end while the page is open
                    await own_dossier(tx, principal, code)
                rows = await dossiers.history_rows(tx, code, after=after)
            for row in rows:
                after = row.n
                yield row
            await desk.changes.wait(code, event, LOOK_AGAIN)


async def read_file(*, desk: Desk, principal: Principal, code: str, sha256: str) -> tuple[Any, AsyncIterator[bytes]]:
    """Return one file's row and its bytes. Raises ``NotFound`` for a foreign dossier or an unknown file."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        row = await files.get(tx, code, sha256)
    if row is None or await desk.files.size(files.key_of(code, sha256)) != row.size:
        raise NotFound("no_such_file", Text("Không tìm thấy tệp này.", "There is no such file."))
    return row, desk.files.stream(files.key_of(code, sha256))
