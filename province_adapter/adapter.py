"""The adapter's loops: keep the link, hand deliveries to the office, journal and upload what the office does."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import grpc
import structlog
from sqlalchemy.engine import Row

from kernel.clock import real_now
from kernel.telemetry import failpoint
from proto.exchange.v1 import exchange_pb2
from province_adapter.connector import Connector
from province_adapter.files import FileCourier, HandedOn
from province_adapter.journal import Journal
from province_adapter.link import Handlers, Link, dialled
from province_adapter.model import Change, State, bucket_digests, bucket_of, pause
from province_adapter.settings import AdapterSettings

CHANGES = 200
ROWS_A_FRAME = 2000

logger = structlog.get_logger()


class Adapter:
    """One participant's side of one lane."""

    def __init__(
        self,
        *,
        settings: AdapterSettings,
        journal: Journal,
        connector: Connector,
        credentials: grpc.ChannelCredentials,
        target: str,
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.connected = False
        self._connector = connector
        self._lane = settings.lane or settings.participant
        self._channel = dialled(target, credentials)
        self._courier = FileCourier(
            channel=self._channel,
            connector=connector,
            folder=settings.home / "parts",
            patience=settings.file_patience,
        )
        self._link: Link | None = None
        self._inbox_due = asyncio.Event()
        self._uploads_due = asyncio.Event()
        self._pumping = asyncio.Lock()
        self._adopted: set[str] = set()
        self._covered = 0
        self._kept: set[str] = set()

    async def close(self) -> None:
        """Close the channel and the journal."""
        await self._channel.close(None)
        await self.journal.close()

    # ---- the link ----

    async def connect(self) -> None:
        """Keep a link for ever; waits longer after each failure, with jitter so that 63 do not come at once."""
        failures = 0
        handlers = Handlers(self._inbox_due.set, self._answer_compare, self._resynced)
        while True:
            link = Link(settings=self.settings, journal=self.journal, handlers=handlers)
            self._link = link
            try:
                await link.run(self._channel, self._opened)
            except Exception as error:
                # gRPC ends a stream by several exceptions, asyncio.InvalidStateError among them.
                reason = error.details() if isinstance(error, grpc.aio.AioRpcError) else str(error)
                logger.info("link_ended", lane=self._lane, kind=type(error).__name__, reason=str(reason)[:200])
            if self.connected:
                failures = 0
            self.connected = False
            first, longest = self.settings.reconnect_first, self.settings.reconnect_longest
            await asyncio.sleep(pause(failures, first=first, longest=longest))
            failures += 1

    def _opened(self) -> None:
        self.connected = True
        self._adopted.clear()
        self._inbox_due.set()
        self._uploads_due.set()

    async def _resynced(self) -> None:
        await self.journal.resynced(covered=self._covered, but=self._kept)
        self._adopted.clear()
        self._wake_link()
        self._uploads_due.set()
        logger.info("resync_done", lane=self._lane)

    async def _answer_compare(self, asked: exchange_pb2.Compare) -> list[exchange_pb2.CompareResult]:
        if not asked.buckets:
            # What the office did up to here is in its states: if the nation finds them equal, it knows it all.
            await self._pump_all()
            self._covered = (await self.journal.mark()).cursor
            self._kept = await self._unsettled(asked)
        states = [State(*row) for row in await self._connector.states()]
        if not asked.buckets:
            digests = bucket_digests(states)
            return [exchange_pb2.CompareResult(compare_id=asked.compare_id, bucket_digests=digests, last=True)]
        buckets = set(asked.buckets)
        rows = [
            exchange_pb2.CompareRow(subject=s.subject, epoch=s.epoch, version=s.version, digest=s.digest)
            for s in states
            if bucket_of(s.subject) in buckets
        ]
        unsettled = sorted(s for s in await self._unsettled(asked) if bucket_of(s) in buckets)
        frames = [
            exchange_pb2.CompareResult(compare_id=asked.compare_id, rows=rows[start : start + ROWS_A_FRAME])
            for start in range(0, len(rows), ROWS_A_FRAME)
        ]
        frames.append(exchange_pb2.CompareResult(compare_id=asked.compare_id, unsettled=unsettled, last=True))
        return frames

    async def _unsettled(self, asked: exchange_pb2.Compare) -> set[str]:
        going = await self.journal.unsettled(timedelta(seconds=asked.settle_seconds))
        if not (await self.journal.mark()).resync:
            return going
        # In a RESYNC what the office did before counts as different; only what it did on the adopted state does not.
        return going & self._adopted

    # ---- down: the office gets what is journaled ----

    async def apply(self) -> None:
        """Hand journaled deliveries to the office for ever, in order per subject; a failing one holds up no other."""
        while True:
            self._inbox_due.clear()
            try:
                rows = await self.journal.due(self.settings.at_once * 4)
                if rows:
                    await self._deliver(rows)
                    continue
                soon = await self.journal.next_due()
            except Exception as error:
                logger.warning("apply_failed", lane=self._lane, error=type(error).__name__)
                await asyncio.sleep(self.settings.retry_first)
                continue
            await _until(self._inbox_due, soon)

    async def _deliver(self, rows: Sequence[Row[Any]]) -> None:
        gate = asyncio.Semaphore(self.settings.at_once)
        outcomes = await asyncio.gather(*(self._deliver_one(row, gate) for row in rows))
        done = [row.seq for row, good in zip(rows, outcomes, strict=True) if good]
        failed = [
            (row.seq, row.tries + 1, self._wait(row.tries))
            for row, good in zip(rows, outcomes, strict=True)
            if not good
        ]
        failpoint("delivery_applied")
        await self.journal.delivered(done, failed)

    async def _deliver_one(self, row: Row[Any], gate: asyncio.Semaphore) -> bool:
        async with gate:
            try:
                delivery = exchange_pb2.Delivery.FromString(row.body)
                if not await self._fetch_all(delivery):
                    return True
                if row.kind == "snapshot":
                    await self._adopt(delivery)
                else:
                    await self._connector.deliver(delivery)
            except Exception as error:
                logger.warning(
                    "delivery_failed", lane=self._lane, kind=row.kind, seq=row.seq, tries=row.tries + 1,
                    error=type(error).__name__,
                )  # fmt: skip
                return False
            return True

    async def _fetch_all(self, delivery: exchange_pb2.Delivery) -> bool:
        """Bring the delivery's files; False when it is work of another office by now: a notice of that follows."""
        try:
            for ref in files_down(delivery):
                await self._courier.fetch(delivery.subject, ref)
        except HandedOn as late:
            if delivery.epoch >= late.epoch:
                raise
            logger.info("delivery_handed_on", lane=self._lane, subject=delivery.subject, epoch=delivery.epoch)
            return False
        return True

    async def _adopt(self, delivery: exchange_pb2.Delivery) -> None:
        await self._pump_all()
        before = (await self.journal.mark()).cursor
        await self._connector.deliver(delivery)
        await self.journal.adopted(delivery.subject, before)
        self._adopted.add(delivery.subject)

    def _wait(self, tries: int) -> float:
        return pause(tries, first=self.settings.retry_first, longest=self.settings.retry_longest)

    # ---- up: what the office does is journaled, its files go first ----

    async def pump(self) -> None:
        """Journal what the office does, for ever."""
        checked = False
        while True:
            try:
                if not checked:
                    await self._check_books()
                    checked = True
                if not await self._pump_all():
                    await self._connector.wait_change(self.settings.wait_change)
            except Exception as error:
                logger.warning("pump_failed", lane=self._lane, error=type(error).__name__)
                await asyncio.sleep(self._wait(1))

    async def _check_books(self) -> None:
        """Find out whether the office was restored from a back-up that is older than the journal."""
        cursor = (await self.journal.mark()).cursor
        if not cursor or await self._connector.changes(cursor - 1, 1):
            return
        last = 0
        while changes := await self._connector.changes(last, CHANGES):
            last = changes[-1][0]
        logger.warning("books_restored", lane=self._lane, last_change=last, journaled=cursor)
        async with self._pumping:
            await self.journal.restart(last)
        if self._link is not None:
            self._link.close()

    async def _pump_all(self) -> int:
        """Journal every change that the office has now; return how many there were."""
        async with self._pumping:
            cursor = (await self.journal.mark()).cursor
            total = 0
            while changes := await self._connector.changes(cursor, CHANGES):
                noted = [_change(number, upward) for number, upward in changes]
                await self.journal.note_changes(noted)
                failpoint("report_journaled")
                cursor = noted[-1].number
                total += len(noted)
                if any(change.has_files for change in noted):
                    self._uploads_due.set()
                self._wake_link()
            return total

    async def upload(self) -> None:
        """Bring the files of journaled changes to the nation, for ever; a missing one holds up its subject alone."""
        while True:
            self._uploads_due.clear()
            try:
                # Without a link nothing is tried; a new one wakes this loop.
                rows = await self.journal.uploads_due(self.settings.at_once) if self.connected else []
                if rows:
                    await self._upload(rows)
                    continue
                soon = await self.journal.next_upload() if self.connected else None
            except Exception as error:
                logger.warning("upload_failed", lane=self._lane, error=type(error).__name__)
                await asyncio.sleep(self.settings.retry_first)
                continue
            await _until(self._uploads_due, soon)

    async def _upload(self, rows: Sequence[Row[Any]]) -> None:
        outcomes = await asyncio.gather(*(self._upload_one(row) for row in rows))
        done = [row.change_no for row, good in zip(rows, outcomes, strict=True) if good]
        failed = [
            (row.change_no, row.tries + 1, self._wait(row.tries))
            for row, good in zip(rows, outcomes, strict=True)
            if not good
        ]
        await self.journal.uploaded(done, failed)
        self._wake_link()

    async def _upload_one(self, row: Row[Any]) -> bool:
        upward = exchange_pb2.Upward.FromString(row.body)
        try:
            for ref in files_up(upward):
                await self._courier.upload(upward.subject, ref)
        except HandedOn as late:
            # The report goes without its file: the nation answers it with STALE_OWNER, for the officer to read.
            return epoch_of(upward) < late.epoch
        except Exception as error:
            logger.warning(
                "upload_failed", lane=self._lane, change=row.change_no, tries=row.tries + 1,
                error=type(error).__name__,
            )  # fmt: skip
            return False
        return True

    def _wake_link(self) -> None:
        if self._link is not None:
            self._link.wake()

    async def forget(self) -> None:
        """Delete what was receipted days ago, for ever."""
        while True:
            await asyncio.sleep(3600)
            await self.journal.forget(timedelta(days=self.settings.keep_days))


async def _until(event: asyncio.Event, soon: datetime | None) -> None:
    """Wait for ``event``, or until ``soon`` (aware, real time)."""
    seconds = None if soon is None else max((soon - real_now()).total_seconds(), 0.01)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def files_down(delivery: exchange_pb2.Delivery) -> list[exchange_pb2.FileRef]:
    """Return the files that the office needs with this delivery."""
    match delivery.WhichOneof("body"):
        case "handover":
            return list(delivery.handover.files)
        case "request_filed":
            return list(delivery.request_filed.files)
        case "snapshot":
            snapshot = delivery.snapshot
            requested = [ref for request in snapshot.requests for ref in request.files]
            state = snapshot.state
            made = [*state.results, *([state.draft_result] if state.HasField("draft_result") else [])]
            return _each_once([*snapshot.files, *snapshot.handover.files, *requested, *made])
    return []


def files_up(upward: exchange_pb2.Upward) -> list[exchange_pb2.FileRef]:
    """Return the files that the nation needs before this is reported."""
    match upward.WhichOneof("body"):
        case "report":
            report = upward.report
        case "snapshot":
            report = upward.snapshot.state
        case _:
            return []
    drafts = [report.draft_result] if report.HasField("draft_result") else []
    return _each_once([*report.results, *drafts])


def epoch_of(upward: exchange_pb2.Upward) -> int:
    """Return the epoch by which this is reported."""
    return upward.report.epoch if upward.HasField("report") else upward.snapshot.state.epoch


def _each_once(refs: Sequence[exchange_pb2.FileRef]) -> list[exchange_pb2.FileRef]:
    return list({ref.sha256: ref for ref in refs if ref.sha256}.values())


def _change(number: int, upward: exchange_pb2.Upward) -> Change:
    body = upward.SerializeToString()
    return Change(number, upward.subject, upward.WhichOneof("body") or "", body, bool(files_up(upward)))
