"""One stream to the nation. Reader, journaler and writer are separate tasks; the reader awaits neither of them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.clock import real_now
from kernel.digest import digest_bytes
from kernel.telemetry import failpoint
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from province_adapter.journal import Journal
from province_adapter.model import KINDS, PROTOCOL, SOFTWARE, Incoming
from province_adapter.settings import AdapterSettings

FETCH = 128
JOURNAL_BATCH = 256
# The nation keeps to the window that the hello names; this only bounds memory if it does not.
HARD_LIMIT = 2048

OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 1024 * 1024),
    ("grpc.max_send_message_length", 1024 * 1024),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


def dialled(target: str, credentials: grpc.ChannelCredentials) -> grpc.aio.Channel:
    """Return a channel to ``target``: one ``host:port``, or several exchanges as ``address:port,address:port``.

    Of several the first that answers is used and the next when it falls away; each must have its address in its
    certificate, and the first one's name is what is asked of all.
    """
    first, *others = target.split(",")
    if not others:
        return grpc.aio.secure_channel(target, credentials, options=OPTIONS)
    named = (*OPTIONS, ("grpc.default_authority", first))
    return grpc.aio.secure_channel(f"ipv4:{target}", credentials, options=named)


Call = grpc.aio.StreamStreamCall[exchange_pb2.Up, exchange_pb2.Down]

logger = structlog.get_logger()


class LinkEnded(Exception):
    """The stream is over; connect again."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """Whom the link tells: that deliveries are journaled, that the nation compares, that a RESYNC is over."""

    journaled: Callable[[], None]
    compare: Callable[[exchange_pb2.Compare], Awaitable[list[exchange_pb2.CompareResult]]]
    resynced: Callable[[], Awaitable[None]]


class Link:
    """The live stream of one lane, seen from the participant."""

    def __init__(self, *, settings: AdapterSettings, journal: Journal, handlers: Handlers) -> None:
        self._settings = settings
        self._journal = journal
        self._handlers = handlers
        self._epoch = 0
        self._resync = False
        self._expected = 1
        self._came: deque[Incoming] = deque()
        self._came_due = asyncio.Event()
        self._ack = 0
        self._bad: deque[exchange_pb2.BadFrame] = deque()
        self._answers: deque[exchange_pb2.CompareResult] = deque()
        self._compares: asyncio.Queue[exchange_pb2.Compare] = asyncio.Queue(maxsize=16)
        self._sent = 0
        self._in_flight: deque[tuple[int, int]] = deque()
        self._bytes_out = 0
        self._window, self._window_bytes = settings.window_items, settings.window_bytes
        self._receipt = 0
        self._receipt_due = asyncio.Event()
        self._due = asyncio.Event()
        self._closed = asyncio.Event()
        self.welcome: exchange_pb2.Welcome | None = None

    async def run(self, channel: grpc.aio.Channel, opened: Callable[[], None]) -> None:
        """Connect, greet, and carry both ways until the stream ends. Raises ``LinkEnded`` or gRPC's error."""
        stub = exchange_pb2_grpc.ExchangeStub(channel)  # type: ignore[no-untyped-call]  # generated
        call: Call = stub.Link()
        try:
            await self._greet(call)
            opened()
            tasks = [
                asyncio.create_task(part)
                for part in (
                    self._read(call),
                    self._write(call),
                    self._journal_items(),
                    self._journal_receipts(),
                    self._compare(),
                    self._until_closed(),
                )
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if not task.cancelled():
                        task.result()
                raise LinkEnded("the stream ended")
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            call.cancel()

    def close(self) -> None:
        """End the stream; the adapter connects again."""
        self._closed.set()

    def wake(self) -> None:
        """Look for reports to send."""
        self._due.set()

    async def _greet(self, call: Call) -> None:
        mark = await self._journal.mark()
        now = Timestamp()
        now.FromDatetime(real_now())
        hello = exchange_pb2.Hello(
            journal_id=mark.journal_id,
            last_report_seq=mark.last_report_seq,
            last_seq=mark.last_seq,
            link_epoch=mark.link_epoch,
            protocol_min=PROTOCOL,
            protocol_max=PROTOCOL,
            kinds=KINDS,
            now=now,
            software=SOFTWARE,
            lane=self._settings.lane,
            books_restored=mark.books_restored,
            window_items=self._settings.window_items,
            window_bytes=self._settings.window_bytes,
        )
        async with asyncio.timeout(self._settings.call_timeout):
            await call.write(exchange_pb2.Up(hello=hello))
            first = await call.read()
        if not isinstance(first, exchange_pb2.Down):
            raise LinkEnded(f"refused: {await call.details()}")
        if first.WhichOneof("frame") != "welcome":
            raise LinkEnded("the first frame was no welcome")
        welcome = first.welcome
        if welcome.link_epoch <= mark.link_epoch:
            raise LinkEnded("an older link answered")
        after = await self._journal.welcome(
            link_epoch=welcome.link_epoch,
            acked_seq=welcome.acked_seq,
            last_report_seq=welcome.last_report_seq,
            resync=welcome.resync,
        )
        self.welcome = welcome
        self._window = min(self._settings.window_items, welcome.window_items or self._settings.window_items)
        self._window_bytes = min(self._settings.window_bytes, welcome.window_bytes or self._settings.window_bytes)
        self._epoch = welcome.link_epoch
        self._resync = welcome.resync
        self._expected = after.last_seq + 1
        self._sent = welcome.last_report_seq
        self._due.set()

    async def _until_closed(self) -> None:
        await self._closed.wait()
        raise LinkEnded("closed by the adapter")

    # ---- reader ----

    async def _read(self, call: Call) -> None:
        while True:
            frame = await call.read()
            if not isinstance(frame, exchange_pb2.Down):
                raise LinkEnded(f"closed: {await call.details()}")
            match frame.WhichOneof("frame"):
                case "item":
                    self._on_item(frame.item)
                case "receipt":
                    self._receipt = max(self._receipt, frame.receipt.report_seq)
                    self._receipt_due.set()
                case "compare":
                    if self._compares.full():
                        raise LinkEnded("more comparisons than can be answered")
                    self._compares.put_nowait(frame.compare)
                case other:
                    logger.info("frame_passed_over", frame=other)

    def _on_item(self, item: exchange_pb2.DownItem) -> None:
        if item.link_epoch < self._epoch or item.seq < self._expected:
            return
        if item.seq > self._expected:
            raise LinkEnded(f"item {item.seq} came, {self._expected} was expected")
        if len(self._came) > HARD_LIMIT:
            raise LinkEnded("more items than any window allows")
        self._expected += 1
        self._came.append(read_item(item))
        self._came_due.set()

    # ---- to the disk ----

    async def _journal_items(self) -> None:
        while True:
            await self._came_due.wait()
            self._came_due.clear()
            while self._came:
                batch = [self._came.popleft() for _ in range(min(len(self._came), JOURNAL_BATCH))]
                last = await self._journal.take(batch)
                failpoint("delivery_journaled")
                self._bad.extend(
                    exchange_pb2.BadFrame(seq=item.seq, subject=item.subject, reason=item.bad)
                    for item in batch
                    if item.bad
                )
                self._ack = last
                self._due.set()
                self._handlers.journaled()

    async def _journal_receipts(self) -> None:
        while True:
            await self._receipt_due.wait()
            self._receipt_due.clear()
            receipt = self._receipt
            await self._journal.receipted(receipt)
            while self._in_flight and self._in_flight[0][0] <= receipt:
                self._bytes_out -= self._in_flight.popleft()[1]
            self._due.set()

    async def _compare(self) -> None:
        while True:
            asked = await self._compares.get()
            if asked.done:
                await self._handlers.resynced()
                self._resync = False
            else:
                self._answers.extend(await self._handlers.compare(asked))
            self._due.set()

    # ---- writer ----

    async def _write(self, call: Call) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            while self._bad:
                await call.write(exchange_pb2.Up(bad_frame=self._bad.popleft()))
            if self._ack:
                ack, self._ack = self._ack, 0
                await call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=ack)))
            while self._answers:
                await call.write(exchange_pb2.Up(compare_result=self._answers.popleft()))
            if not self._resync:
                await self._write_reports(call)

    async def _write_reports(self, call: Call) -> None:
        room = self._window - len(self._in_flight)
        if room <= 0:
            return
        rows = await self._journal.to_send(after=self._sent, limit=min(room, FETCH))
        for row in rows:
            if self._in_flight and self._bytes_out + len(row.body) > self._window_bytes:
                return
            if row.report_seq != self._sent + 1:
                raise LinkEnded(f"report {self._sent + 1} is not in the journal any more")
            await call.write(exchange_pb2.Up(item=_up_item(row)))
            self._in_flight.append((row.report_seq, len(row.body)))
            self._bytes_out += len(row.body)
            self._sent = row.report_seq
        if rows:
            self._due.set()


def _up_item(row: Any) -> exchange_pb2.UpItem:
    return exchange_pb2.UpItem(report_seq=row.report_seq, body=row.body, digest=digest_bytes(row.body))


def read_item(item: exchange_pb2.DownItem) -> Incoming:
    """Return a delivery checked against its digest; one that cannot be read says why."""
    bad, kind, subject = "", "", item.subject
    if digest_bytes(item.body) != item.digest:
        bad = "digest"
    else:
        try:
            delivery = exchange_pb2.Delivery.FromString(item.body)
            kind, subject = delivery.WhichOneof("body") or "", delivery.subject
            bad = "" if kind in KINDS else "kind"
        except DecodeError:
            bad = "decode"
    return Incoming(item.seq, subject or item.subject, kind, item.body, item.replaces, bad)
