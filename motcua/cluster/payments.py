"""The demo's payment platform as a process of this machine: a system outside the portal, as a bank would be."""

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from kernel.clock import Clock
from motcua import payments
from motcua.cluster.engines import Engine, fetches
from motcua.serving import Doors


class Payments(Engine):
    """One platform over one folder; ``secret`` is what services name to it."""

    name = "payments"

    def __init__(self, folder: Path, port: int, *, secret: str) -> None:
        super().__init__(folder, port)
        self._secret = secret

    @property
    def address(self) -> str:
        """Where services and people reach it."""
        return f"http://127.0.0.1:{self.port}{payments.PREFIX}"

    def prepare(self) -> None:
        """Nothing: the book makes its own folder."""

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        return [
            sys.executable,
            "-m",
            "motcua",
            "cluster",
            "payments",
            "--data",
            str(self.folder),
            "--port",
            str(self.port),
        ]

    def environment(self) -> Mapping[str, str]:
        """Return what it is told by its environment."""
        return {"MOTCUA_PAYMENTS_SECRET": self._secret}

    def answers(self) -> bool:
        """Tell whether it serves."""
        return fetches(self.address)


async def serve(data: Path, port: int, secret: str) -> None:
    """Serve the platform over ``data`` until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    doors = Doors()
    try:
        app = payments.build(data=data, public_url=f"http://127.0.0.1:{port}", secret=secret, clock=Clock())
        doors.open(app, host="127.0.0.1", port=port)
        await stopped.wait()
    finally:
        await doors.close()
