"""What the owner reports, applied in sets: one SELECT a table, one executemany a table (exact.md 4)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from dossier_service.model.dossier import Dossier, Report, Request, Snapshot, advance
from dossier_service.model.happened import DossierChanged, RefusalQueued, SnapshotWanted
from dossier_service.model.ratings import SETTLED_AFTER
from dossier_service.model.rehoming import handed_on_text
from dossier_service.model.reports import (
    BAD_SCHEMA,
    CONFLICT,
    ILLEGAL,
    PARK_LIMIT,
    PARK_MOST,
    PARK_PATIENCE,
    STALE_OWNER,
    UNKNOWN,
    Applied,
    Book,
    Duplicate,
    Parked,
    Refused,
    apply_report,
    conflict_of,
    judge,
)
from dossier_service.model.snapshots import apply_snapshot, judge_snapshot
from dossier_service.model.tasks import Later, reminders
from dossier_service.store import batches, catalogue, dossiers, files, inbox, owners, tasks
from dossier_service.usecases.desk import Desk
from kernel.clock import real_now
from kernel.db import Tx
from kernel.log import Record

CONSUMER = "dossier_service.reports"
NOT_HELD = Refused(UNKNOWN, "Đơn vị này không giữ hồ sơ có mã như vậy.")
TOO_MANY_PARKED = Refused(ILLEGAL, "Quá nhiều báo cáo đang chờ một báo cáo bị thiếu. Hãy gửi toàn bộ trạng thái hồ sơ.")
OUTCOMES = Counter("motcua_dossier_reports_total", "Reports of owners, by what became of them", ("outcome",))

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Incoming:
    """One decoded report or snapshot; ``record`` is the message as it came."""

    code: str
    participant: str
    said: Report | Snapshot
    record: Record

    @property
    def report(self) -> Report:
        """The owner's state in it."""
        return self.said.state if isinstance(self.said, Snapshot) else self.said


@dataclass(frozen=True, slots=True)
class Nonsense:
    """A report or snapshot that cannot be understood; its numbers are as they were sent."""

    code: str
    participant: str
    epoch: int
    version: int
    why: str
    record: Record


Decode = Callable[[Record], Incoming]


async def apply_reports(
    *, tx: Tx, desk: Desk, incoming: Sequence[Incoming], decode: Decode, nonsense: Sequence[Nonsense] = ()
) -> None:
    """Apply a batch inside the consumer's transaction. Order within a dossier is the order given.

    ``decode`` reads messages that were parked earlier. Nothing is raised for what an owner can send: it is applied,
    a duplicate, parked, or refused (quarantined, and the officer is told).
    """
    batch = await _open(tx, desk, incoming, decode, nonsense)
    for item in incoming:
        batch.take(item)
    for bad in nonsense:
        batch.take_nonsense(bad)
    await batch.write(tx)


async def retry_parked(*, tx: Tx, desk: Desk, codes: Iterable[str], decode: Decode) -> None:
    """Try the parked reports of ``codes`` again (a file has arrived)."""
    batch = await _open(tx, desk, (), decode, more=set(codes))
    for code in list(batch.dossiers):
        batch.release(code)
    await batch.write(tx)


async def _open(
    tx: Tx,
    desk: Desk,
    incoming: Sequence[Incoming],
    decode: Decode,
    nonsense: Sequence[Nonsense] = (),
    more: Iterable[str] = (),
) -> "_Batch":
    codes = {item.code for item in incoming} | {bad.code for bad in nonsense} | set(more)
    participants = {item.participant for item in incoming} | {bad.participant for bad in nonsense}
    shelf = await batches.take_out(tx, codes, participants)
    found, requests, lanes = shelf.dossiers, shelf.requests, shelf.lanes
    waiting = {
        code: [_Waiting(row.version, decode(inbox.record_of(row))) for row in rows]
        for code, rows in shelf.parked.items()
    }
    said = [*incoming, *(item.incoming for rows in waiting.values() for item in rows)]
    if others := {item.participant for item in said} - participants:
        lanes |= await catalogue.lanes_of(tx, sorted(others))
    old = {
        (item.code, item.report.version)
        for item in said
        if item.code in found and item.report.version < found[item.code].version
    }
    digests = await dossiers.digests_of(tx, old)
    here = await _files_here(tx, desk, said)
    books = {code: Book(requests.get(code, {}), digests.get(code, {}), here.get(code, set())) for code in found}
    former = await owners.former_of(tx, [code for code, dossier in found.items() if dossier.epoch > 1])
    were = {code: {row.lane for row in epochs.values()} for code, epochs in former.items()}
    return _Batch(desk, desk.clock.now(), found, dict(found), books, waiting, lanes, were)


