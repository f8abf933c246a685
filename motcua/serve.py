"""``motcua serve <service>``: one process of the distributed form.

The admin door opens first and says what the process waits for; then the tables, the engines and the room; then the
room's door. SIGTERM makes it unready, lets requests under way end, gives leases back and closes.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from sqlalchemy import MetaData

from kernel.auth import jwks_over_http, origin_of
from kernel.clock import Clock
from kernel.db import Database
from kernel.settings import Settings
from kernel.telemetry import admin_app, configure_logging
from kernel.web import HttpUpstream, Running, Upstream
from motcua import building
from motcua.assembly import Engines, end, open_engines, supervise
from motcua.migrate import pending
from motcua.pki import Authority, Certified
from motcua.preflight import CannotStart
from motcua.schemas import SCHEMA_OF
from motcua.seeding import participants
from motcua.serving import Doors

SERVICES = (*SCHEMA_OF, "portal", "provinces")
ON_THE_LOG = ("catalog", "search", "dossiers", "citizen", "exchange")
AGAIN = 1.0
CLOCK_EVERY = 30.0
UPSTREAM_SECONDS = 30.0
READY_SECONDS = 2.0
UNPLUGGED = "province_adapter."  # an unplugged province is no reason to call the others not ready

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process listens and whom it calls. ``upstreams`` are base URLs by name; ``pki`` holds certificates."""

    service: str
    data: Path
    port: int
    host: str = "127.0.0.1"
    admin_host: str = "127.0.0.1"
    upstreams: Mapping[str, str] = field(default_factory=dict)
    pki: Path | None = None
    exchange: str = ""  # where the demo's adapters dial: host:port
    pace: float | None = 20.0
    offices: tuple[str, ...] = ()
    drain: float = 0.0

    @property
    def shared(self) -> dict[str, Any]:
        """What the room's settings get beside the environment."""
        return {"data": self.data}


def service_named(name: str) -> str:
    """Return ``name`` if there is such a service. Raises ``CannotStart``."""
    if name not in SERVICES:
        raise CannotStart(f"There is no service {name}: give one of {', '.join(SERVICES)}")
    return name


def upstreams_of(text: str) -> dict[str, str]:
    """Return the base URLs of ``catalog=http://…,search=http://…``. Raises ``CannotStart``."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    for name, _, url in pairs:
        if not name or not url.startswith(("http://", "https://")):
            raise CannotStart(f"MOTCUA_UPSTREAMS is not understood at {name!r}: give name=http://host:port with commas")
    return {name: url for name, _, url in pairs}


async def _asked(ready: Callable[[], Awaitable[dict[str, bool]]]) -> dict[str, bool]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await ready()
    except Exception as error:
        logger.info("no_answer_about_readiness", error=type(error).__name__)
        return {"answers": False}


@dataclass
class Process:
    """One process while it starts, serves and stops."""

    place: Place
    settings: Settings
    clock: Clock = field(default_factory=Clock)
    rooms: list[Running] = field(default_factory=list)
    engines: Engines | None = None
    stopping: bool = False
    served: bool = False  # was ready once
    waits_for: str = "start"
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def ready(self) -> dict[str, bool]:
        """Name what this process waits for; a part that fails to answer is not ready."""
        if self.stopping:
            return {"stopping": False}
        if self.waits_for:
            return {self.waits_for: False}
        asked: dict[str, Callable[[], Awaitable[dict[str, bool]]]] = {
            f"{room.name}.": room.ready for room in self.rooms if not room.name.startswith(UNPLUGGED)
        }
        if self.engines is not None:
            asked["identity."] = self.engines.verifier.ready
            if self.engines.kept_log is not None:
                asked["log."] = self.engines.kept_log.ready
        parts: dict[str, bool] = {}
        for prefix, found in zip(asked, await asyncio.gather(*map(_asked, asked.values())), strict=True):
            parts |= {f"{prefix}{need}": good for need, good in found.items()}
        self.served = self.served or all(parts.values())
        return parts

    def serves(self) -> bool:
        """Tell whether it was ready once and is not stopping."""
        return self.served and not self.stopping

    async def is_ready(self) -> bool:
        """Tell whether all of it is ready."""
        return all((await self.ready()).values())

    async def until_possible(self) -> None:
        """Wait for the tables this process needs, then follow the database's clock."""
        schema = SCHEMA_OF.get(self.place.service)
        if schema is None or not self.settings.database:
            return
        self.waits_for = "tables"
        url = self.settings.database_url(schema)
        while await self._unmigrated(url, schema):  # noqa: ASYNC110  # another process makes the tables
            await asyncio.sleep(AGAIN)
        database = await Database.open(url, MetaData(), readers=1)
        self.stack.push_async_callback(database.close)
        await self._read_clock(database)
        self.tasks.append(asyncio.create_task(supervise("clock", partial(self._follow_clock, database))))

    async def _unmigrated(self, url: str, schema: str) -> bool:
        try:
            return await asyncio.to_thread(pending, url, schema)
        except Exception as error:
            logger.info("waits_for_database", error=type(error).__name__)
            return True

    async def _follow_clock(self, database: Database) -> None:
        while True:
            await asyncio.sleep(CLOCK_EVERY)
            with contextlib.suppress(Exception):
                await self._read_clock(database)

    async def _read_clock(self, database: Database) -> None:
        self.clock.follow(await database.time())

    async def build(self) -> None:
        """Open the engines and build the room, again and again until it can be done."""
        self.waits_for = "engines"
        session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=UPSTREAM_SECONDS * 4),
        )
        self.stack.push_async_callback(session.close)
        logged = self.place.service in ON_THE_LOG
        self.engines = await open_engines(self.settings, keys_of(self.settings, session), self.clock, log=logged)
        self.stack.push_async_callback(self.engines.close)
        self.tasks.append(asyncio.create_task(supervise("identity", self.engines.verifier.run)))
        while not self.rooms:
            try:
                self.rooms = await _rooms(self, session)
            except Exception as error:
                logger.warning("cannot_build", service=self.place.service, error=type(error).__name__)
                await asyncio.sleep(AGAIN)
        for room in self.rooms:
            self.tasks += [asyncio.create_task(supervise(room.name, loop)) for loop in room.loops]
        self.waits_for = ""

    async def stop(self) -> None:
        """Stop the loops (they give their leases back), then close the rooms and the engines."""
        await end(self.tasks)
        for room in reversed(self.rooms):
            with contextlib.suppress(Exception):
                await room.close()
        await self.stack.aclose()


