"""Every service in one process: engines opened, rooms built, wired to each other, started and stopped in order."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from kernel.auth import Keys, Verifier
from kernel.clock import Clock
from kernel.files import Files
from kernel.log import Log, SqliteLog
from kernel.settings import Settings
from kernel.telemetry import where
from kernel.web import AsgiUpstream, Running, Upstream
from kernel.workdays import Calendar
from motcua.topics import TOPICS

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Options:
    """How one process runs. ``pace`` is seconds a demo office waits before each step, None = by hand."""

    data: Path
    port: int = 8000
    pace: float | None = 20.0
    host: str = "127.0.0.1"
    offices: tuple[str, ...] = ()  # the back offices to connect; empty = all 63, the others stay unplugged
    link_target: str | None = None  # where adapters dial; a test puts a proxy there

    @property
    def public_url(self) -> str:
        """The address people use."""
        return os.environ.get("MOTCUA_PUBLIC_URL", f"http://{self.host}:{self.port}")

    @property
    def shared(self) -> dict[str, Any]:
        """What every room's settings get beside the environment."""
        return {"data": self.data, "public_url": self.public_url, "instance": self.instance, "demo": True}

    @property
    def instance(self) -> str:
        """The name for leases. The folder is locked: over its own files one name is safe, over a server's it is not."""
        chosen = os.environ.get("MOTCUA_INSTANCE", "")
        return chosen or ("" if os.environ.get("MOTCUA_DATABASE") else "one-process")


@dataclass
class Engines:
    """What is shared by the rooms of one process; ``kept_log`` is None where no room reads or writes the log."""

    kept_log: Log | None
    clock: Clock
    calendar: Calendar
    verifier: Verifier
    files: Files

    @property
    def log(self) -> Log:
        """The event log. Raises ``LookupError`` in a process that was opened without one."""
        if self.kept_log is None:
            raise LookupError("this process has no log")
        return self.kept_log

    async def close(self) -> None:
        """Release what was opened."""
        if self.kept_log is not None:
            await self.kept_log.close()


@dataclass
class Assembly:
    """A running portal: its rooms, the addresses they have for each other, and the tasks that keep them going."""

    options: Options
    engines: Engines
    rooms: dict[str, Running] = field(default_factory=dict)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, room: Running) -> Running:
        """Take a room in; its door becomes an upstream of its name."""
        self.rooms[room.name] = room
        if room.app is not None:
            self.upstreams[room.name] = AsgiUpstream(room.app)
        return room

    def start(self, room: Running) -> None:
        """Start the loops of one room, each under a supervisor."""
        for loop in room.loops:
            self.tasks.append(asyncio.create_task(supervise(room.name, loop)))

    async def parts(self) -> dict[str, bool]:
        """Return what each room waits for, ``room.need`` -> fulfilled."""
        state: dict[str, bool] = {}
        for name, room in self.rooms.items():
            for need, fulfilled in (await room.ready()).items():
                state[f"{name}.{need}"] = fulfilled
        return state

    async def can_serve(self) -> bool:
        """Tell whether people can be served: an unplugged province or the edge asking this is no reason to say no."""
        aside = ("province_adapter.", "gateway.")
        return all(fulfilled for need, fulfilled in (await self.parts()).items() if not need.startswith(aside))

    async def wait_ready(self, *, seconds: float, progress: Callable[[int, int], None]) -> None:
        """Wait until every room has what it needs; ``progress(done, of)`` is told of the needs.

        Raises ``TimeoutError`` that names what is missing.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            parts = await self.parts()
            missing = [need for need, fulfilled in parts.items() if not fulfilled]
            progress(len(parts) - len(missing), len(parts))
            if not missing:
                return
            if loop.time() > end:
                raise TimeoutError(f"not ready: {', '.join(missing)}")
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop the loops, then close the rooms in the opposite order, then the engines."""
        await end(self.tasks)
        for room in reversed(list(self.rooms.values())):
            with contextlib.suppress(Exception):
                await room.close()
        await self.engines.close()


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` until all are over: Python 3.11's ``wait_for`` may swallow one cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


async def supervise(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Run ``loop`` for ever; a crash is logged by type, and the loop starts again after a pause."""
    pause = 0.2
    while True:
        try:
            await loop()
            return
        except Exception as error:
            logger.error("loop_crashed", room=name, error=type(error).__name__, at=where(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)


async def open_engines(settings: Settings, keys: Keys, clock: Clock, *, log: bool = True) -> Engines:
    """Open log, calendar and files as ``settings`` choose them; tokens are checked with ``keys``."""
    return Engines(
        kept_log=await open_log(settings) if log else None,
        clock=clock,
        calendar=Calendar.load(),
        verifier=Verifier(issuer=settings.issuer, keys=keys),
        files=open_files(settings),
    )


async def open_log(settings: Settings) -> Log:
    """Return Kafka where its brokers are given, else the log file of the data folder."""
    if settings.kafka:
        from kernel.log_kafka import KafkaLog

        patience = settings.kafka_delivery_timeout_ms
        return KafkaLog(settings.kafka, TOPICS, single_broker=settings.single_broker, delivery_timeout_ms=patience)
    return await SqliteLog.open(f"sqlite+aiosqlite:///{settings.data}/log.db", TOPICS)


def open_files(settings: Settings) -> Files:
    """Return the S3 bucket where one is given, else the folder of files."""
    return Files.on_s3(settings.s3) if settings.s3 else Files.in_folder(str(settings.data / "files"))
