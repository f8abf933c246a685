"""What must always hold of every dossier, whatever was killed when; read by the one checker (road.md 4)."""

from collections import Counter
from itertools import pairwise

from sqlalchemy import select

from dossier_service.model.dossier import Dossier
from dossier_service.model.history import Entry, faults_of
from dossier_service.model.merkle import leaf_of, root_of
from dossier_service.model.rehoming import CHANGED
from dossier_service.model.states import RequestState, derive_status
from dossier_service.store import dossiers, files, owners, payments, roots
from dossier_service.store.tables import DOSSIER
from kernel.db import Tx

STEP = 500


async def check_invariants(tx: Tx, *, settled: bool = True) -> list[str]:
    """Return every broken promise, one sentence each; an empty list when all hold.

    ``settled``: nothing is under way, so an ended dossier has no request without its answer.
    """
    broken: list[str] = []
    after = ""
    while True:
        codes = await dossiers.codes_since(tx, None, after=after, limit=STEP)
        if not codes:
            break
        rows = await tx.all(select(DOSSIER.c.code, DOSSIER.c.status).where(DOSSIER.c.code.in_(codes)))
        shown = {row.code: row.status for row in rows}
        for code, dossier in (await dossiers.load(tx, codes)).items():
            try:
                history = await dossiers.history_of(tx, code)
            except (ValueError, TypeError, KeyError) as error:
                broken.append(f"{code}: its history cannot be read, a row was edited: {error}")
                continue
            broken += _of_history(dossier, history)
            broken += await _of_owners(tx, dossier, history)
            broken += _of_state(dossier, shown[code])
            broken += await _of_requests(tx, dossier, history, settled=settled)
            broken += await _of_files(tx, dossier)
            broken += await _of_payments(tx, dossier)
        after = codes[-1]
    return broken + await _of_roots(tx)


def _of_history(dossier: Dossier, history: list[Entry]) -> list[str]:
    broken = list(faults_of(dossier.code, history, dossier.head))
    if len(history) != dossier.event_no:
        broken.append(f"{dossier.code}: {len(history)} entries but event_no {dossier.event_no}")
    if history and history[-1].version != dossier.version:
        broken.append(f"{dossier.code}: the last entry is of version {history[-1].version}, not {dossier.version}")
    last = 0
    for entry in history:
        if entry.version < last or (entry.version > last + 1 and not _recovered_at(history, entry.version)):
            broken.append(f"{dossier.code}: version {entry.version} follows {last}")
        last = entry.version
    return broken


async def _of_owners(tx: Tx, dossier: Dossier, history: list[Entry]) -> list[str]:
    """One owner of each epoch: epochs go up by one, each by a change of owner, and the former owners are known."""
    broken, epoch = [], 1
    for entry in history:
        if entry.epoch != epoch + (entry.type == CHANGED):
            broken.append(f"{dossier.code}: entry {entry.n} is of epoch {entry.epoch} after epoch {epoch}")
        epoch = entry.epoch
    if epoch != dossier.epoch:
        broken.append(f"{dossier.code}: the last entry is of epoch {epoch}, not {dossier.epoch}")
    former = (await owners.former_of(tx, [dossier.code])).get(dossier.code, {}) if dossier.epoch > 1 else {}
    if sorted(former) != list(range(1, dossier.epoch)):
        broken.append(f"{dossier.code}: at epoch {dossier.epoch} the owners of {sorted(former)} are known")
    return broken


def _recovered_at(history: list[Entry], version: int) -> bool:
    return any(entry.recovered for entry in history if entry.version == version)


def _of_state(dossier: Dossier, shown: int) -> list[str]:
    broken = []
    derived = derive_status(dossier.state, [ask.kind for ask in dossier.open_asks])
    if shown != derived:
        broken.append(f"{dossier.code}: status {shown} is stored, {derived} follows from its state")
    if dossier.open_asks and dossier.ended:
        broken.append(f"{dossier.code}: has ended and still wants something")
    return broken


async def _of_requests(tx: Tx, dossier: Dossier, history: list[Entry], *, settled: bool) -> list[str]:
    broken = []
    requests = await dossiers.requests_of(tx, dossier.code)
    if [request.request_no for request in requests] != list(range(1, dossier.request_count + 1)):
        broken.append(f"{dossier.code}: requests are not numbered densely")
    told = Counter(entry.request_no for entry in history if entry.type == "request_answered")
    kinds = Counter(request.kind for request in requests if request.state is RequestState.OPEN)
    broken += [f"{dossier.code}: {many} open requests of kind {kind}" for kind, many in kinds.items() if many > 1]
    for request in requests:
        where = f"{dossier.code}: request {request.request_no}"
        wanted = 0 if request.state is RequestState.OPEN else 1
        if told[request.request_no] != wanted:
            broken.append(f"{where} is {request.state} with {told[request.request_no]} answers in the history")
        if settled and dossier.ended and not wanted:
            broken.append(f"{where} has no answer though the dossier has ended")
    return broken


async def _of_files(tx: Tx, dossier: Dossier) -> list[str]:
    named = list(dossier.results) + ([dossier.draft_result] if dossier.draft_result else [])
    filed = await dossiers.filed_for(tx, dossier.code)
    named += filed.files
    for request in await dossiers.requests_of(tx, dossier.code):
        named += request.files
    known = {row.sha256 for row in await files.of_dossier(tx, dossier.code)}
    return [f"{dossier.code}: names a file that is not known: {r.sha256}" for r in named if r.sha256 not in known]


async def _of_payments(tx: Tx, dossier: Dossier) -> list[str]:
    """One charge is kept for an ask at most, it is the amount that was asked, and a request tells of it."""
    broken = []
    kept = [payment for payment in await payments.of_dossier(tx, dossier.code) if payment.kept]
    many = Counter(payment.ask_no for payment in kept)
    broken += [f"{dossier.code}: ask {ask_no} was paid {count} times" for ask_no, count in many.items() if count > 1]
    for payment in kept:
        if payment.charged_vnd != payment.amount_vnd or payment.request_no is None:
            broken.append(f"{dossier.code}: payment {payment.id} is kept with another amount or without its request")
    return broken


async def _of_every_day(tx: Tx) -> list[str]:
    """Compute the root of each sealed day anew, from the heads that were kept with the days up to it."""
    broken: list[str] = []
    leaves: dict[str, bytes] = {}
    for day in sorted(await roots.page(tx, size=100_000, before=None), key=lambda row: row.date):
        for head in await roots.heads_of(tx, day.date):
            leaves[head.code] = leaf_of(head.code, head.n, head.head)
        if root_of(leaves[code] for code in sorted(leaves)) != (day.count, day.root):
            broken.append(f"daily root of {day.date}: the heads kept up to that day give another root")
    return broken


async def _of_roots(tx: Tx) -> list[str]:
    last = await roots.last_root(tx)
    if last is None:
        return []
    broken = await _of_every_day(tx)
    heads = await roots.sealed_heads(tx)
    _, root = root_of(leaf_of(head.code, head.n, head.head) for head in heads)
    if root != last.root:
        broken.append(f"daily root of {last.date}: the kept heads give another root")
    days = sorted(await roots.page(tx, size=100_000, before=None), key=lambda row: row.date)
    for earlier, later in pairwise(days):
        if later.prev_root != earlier.root or (later.date - earlier.date).days != 1:
            broken.append(f"daily root of {later.date}: does not follow that of {earlier.date}")
    lost = await roots.lost_heads(tx)
    broken += [f"{row.code}: the entry {row.n} that was sealed on {row.date} is gone or changed" for row in lost]
    return broken
