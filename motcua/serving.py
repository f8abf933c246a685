"""Serve ASGI applications with granian inside one asyncio loop."""

import asyncio
import contextlib
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server


class Doors:
    """The listening sockets of one process: pages and APIs on one port, operators' figures on the next."""

    def __init__(self) -> None:
        self._servers: list[Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, app: Any, *, host: str, port: int) -> None:
        """Serve ``app`` at ``host:port`` from now on."""
        server = Server(
            app,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            log_enabled=False,
            log_access=False,
            websockets=False,
            backpressure=512,
        )
        self._servers.append(server)
        self._tasks.append(asyncio.create_task(server.serve()))

    async def closed(self) -> None:
        """Return when any door has closed by itself."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Stop listening; requests under way are finished."""
        for server in self._servers:
            with contextlib.suppress(Exception):
                server.stop()  # type: ignore[no-untyped-call]  # granian leaves it unannotated
        await asyncio.gather(*self._tasks, return_exceptions=True)
