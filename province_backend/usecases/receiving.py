"""What the nation delivers. Each is idempotent by (dossier, kind, number)."""

from dataclasses import replace
from datetime import timedelta

from kernel.db import Tx
from province_backend import store
from province_backend.model.adopt import NationalState, adopt, open_case
from province_backend.model.case import AccessNoted, Case, Filing, Refusal, Reported, Request, SnapshotGiven
from province_backend.model.requests import close_late, receive
from province_backend.usecases.books import Books, get_case, write

RECENT = timedelta(minutes=15)
ONCE_AN_HOUR = timedelta(hours=1)


async def receive_handover(*, books: Books, code: str, epoch: int, filing: Filing) -> None:
    """Open the case of a dossier that was filed; requests that came before it follow at once."""
    async with books.database.begin() as tx:
        fresh = await store.remember_delivery(tx, code, "handover", str(epoch))
        if not fresh or await store.find_case(tx, code) is not None:
            return
        case = open_case(code, filing=filing, epoch=epoch, office=filing.office)
        await _settle(tx, books, case)


async def receive_request(*, books: Books, code: str, request: Request) -> None:
    """Put a citizen's request into the case; what comes too late is answered at once."""
    async with books.database.begin() as tx:
        number = f"{request.request_no}@{request.filed_at.isoformat()}"
        if not await store.remember_delivery(tx, code, "request_filed", number):
            return
        case = await store.find_case(tx, code)
        if case is None:
            await store.keep_early(tx, code, request)
            return
        if case.stale:
            return  # its new owner has it and answers it
        held, moved = receive(case, request, actor=books.robot(case), now=books.clock.now())
        await write(tx, books, held, *([moved[1]] if moved else []))


async def receive_refusal(*, books: Books, code: str, epoch: int, refusal: Refusal) -> None:
    """Keep the nation's refusal of a report for the officer to see. A lost ownership also ends automatic steps."""
    async with books.database.begin() as tx:
        case = await store.find_case(tx, code)
        number = f"{epoch}.{refusal.version}.{refusal.code}"
        if case is None or not await store.remember_delivery(tx, code, "report_refused", number):
            return
        # An answer to what was reported in an earlier epoch says nothing of a dossier that has come back since.
        stale = case.stale or (refusal.code == "STALE_OWNER" and epoch >= case.epoch)
        await write(tx, books, replace(case, refusals=(*case.refusals, refusal), stale=stale))


async def give_snapshot(*, books: Books, code: str) -> None:
    """Give the nation the whole case, to fill a gap; nothing when the dossier is not in these books."""
    async with books.database.begin() as tx:
        case = await store.find_case(tx, code)
        if case is not None:
            tx.emit(SnapshotGiven(case))


async def adopt_national_state(*, books: Books, nation: NationalState) -> None:
    """Take over the nation's state; books that are beyond it give the nation a snapshot instead."""
    async with books.database.begin() as tx:
        case = await store.find_case(tx, nation.code)
        taken = adopt(case, nation)
        if taken is not None:
            await _settle(tx, books, taken)
        elif case is not None and case.epoch == nation.epoch and case.version > nation.version:
            tx.emit(SnapshotGiven(case))


async def note_access(*, books: Books, code: str, officer: str, name: str) -> tuple[Case, list[str]]:
    """Open a case for an officer: the citizen will see it in "who saw my data" (once an hour for one officer).

    The demo robot leaves the case alone for a while, so that the officer can work.

    Returns the case and the names of other officers who had it open in the last 15 minutes.
    """
    now = books.clock.now()
    async with books.database.begin() as tx:
        case = await get_case(tx, code)
        before = await store.note_access(tx, code=code, officer=officer, name=name, at=now)
        if before is None or now - before > ONCE_AN_HOUR:
            office = case.filing.office or books.participant
            tx.emit(AccessNoted(code, "officer", office, "Xử lý hồ sơ", now))
        if books.pace:
            await store.hold_off(tx, code, now + books.hands_on)
        others = await store.others_in_case(tx, code=code, officer=officer, since=now - RECENT)
    return case, others


async def _settle(tx: Tx, books: Books, case: Case) -> None:
    reports: list[Reported] = []
    actor, now = books.robot(case), books.clock.now()
    for request in await store.take_early(tx, case.code):
        case, moved = receive(case, request, actor=actor, now=now)
        reports += [moved[1]] if moved else []
    late = close_late(case, actor=actor, now=now)
    if late is not None:
        case = late[0]
        reports.append(late[1])
    await write(tx, books, case, *reports)