def keys_of(settings: Settings, session: aiohttp.ClientSession) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """Return how the issuer's public keys are fetched."""
    return jwks_over_http(settings.issuer, session, inside=settings.identity_inside)


async def _rooms(process: Process, session: aiohttp.ClientSession) -> list[Running]:
    engines, place = process.engines, process.place
    assert engines is not None
    ways: dict[str, Upstream] = {name: HttpUpstream(url, session) for name, url in place.upstreams.items()}
    plain: dict[str, building.Builder] = {
        "catalog": building.catalog,
        "search": building.search,
        "dossiers": building.dossiers,
        "citizen": building.citizen,
    }
    if place.service in plain:
        return [await plain[place.service](engines, place.shared)]
    if place.service == "exchange":
        port = place.port + 2
        return [await building.exchange(engines, place.shared, port=port, host=place.host, certified=certified(place))]
    if place.service == "portal":
        return [await building.portal(engines, place.shared, upstreams=ways)]
    if place.service == "gateway":
        origin = process.settings.identity_inside or origin_of(process.settings.issuer)
        ways.setdefault("identity", HttpUpstream(origin, session))
        return [await building.gateway(engines, place.shared, upstreams=ways, ready=process.is_ready)]
    return await building.provinces(
        engines,
        place.shared,
        connected=participants(place.offices),
        pace=place.pace,
        target=place.exchange,
        authority=Authority.open(place.pki or place.data / "pki"),
    )


def certified(place: Place) -> Certified:
    """Return the exchange's key and certificate: files of ``pki``, or of the local authority in the data folder."""
    folder = place.pki
    if folder is None:
        return Authority.open(place.data / "pki").server_certificate()
    try:
        read = [(folder / name).read_bytes() for name in ("exchange.pem", "exchange.key", "ca.pem")]
    except OSError as error:
        raise CannotStart(
            f"MOTCUA_PKI={folder} lacks {error.filename}: it needs exchange.pem, exchange.key, ca.pem"
        ) from None
    return Certified(*read)


async def serve(place: Place) -> None:
    """Serve one service until SIGINT or SIGTERM."""
    configure_logging(level=os.environ.get("MOTCUA_LOG", "info"))
    process = Process(place, Settings(**place.shared))
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    doors = Doors()
    try:
        doors.open(admin_app(process.ready, serves=process.serves), host=place.admin_host, port=place.port + 1)
        starting = asyncio.create_task(_start(process, doors))
        waiting = [asyncio.create_task(stopped.wait()), asyncio.create_task(doors.closed())]
        await asyncio.wait([*waiting, starting], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in (*waiting, starting):
            task.cancel()
        process.stopping = True
        logger.info("stopping", service=place.service)
        await asyncio.sleep(place.drain)
    finally:
        await doors.close()
        await process.stop()


async def _start(process: Process, doors: Doors) -> None:
    await process.until_possible()
    await process.build()
    _collect_seldom()
    _take_turns_often()
    doors.open(process.rooms[0].app, host=process.place.host, port=process.place.port)
    logger.info("serving", service=process.place.service, port=process.place.port)


def _collect_seldom() -> None:
    """Leave what is loaded by now out of garbage collections, and have one after 20,000 objects instead of 700.

    A batch from the log is thousands of objects that all live until its commit: looking through them again and again
    took a fifth of its time.
    """
    gc.freeze()
    gc.set_threshold(20_000)


def _take_turns_often() -> None:
    """Let a waiting thread have its turn after half a millisecond, not five.

    The threads of the log pack and unpack messages in Python. Each time that the loop has waited for a database, it
    would wait for them, too, while the database has nothing to do.
    """
    sys.setswitchinterval(0.0005)
