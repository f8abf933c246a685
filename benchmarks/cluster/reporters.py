"""The load: participants that send reports over real gRPC with mutual TLS, each on its own lane, windows of 256.

Every frame is built, with its digests, before the clock starts.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import Any

import grpc
import psycopg

from benchmarks.applying import STEPS
from benchmarks.cluster.filling import LANES
from benchmarks.cluster.place import Place
from benchmarks.processes import Failed
from dossier_service.events.encode import report_message
from dossier_service.model.dossier import Report, Step, state_digest
from kernel.clock import real_now
from kernel.digest import digest_bytes
from proto.exchange.v1 import exchange_pb2 as wire

METHOD = "/motcua.exchange.v1.Exchange/Link"
WINDOW = 256
LOOK_EVERY = 0.01
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One report: where it goes, and what is to be seen afterwards."""

    code: str
    version: int
    body: bytes


def reports(codes: Sequence[str], turn: int) -> list[Sent]:
    """Return the report of step ``turn`` (0 to 4) of each of ``codes``, in that order."""
    kind, state = STEPS[turn]
    said = Step(kind, "officer", "H26.00004", "Trần Văn B", "")
    at = real_now().replace(microsecond=0) - timedelta(minutes=10 - turn)
    plain = Report(epoch=1, version=turn + 2, state=state, occurred_at=at, digest="", step=said)
    made = []
    for code in codes:
        whole = replace(plain, digest=state_digest(code, plain))
        upward = wire.Upward(subject=code, subject_kind="dossier", participant=code[:3])
        upward.report.CopyFrom(report_message(whole, []))
        made.append(Sent(code, whole.version, upward.SerializeToString()))
    return made


class Reporter:
    """One participant's link. ``built`` is the number of the last report that has a frame."""

    def __init__(self, lane: str, call: Any) -> None:
        self.lane = lane
        self._call = call
        self._room = asyncio.Semaphore(WINDOW)
        self._built = 0
        self._receipted = 0
        self._frames: deque[tuple[bytes, str]] = deque()

    async def greet(self) -> None:
        """Say hello and hear that reports are taken from number 1. Raises ``Failed``."""
        hello = wire.Hello(journal_id=uuid.uuid4().hex, protocol_min=1, protocol_max=1)
        await self._call.write(wire.Up(hello=hello).SerializeToString())
        first = await self._call.read()
        if not isinstance(first, wire.Down) or first.welcome.last_report_seq or first.welcome.resync:
            raise Failed(f"{self.lane} was not welcomed: {await self._call.details()}")

    def build(self, body: bytes) -> bytes:
        """Return the next frame of this lane."""
        self._built += 1
        item = wire.UpItem(report_seq=self._built, body=body, digest=digest_bytes(body))
        return wire.Up(item=item).SerializeToString()

    async def write(self, frame: bytes) -> None:
        """Send a frame as soon as the window has room."""
        await self._room.acquire()
        await self._call.write(frame)

    async def listen(self) -> None:
        """Take receipts for ever; what is receipted makes room."""
        while True:
            frame = await self._call.read()
            if not isinstance(frame, wire.Down):
                raise Failed(f"{self.lane} was ended: {await self._call.details()}")
            for _ in range(frame.receipt.report_seq - self._receipted):
                self._room.release()
            self._receipted = max(self._receipted, frame.receipt.report_seq)

    async def receipted(self) -> None:
        """Wait until everything that was sent is receipted: on the nation's disk."""
        for _ in range(WINDOW):
            await self._room.acquire()
        for _ in range(WINDOW):
            self._room.release()


