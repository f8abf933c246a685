"""A phone's link in a valley, in user space: slow, far, losing some of what it carries, and cut when a test says so.

Loss shows to a user of TCP as waiting for the segment to be sent again, which costs the link twice; a cut shows as a
connection that is gone. What is lost is drawn from a seed, so a run can be repeated.
"""

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

SEGMENT = 1400
IN_FLIGHT = 64


@dataclass
class SlowLink:
    """Forwards 127.0.0.1:``port`` to ``target``'s port over one shared link.

    ``rate`` is bytes a second each way, ``delay`` seconds one way, ``loss`` the share of segments that are sent twice.
    When ``up`` passes ``cut_at``, the connection that sends is reset, once. ``up`` and ``down`` count what the link
    carried, segments sent twice as two.
    """

    port: int
    target: int
    rate: float = 50_000.0
    delay: float = 0.2
    loss: float = 0.03
    cut_at: int | None = None
    up: int = 0
    down: int = 0
    cuts: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(20261122))
    _free: dict[str, float] = field(default_factory=lambda: {"up": 0.0, "down": 0.0})
    _connections: set["asyncio.Task[None]"] = field(default_factory=set)
    _ways: set["asyncio.Task[None]"] = field(default_factory=set)

    @contextlib.contextmanager
    def running(self) -> Iterator["SlowLink"]:
        """Carry traffic while inside, on a thread of its own."""
        loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        def carry() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(self._serve(started, ended))
            loop.close()

        thread = threading.Thread(target=carry, daemon=True)
        thread.start()
        assert started.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(ended.set)
            thread.join(10)
        assert not thread.is_alive()

    async def _serve(self, started: threading.Event, ended: asyncio.Event) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=SEGMENT)
        started.set()
        await ended.wait()
        server.close()
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._connections)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this
        self._connections.add(this)
        try:
            await self._connect(reader, writer)
        finally:
            await _gone(writer)
            self._connections.discard(this)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection("127.0.0.1", self.target, limit=SEGMENT)
        except OSError:
            return
        ways = {asyncio.ensure_future(self._carry("up", reader, outer))}
        ways.add(asyncio.ensure_future(self._carry("down", inner, writer)))
        self._ways |= ways
        _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        for way in left:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._ways -= ways
        await _gone(outer)

    async def _carry(self, way: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Send segments on in order, each as late as the link makes it."""
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(IN_FLIGHT)
        sender = asyncio.ensure_future(_deliver(late, sink))
        loop = asyncio.get_running_loop()
        try:
            while data := await source.read(SEGMENT):
                again = self.chance.random() < self.loss
                cost = len(data) * (2 if again else 1)
                self._free[way] = max(loop.time(), self._free[way]) + cost / self.rate
                await asyncio.sleep(self._free[way] - loop.time())
                self._count(way, cost)
                await late.put((loop.time() + self.delay * (3 if again else 1), data))
            await late.put((0.0, b""))
            await sender
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _count(self, way: str, cost: int) -> None:
        if way == "down":
            self.down += cost
            return
        self.up += cost
        if self.cut_at is not None and self.up > self.cut_at:
            self.cut_at = None
            self.cuts += 1
            raise ConnectionResetError("cut")


async def _deliver(late: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    while True:
        at, data = await late.get()
        if not data:
            if sink.can_write_eof():
                sink.write_eof()
            return
        await asyncio.sleep(at - loop.time())
        sink.write(data)
        await sink.drain()


async def _gone(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