async def _files_here(tx: Tx, desk: Desk, said: Iterable[Incoming]) -> dict[str, set[str]]:
    named = {(item.code, ref.sha256): ref for item in said for ref in item.report.files}
    here: dict[str, set[str]] = {}
    referenced = await files.known(tx, named)
    for (code, sha256), ref in named.items():
        if (code, sha256) in referenced or await desk.files.size(files.key_of(code, sha256)) == ref.size:
            here.setdefault(code, set()).add(sha256)
    return here


@dataclass
class _Waiting:
    version: int
    incoming: Incoming


@dataclass
class _Refusal:
    code: str
    lane: str
    epoch: int
    version: int
    refused: Refused
    record: Record


@dataclass
class _Batch:
    """What one transaction will write. ``before`` is as read, ``dossiers`` as it will be."""

    desk: Desk
    now: datetime
    before: dict[str, Dossier]
    dossiers: dict[str, Dossier]
    books: dict[str, Book]
    waiting: dict[str, list[_Waiting]]
    lanes: dict[str, set[str]]
    were: dict[str, set[str]]
    changes: list[DossierChanged] = field(default_factory=list)
    answered: list[tuple[str, Request]] = field(default_factory=list)
    named: list[tuple[str, Any, str, datetime]] = field(default_factory=list)
    refusals: list[_Refusal] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    freed: list[tuple[str, int]] = field(default_factory=list)

    def take(self, item: Incoming) -> None:
        """Judge one message and note what follows; then whatever waited for it."""
        dossier = self._held(item)
        if dossier is None:
            self._refuse(item, item.participant, self._not_held(item))
            return
        before = dossier.version
        self._settle(item, dossier)
        if self.dossiers[item.code].version != before:
            self.release(item.code)

    def take_nonsense(self, bad: Nonsense) -> None:
        """Refuse what cannot be understood; the officer is told why."""
        dossier = self._held(bad)
        if dossier is None:
            self._note_refusal(bad, bad.participant, bad.epoch, bad.version, self._not_held(bad))
            return
        text = f"Cổng quốc gia không hiểu báo cáo này ({bad.why}). Hãy sửa rồi gửi lại."
        self._note_refusal(bad, dossier.lane, bad.epoch, bad.version, Refused(BAD_SCHEMA, text))

    def _held(self, item: Incoming | Nonsense) -> Dossier | None:
        dossier = self.dossiers.get(item.code)
        return dossier if dossier and dossier.lane in self.lanes.get(item.participant, set()) else None

    def _not_held(self, item: Incoming | Nonsense) -> Refused:
        """Who once owned the dossier is told that it was handed on; anybody else, that there is none."""
        dossier = self.dossiers.get(item.code)
        if dossier is None or not self.were.get(item.code, set()) & self.lanes.get(item.participant, set()):
            return NOT_HELD
        return Refused(STALE_OWNER, handed_on_text(dossier.office_name))

    def release(self, code: str) -> None:
        """Settle the parked reports of ``code`` whose turn has come."""
        rest = self.waiting.get(code, [])
        while rest:
            dossier = self.dossiers[code]
            first = rest[0]
            whole = isinstance(first.incoming.said, Snapshot)
            if first.version > dossier.version + 1 and not whole:
                return
            if not self._settle(first.incoming, dossier, parked=True):
                return
            self.freed.append((code, first.version))
            rest.pop(0)

    def _settle(self, item: Incoming, dossier: Dossier, *, parked: bool = False) -> bool:
        book = self.books[item.code]
        said = item.said
        verdict = judge_snapshot(dossier, said, book) if isinstance(said, Snapshot) else judge(dossier, said, book)
        match verdict:
            case None:
                self._apply(item, dossier, book)
            case Duplicate():
                OUTCOMES.labels("duplicate").inc()
            case Refused():
                # Whoever reports by an old epoch is told on the lane it came by: the dossier may be on another one.
                self._refuse(item, item.participant if verdict.code == STALE_OWNER else dossier.lane, verdict)
            case Parked():
                if not parked:
                    self._park(item, verdict)
                return False
        return True

    def _apply(self, item: Incoming, dossier: Dossier, book: Book) -> None:
        said = item.said
        apply: Applied
        if isinstance(said, Snapshot):
            apply = apply_snapshot(dossier, said, book, received_at=self.now, calendar=self.desk.calendar)
        else:
            apply = apply_report(dossier, said, book, received_at=self.now, calendar=self.desk.calendar)
        self.dossiers[item.code] = apply.dossier
        self.changes += apply.changes
        self.answered += [(item.code, request) for request in apply.answered]
        report = item.report
        self.named += [(item.code, ref, "result", self.now) for ref in report.results]
        if report.draft_result is not None:
            self.named.append((item.code, report.draft_result, "draft_result", self.now))

    def _park(self, item: Incoming, why: Parked) -> None:
        report = item.report
        rest = self.waiting.setdefault(item.code, [])
        twin = next((other for other in rest if other.version == report.version), None)
        if twin is not None:
            if twin.incoming.report.digest != report.digest:
                self._refuse(item, self.dossiers[item.code].lane, conflict_of(report))
            return
        if len(rest) >= PARK_MOST:
            self._refuse(item, self.dossiers[item.code].lane, TOO_MANY_PARKED)
            return
        OUTCOMES.labels(f"parked_{why.reason}").inc()
        row = inbox.parked_row(
            item.record,
            code=item.code,
            version=report.version,
            digest=report.digest,
            reason=why.reason,
            sha256=why.sha256,
        )
        self.parked.append(row)
        rest.append(_Waiting(report.version, item))
        rest.sort(key=lambda other: other.version)

    def _refuse(self, item: Incoming, lane: str, refused: Refused) -> None:
        self._note_refusal(item, lane, item.report.epoch, item.report.version, refused)

    def _note_refusal(self, item: Incoming | Nonsense, lane: str, epoch: int, version: int, refused: Refused) -> None:
        OUTCOMES.labels(f"refused_{refused.code.lower()}").inc()
        log = logger.error if refused.code == CONFLICT else logger.warning
        log("report_refused", dossier=item.code, participant=item.participant, code=refused.code)
        self.refusals.append(_Refusal(item.code, lane, epoch, version, refused, item.record))

    async def write(self, tx: Tx) -> None:
        """Write everything: the dossiers first, by compare-and-set."""
        told = await self._tell(tx)
        pairs = [(self.before[code], after) for code, after in self.dossiers.items() if after is not self.before[code]]
        pairs.sort(key=lambda pair: pair[0].code)
        OUTCOMES.labels("applied").inc(sum(after.version != before.version for before, after in pairs))
        await dossiers.move(tx, pairs)
        await dossiers.add_history(tx, self.changes)
        await dossiers.answer_requests(tx, self.answered)
        await files.add(tx, self.named)
        freed = set(self.freed)
        await inbox.park(tx, [row for row in self.parked if (row["code"], row["version"]) not in freed])
        await inbox.unpark(tx, freed)
        ended = [after.code for before, after in pairs if after.ended and not before.ended]
        await tasks.plan(tx, ended, Later.ASK_TO_RATE, self.now + SETTLED_AFTER)
        await tasks.plan_all(tx, [plan for before, after in pairs for plan in reminders(before, after, self.now)])
        for event in (*self.changes, *told):
            tx.emit(event)
        codes = [before.code for before, _ in pairs]
        tx.after_commit(lambda: self.desk.changes.ring(codes))

    async def _tell(self, tx: Tx) -> list[object]:
        told: list[object] = []
        for refusal in self.refusals:
            number = await inbox.quarantine(tx, CONSUMER, refusal.record, refusal.refused.code)
            dossier = self.dossiers.get(refusal.code)
            if dossier is not None and dossier.lane == refusal.lane:
                number = dossier.delivery_no + 1
                self.dossiers[refusal.code] = advance(dossier, delivery_no=number)
            told.append(
                RefusalQueued(
                    refusal.code,
                    refusal.lane,
                    number,
                    refusal.epoch,
                    refusal.version,
                    refusal.refused.code,
                    refusal.refused.text,
                )
            )
        now = real_now()
        for code, rest in self.waiting.items():
            dossier = self.dossiers[code]
            asked = dossier.snapshot_asked_at
            if len(rest) > PARK_LIMIT and (asked is None or now - asked > PARK_PATIENCE):
                after = advance(dossier, delivery_no=dossier.delivery_no + 1, snapshot_asked_at=now)
                self.dossiers[code] = after
                told.append(SnapshotWanted(after))
        return told
