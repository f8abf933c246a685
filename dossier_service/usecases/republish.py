"""Saying everything again that others copy from here, in small transactions; safe at any time and to repeat."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import orjson

from dossier_service.model.dossier import Ask, Dossier, Request, advance
from dossier_service.model.happened import AccessRecorded, DailyRootSealed, DossierChanged
from dossier_service.model.rehoming import CHANGED
from dossier_service.model.states import AskKind, AskState, State
from dossier_service.model.tasks import ASK_REMINDED
from dossier_service.store import dossiers, inbox, owners, roots
from dossier_service.store.mapping import entry_of
from dossier_service.usecases.exchange import send_snapshots
from dossier_service.usecases.ratings import tell_ratings
from dossier_service.usecases.tasks import queue_open_tasks
from kernel.db import Database, Tx
from kernel.outbox import until_short

STEP = 50
ASKED_BY = {"papers_asked": AskKind.PAPERS, "money_asked": AskKind.MONEY, "draft_sent": AskKind.CONFIRM}
Progress = Callable[[str, int, int], None]


def untold(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


async def republish(
    *,
    database: Database,
    since: datetime | None = None,
    subject: str | None = None,
    lanes: bool = True,
    step: int = STEP,
    progress: Progress = untold,
) -> int:
    """Emit every change of each dossier, its accesses and the daily roots again; return how many events.

    The events carry their first numbers, so a copy that has them changes nothing. An appointment that was moved
    since is told as it is now. ``since`` = only dossiers changed since then, ``subject`` = one dossier alone. With
    ``lanes`` the whole state of each dossier that its owner may not hold, or that has an open request, goes on its
    lane again; owners who have it change nothing.
    """
    total = 1 if subject else await _count(database, since)
    count, done, after = 0, 0, ""
    while True:
        await until_short(database)
        async with database.begin() as tx:
            codes = [subject] if subject else await dossiers.codes_since(tx, since, after=after, limit=step)
            held = await dossiers.load(tx, codes)
            await _changes(tx, held)
            await _accesses(tx, held)
            if lanes:
                await send_snapshots(tx=tx, codes=await _not_surely_there(tx, held.values()))
                await queue_open_tasks(tx, list(held.values()))
            count += len(tx.events)
        done += len(held)
        progress("dossiers", done, max(total, done))
        if subject or len(codes) < step:
            break
        after = codes[-1]
    return count if subject else count + await _roots(database, since) + await _ratings(database)


async def _count(database: Database, since: datetime | None) -> int:
    async with database.read() as tx:
        return await dossiers.count_since(tx, since)


async def _changes(tx: Tx, held: dict[str, Dossier]) -> None:
    asked: dict[str, dict[AskKind, list[Ask]]] = {}
    for code, dossier in held.items():
        asked[code] = {kind: [ask for ask in dossier.asks if ask.kind is kind] for kind in AskKind}
    requests = {
        code: {request.request_no: request for request in await dossiers.requests_of(tx, code)} for code in held
    }
    former = await owners.former_of(tx, [code for code, dossier in held.items() if dossier.epoch > 1])
    for row in await dossiers.every_change(tx, list(held)):
        then = former.get(row.code, {})
        told = _told_again(row, _of_epoch(held[row.code], then, row.epoch), asked[row.code], requests[row.code])
        before = then.get(row.epoch - 1)
        tx.emit(replace(told, former_lane=before.lane) if row.kind == CHANGED and before else told)


def _of_epoch(dossier: Dossier, former: Mapping[int, Any], epoch: int) -> Dossier:
    """Return the dossier with the owner of ``epoch``."""
    owner = former.get(epoch)
    return dossier if owner is None else advance(dossier, lane=owner.lane, office=owner.office)


def _told_again(
    row: Any, dossier: Dossier, asked: dict[AskKind, list[Ask]], requests: dict[int, Request]
) -> DossierChanged:
    """Return the event of one history row as it was told first, as far as the tables still know it."""
    entry = entry_of(row)
    request = requests.get(entry.request_no or 0)
    step, ask_no, asks = row.type, 0, dossier.asks
    if row.kind == "request_filed" and request is not None:
        step, ask_no = f"{request.kind}_filed", request.ask_no or 0
    elif row.kind == "request_answered" and request is not None:
        step, ask_no = f"{request.kind}_{_verdict(row, request)}", request.ask_no or 0
    elif row.type in ASKED_BY and asked[ASKED_BY[row.type]]:
        ask = asked[ASKED_BY[row.type]].pop(0)
        ask_no, asks = ask.ask_no, (replace(ask, state=AskState.OPEN),)
    elif row.kind == ASK_REMINDED:
        ask_no = int(_content(row).get("ask_no", 0))
        asks = tuple(replace(ask, state=AskState.OPEN) for ask in dossier.asks if ask.ask_no == ask_no)
    due = None if entry.state is State.SUBMITTED else dossier.due
    return DossierChanged(row.kind, advance(dossier, asks=asks, due=due), entry, step, ask_no)


def _verdict(row: Any, request: Request) -> str:
    return str(_content(row).get("verdict") or request.state)


def _content(row: Any) -> Mapping[str, Any]:
    """Return what a history row says; nothing once it is erased."""
    return orjson.loads(row.content) if row.content else {}


async def _accesses(tx: Tx, held: dict[str, Dossier]) -> None:
    for row in await inbox.accesses_of(tx, list(held)):
        owner = held[row.code].owner
        tx.emit(AccessRecorded(row.code, owner, row.no, row.role, row.office, row.why, row.at))


async def _not_surely_there(tx: Tx, held: Iterable[Dossier]) -> Sequence[str]:
    waiting = [dossier for dossier in held if not dossier.ended]
    open_ones = await dossiers.open_requests(tx, [dossier.code for dossier in waiting])
    return [dossier.code for dossier in waiting if dossier.delivered_at is None or dossier.code in open_ones]


async def _roots(database: Database, since: datetime | None) -> int:
    count, before = 0, None
    while True:
        async with database.begin() as tx:
            days = await roots.page(tx, size=STEP, before=before)
            for root in days:
                if since is None or root.sealed_at >= since:
                    tx.emit(DailyRootSealed(root.date.isoformat(), root.count, root.root, root.prev_root))
            count += len(tx.events)
        if not days:
            return count
        before = _oldest(days)


async def _ratings(database: Database) -> int:
    count, after = 0, ""
    while True:
        async with database.begin() as tx:
            last = await tell_ratings(tx=tx, after=after, size=STEP)
            count += len(tx.events)
        if not last:
            return count
        after = last


def _oldest(days: Sequence[Any]) -> date:
    oldest: date = days[-1].date
    return oldest
