"""A TCP proxy in user space that can delay, stop forwarding without a word, or cut."""

import asyncio
import contextlib
from types import TracebackType


class Proxy:
    """Forwards 127.0.0.1:``port`` to a target. ``stalled`` keeps connections open and forwards nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._stalled: set[int] = set()
        self._pairs: dict[int, tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self.delay = 0.0

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        return len(self._pairs)

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def stall(self) -> None:
        """Stop forwarding on the connections there are now; new ones flow."""
        self._stalled |= set(self._pairs)
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again what the stalled connections held back."""
        self._stalled.clear()
        self._flowing.set()

    def cut(self) -> None:
        """Reset every connection."""
        for pair in list(self._pairs.values()):
            for writer in pair:
                writer.transport.abort()
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._count += 1
        number = self._count
        self._pairs[number] = (writer, other_writer)
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(self._pump(number, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                while number in self._stalled:
                    await self._flowing.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(data)
                await sink.drain()
        pair = self._pairs.pop(number, None)
        for writer in pair or ():
            writer.transport.abort()