class Load:
    """All participants."""

    def __init__(self, reporters: dict[str, Reporter]) -> None:
        self._reporters = reporters

    def build(self, sent: Sequence[Sent]) -> list[tuple[Reporter, bytes, Sent]]:
        """Return a frame for each report, to be sent in this order on its lane."""
        found = []
        for each in sent:
            reporter = self._reporters[each.code[:3]]
            found.append((reporter, reporter.build(each.body), each))
        return found

    async def flood(self, frames: Sequence[tuple[Reporter, bytes, Sent]]) -> None:
        """Send everything as fast as the windows allow, the lanes side by side; return when all is receipted."""
        lanes: dict[Reporter, list[bytes]] = {}
        for reporter, frame, _ in frames:
            lanes.setdefault(reporter, []).append(frame)

        async def one(reporter: Reporter, queue: list[bytes]) -> None:
            for frame in queue:
                await reporter.write(frame)
            await reporter.receipted()

        await asyncio.gather(*(one(reporter, queue) for reporter, queue in lanes.items()))

    async def stream(
        self,
        frames: Sequence[tuple[Reporter, bytes, Sent]],
        rate: float,
        watch: "Watch | None" = None,
        stop: asyncio.Event | None = None,
    ) -> list[Sent]:
        """Let reports arrive at ``rate`` a second, whatever becomes of the earlier ones; return those that were sent.

        ``stop`` ends it early; nothing can be sent on these links afterwards, because their numbers are dense.

        A lane whose window is full makes its own reports wait, and their waiting counts: times are those of arrival.
        """
        lanes: dict[Reporter, list[tuple[float, bytes, Sent, bool]]] = {}
        began = time.perf_counter() + 0.05
        for number, (reporter, frame, sent) in enumerate(frames):
            lanes.setdefault(reporter, []).append((began + number / rate, frame, sent, number % 50 == 0))

        async def one(reporter: Reporter, queue: list[tuple[float, bytes, Sent, bool]]) -> list[Sent]:
            done = []
            for due, frame, sent, sampled in queue:
                ahead = due - time.perf_counter()
                if ahead > 0:
                    await asyncio.sleep(ahead)
                if stop is not None and stop.is_set():
                    break
                if sampled and watch is not None:
                    watch.expect(sent, due)
                await reporter.write(frame)
                done.append(sent)
            await reporter.receipted()
            return done

        return list(chain(*await asyncio.gather(*(one(reporter, queue) for reporter, queue in lanes.items()))))


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Load]:
    """Connect every lane, each with its own certificate and channel."""
    async with AsyncExitStack() as stack:
        reporters = {}
        for lane in LANES:
            credentials = place.authority.participant_certificate(lane).channel_credentials()
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = await stack.enter_async_context(
                grpc.aio.secure_channel(place.exchange, credentials, options=options)
            )
            call = channel.stream_stream(METHOD, _as_it_is, wire.Down.FromString)(None)
            reporters[lane] = Reporter(lane, call)
            await reporters[lane].greet()
            stack.callback(call.cancel)
        async with asyncio.TaskGroup() as listening:  # a link that ends ends the measurement
            tasks = [listening.create_task(reporter.listen()) for reporter in reporters.values()]
            yield Load(reporters)
            for task in tasks:
                task.cancel()


def _as_it_is(frame: bytes) -> bytes:
    return frame


class Watch:
    """Looks into the dossiers' table every 10 ms for the reports that are waited for; notes when each can be read."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._waiting: dict[str, tuple[int, float]] = {}
        self.seconds: list[float] = []

    def expect(self, sent: Sent, at: float) -> None:
        """Wait for ``sent``, which arrived ``at``."""
        self._waiting[sent.code] = (sent.version, at)

    async def run(self) -> None:
        """Look for ever."""
        query = "SELECT code, version FROM dossiers.dossier WHERE code = ANY(%s)"
        async with await psycopg.AsyncConnection.connect(self._address, autocommit=True) as connection:
            while True:
                if self._waiting:
                    cursor = await connection.execute(query, [list(self._waiting)], prepare=True)
                    rows = await cursor.fetchall()
                    now = time.perf_counter()
                    for code, version in rows:
                        wanted, at = self._waiting[code]
                        if version >= wanted:
                            del self._waiting[code]
                            self.seconds.append(now - at)
                await asyncio.sleep(LOOK_EVERY)

    async def finished(self) -> None:
        """Wait until everything was seen. Raises ``Failed``."""
        end = time.monotonic() + PATIENCE
        while self._waiting:
            if time.monotonic() > end:
                raise Failed(f"{len(self._waiting)} sampled reports never became visible")
            await asyncio.sleep(LOOK_EVERY)
