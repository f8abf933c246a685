"""One participant's stream. Reader and writer are separate tasks; the reader awaits neither the writer nor the disk.

What the reader gets is put aside for the hub's recorder; what is to be sent is read from the lane's rows as far as the
window allows. Both windows are bounded by items and bytes, so a link holds a bounded amount of memory whatever the
other side does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from exchange import usecases
from exchange.model import Position
from exchange.rpc.frames import Damaged, Upward, read_item
from exchange.settings import ExchangeSettings
from kernel.clock import Clock
from kernel.db import Database
from proto.exchange.v1 import exchange_pb2

FETCH = 128

Context = grpc.aio.ServicerContext[exchange_pb2.Up, exchange_pb2.Down]

logger = structlog.get_logger()


class Closed(Exception):
    """The link ends, with a reason for the participant's log."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What every link of a process shares."""

    database: Database
    settings: ExchangeSettings
    clock: Clock
    brought: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the participant can take: kinds of delivery (none named = all), unacked items and bytes at once."""

    kinds: frozenset[str]
    items: int
    bytes: int


class Link:
    """The live stream of one lane."""

    def __init__(self, *, parts: Parts, position: Position, participant: str, terms: Terms) -> None:
        self.lane = position.lane
        self.link_epoch = position.link_epoch
        self.journal_id = position.journal_id
        self.participant = participant
        self.resync = position.resync
        self.sent = position.acked_seq
        self._parts = parts
        self._terms = terms
        self._acked = position.acked_seq
        self._in_flight: deque[tuple[int, int]] = deque()  # (seq, bytes) sent and not acked
        self._bytes_out = 0
        self._expected = position.last_report_seq + 1
        self._new_ack = 0
        self._reports: deque[tuple[Upward, int]] = deque()
        self._unrecorded = 0
        self._bytes_in = 0
        self._bad: list[usecases.BadItem] = []
        self._receipt = 0
        self._receipted = position.last_report_seq
        self._frames: deque[exchange_pb2.Down] = deque()
        self._waiting = True  # items may be waiting that can be sent
        self._due = asyncio.Event()
        self._due.set()
        self._ended = asyncio.Event()
        self._reason = ""
        self.compared: asyncio.Queue[exchange_pb2.CompareResult] = asyncio.Queue(maxsize=64)

    # ---- life ----

    async def run(self, frames: AsyncIterator[exchange_pb2.Up], context: Context) -> str:
        """Serve the stream until either side ends it; return why it ended."""
        tasks = [asyncio.create_task(self._read(frames)), asyncio.create_task(self._write(context))]
        tasks.append(asyncio.create_task(self._until_closed()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if isinstance(error, Closed):
                    return str(error)
                if error is not None:
                    logger.info("link_failed", lane=self.lane, error=type(error).__name__)
                    return "the link failed"
            return self._reason or "the participant ended the stream"
        finally:
            self._ended.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self, reason: str) -> None:
        """End the stream from this side."""
        self._reason = self._reason or reason
        self._ended.set()

    @property
    def ended(self) -> bool:
        """Tell whether the stream is over."""
        return self._ended.is_set()

    def wake(self) -> None:
        """Look for items to send."""
        self._waiting = True
        self._due.set()

    def send(self, frame: exchange_pb2.Down) -> None:
        """Send a frame that has no number (compare)."""
        self._frames.append(frame)
        self._due.set()

    async def _until_closed(self) -> None:
        await self._ended.wait()
        raise Closed(self._reason)

    # ---- reader ----

    async def _read(self, frames: AsyncIterator[exchange_pb2.Up]) -> None:
        async for frame in frames:
            match frame.WhichOneof("frame"):
                case "ack":
                    self._on_ack(frame.ack.seq)
                case "item":
                    self._on_item(frame.item)
                case "bad_frame":
                    bad = frame.bad_frame
                    self._bad.append(usecases.BadItem(bad.seq, bad.reason[:200]))
                    self._parts.brought()
                case "compare_result":
                    if self.compared.full():
                        raise Closed("more compare results than were asked for")
                    self.compared.put_nowait(frame.compare_result)
                case other:
                    raise Closed(f"unexpected frame {other}")

    def _on_ack(self, seq: int) -> None:
        if seq > self.sent:
            raise Closed(f"ack of {seq}, but {self.sent} was the last sent")
        if seq > max(self._acked, self._new_ack):
            self._new_ack = seq
            self._parts.brought()

    def _on_item(self, item: exchange_pb2.UpItem) -> None:
        if self.resync:
            raise Closed("no report is taken before the comparison is done")
        if item.report_seq < self._expected:
            self._receipt = max(self._receipt, self._receipted)
            self._due.set()
            return
        if item.report_seq > self._expected:
            raise Closed(f"report {item.report_seq} came, {self._expected} was expected")
        try:
            report = read_item(item, lane=self.lane, journal_id=self.journal_id, now=self._parts.clock.now())
        except Damaged as error:
            raise Closed(f"{error} was damaged on its way") from None
        size = len(item.body)
        self._bytes_in += size
        self._unrecorded += 1
        settings = self._parts.settings
        if self._unrecorded > settings.exchange_window_items or (
            self._bytes_in > settings.exchange_window_bytes and self._unrecorded > 1
        ):
            raise Closed("more reports under way than the window allows")
        self._expected += 1
        self._reports.append((report, size))
        self._parts.brought()

    # ---- the recorder's side ----

    def take(self, room: int) -> usecases.Work | None:
        """Hand over what was brought since the last time, at most ``room`` reports; None when nothing was."""
        if self.ended or not (self._new_ack or self._bad or self._reports):
            return None
        reports = [self._reports[number][0] for number in range(min(room, len(self._reports)))]
        work = usecases.Work(self.lane, self.link_epoch, self.journal_id, self._new_ack, reports, tuple(self._bad))
        self._new_ack = 0
        self._bad = []
        return work

    def give_back(self, work: usecases.Work) -> None:
        """Nothing of ``work`` was written: it is due again."""
        self._new_ack = max(self._new_ack, work.acked)
        self._bad = [*work.bad, *self._bad]

    def recorded(self, work: usecases.Work) -> None:
        """``work`` is durable: receipt the reports, open the window."""
        for _ in work.reports:
            _, size = self._reports.popleft()
            self._unrecorded -= 1
            self._bytes_in -= size
        if work.reports:
            self._receipted = work.reports[-1].report_seq
            self._receipt = self._receipted
        if work.acked:
            self._acked = max(self._acked, work.acked)
            while self._in_flight and self._in_flight[0][0] <= self._acked:
                self._bytes_out -= self._in_flight.popleft()[1]
            self._waiting = True
        if self._reports:
            self._parts.brought()
        self._due.set()

    def resynced(self, compare: exchange_pb2.Compare) -> None:
        """Both sides are equal: say so; reports are taken from here on."""
        self.resync = False
        self.send(exchange_pb2.Down(compare=compare))

    # ---- writer ----

    async def _write(self, context: Context) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            while self._frames:
                await context.write(self._frames.popleft())
            if self._receipt:
                receipt, self._receipt = self._receipt, 0
                await context.write(exchange_pb2.Down(receipt=exchange_pb2.Receipt(report_seq=receipt)))
            if self._waiting:
                self._waiting = False
                await self._write_items(context)

    async def _write_items(self, context: Context) -> None:
        room = self._terms.items - len(self._in_flight)
        if room <= 0:
            return
        rows = await usecases.next_items(
            database=self._parts.database,
            lane=self.lane,
            after=self.sent,
            items=min(room, FETCH),
            budget=self._terms.bytes - self._bytes_out,
        )
        for row in rows:
            self._in_flight.append((row.seq, row.size))
            self._bytes_out += row.size
            self.sent = row.seq
            await context.write(exchange_pb2.Down(item=self._item(row)))
        if rows:
            self.wake()

    def _item(self, row: Any) -> exchange_pb2.DownItem:
        # A kind that the participant did not declare is never sent: its number goes without a body, which the
        # participant answers with bad_frame, and the dossier is held here until its software is newer.
        known = not self._terms.kinds or row.kind in self._terms.kinds
        return exchange_pb2.DownItem(
            seq=row.seq,
            link_epoch=self.link_epoch,
            body=row.body if known else b"",
            digest=row.digest,
            subject=row.subject,
            replaces=row.replaces,
        )
