"""Wiring of the exchange: its database, three consumers, the relay, the gRPC server and the operators' API."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import grpc
import structlog

from exchange import api, events, usecases
from exchange.rpc import ExchangeService, Hub, comparing, serve
from exchange.rpc.files import FileDoor
from exchange.rpc.service import Sign
from exchange.settings import ExchangeSettings
from exchange.store import METADATA, OUTBOX
from exchange.usecases.republish import Progress, untold
from exchange.usecases.republish import republish as say_again
from kernel.auth import Verifier
from kernel.clock import Clock, real_now
from kernel.consume import Apply, Consumer
from kernel.db import Database
from kernel.files import Files
from kernel.lease import Leases
from kernel.log import Log
from kernel.outbox import Outbox, Relay
from kernel.web import Running

logger = structlog.get_logger()

SWEEP_EVERY = 3600.0
ABANDONED = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The parts of a running exchange."""

    settings: ExchangeSettings
    database: Database
    hub: Hub
    service: ExchangeService
    files: FileDoor
    credentials: grpc.ServerCredentials

    async def listen(self) -> None:
        """Serve participants until cancelled; links are ended and noted on the way out."""
        address = f"{self.settings.exchange_host}:{self.settings.exchange_port}"
        server = await serve(self.service, address=address, credentials=self.credentials)
        logger.info("exchange_listens", address=address)
        try:
            await server.wait_for_termination()
        finally:
            await server.stop(0)
            await self.service.drained()

    async def forget(self) -> None:
        """Delete acked items after their days and uploads that nobody went on with, for ever."""
        while True:
            kept = timedelta(days=self.settings.exchange_keep_acked_days)
            gone = await usecases.forget_acked(database=self.database, older_than=kept)
            await self.files.sweep(ABANDONED)
            await asyncio.sleep(0.1 if gone else SWEEP_EVERY)

    async def compare(self) -> None:
        """Compare each connected lane now and then, for ever, one at a time."""
        while True:
            await asyncio.sleep(self.settings.exchange_compare_every)
            for lane in list(self.hub.links):
                await self.compare_lane(lane)

    async def compare_lane(self, lane: str) -> int:
        """Compare one connected lane; return how many dossiers differ (-1: not connected, or no answer)."""
        link = self.hub.links.get(lane)
        if link is None or link.resync:
            return -1
        try:
            found = await comparing.compare_lane(link, database=self.database, settings=self.settings)
        except TimeoutError:
            logger.warning("compare_unanswered", lane=lane)
            return -1
        return len(found.differing)


async def build(
    settings: ExchangeSettings,
    *,
    log: Log,
    clock: Clock,
    verifier: Verifier,
    files: Files,
    calendar_version: str,
    credentials: grpc.ServerCredentials,
    sign: Sign | None = None,
) -> Running:
    """Build the exchange. ``credentials`` demand client certificates; ``sign`` renews them."""
    outbox = Outbox(OUTBOX, events.encode)
    database = await Database.open(settings.database_url("exchange"), METADATA, sink=outbox)
    holder = settings.holder
    leases = Leases(database, holder)
    relay = Relay(source="exchange", database=database, outbox=outbox, log=log, leases=leases)
    hub = Hub(database=database, settings=settings, holder=holder)
    consumers = _consumers(log, database, leases, hub)

    async def settled() -> None:
        while await relay.waiting() or not await consumers[1].caught_up():  # noqa: ASYNC110  # two other rooms' clocks
            await asyncio.sleep(0.2)

    parts = settings.data / "services" / "exchange_parts"
    door = FileDoor(database=database, files=files, parts=parts, limit=settings.exchange_max_file)
    service = ExchangeService(
        hub=hub,
        files=door,
        clock=clock,
        calendar_version=calendar_version,
        settled=settled,
        sign=sign,
    )
    exchange = Exchange(settings, database, hub, service, door, credentials)
    app = api.create(api.Door(database, exchange.compare_lane), verifier)
    app.state.exchange = exchange
    loops: list[Callable[[], Awaitable[None]]] = [relay.run, *(each.run for each in consumers)]
    loops += [hub.record, hub.watch, exchange.listen, exchange.forget, exchange.compare]
    return Running("exchange", app, loops, _readiness(consumers), database.close)


async def republish(
    settings: ExchangeSettings,
    *,
    since: datetime | None = None,
    subject: str | None = None,
    progress: Progress = untold,
) -> int:
    """Say again what others copy from here, through the outbox; the serving process's relay publishes it."""
    sink = Outbox(OUTBOX, events.encode)
    database = await Database.open(settings.database_url("exchange"), METADATA, sink=sink)
    try:
        return await say_again(database=database, since=since, subject=subject, progress=progress)
    finally:
        await database.close()


def _consumers(log: Log, database: Database, leases: Leases, hub: Hub) -> list[Consumer]:
    applied: list[tuple[str, str, Apply]] = [
        ("exchange.deliveries", events.DELIVERIES, events.Deliveries(hub.wake).apply),
        ("exchange.dossiers", events.DOSSIERS, events.apply_states),
        ("exchange.catalog", events.CATALOG, events.apply_catalog),
    ]
    return [
        Consumer(name=name, topics=[topic], log=log, database=database, leases=leases, apply=apply)
        for name, topic, apply in applied
    ]


def _readiness(consumers: list[Consumer]) -> Callable[[], Awaitable[dict[str, bool]]]:
    async def ready() -> dict[str, bool]:
        recent = real_now() - timedelta(seconds=30)
        return {each.name: each.last_poll > recent for each in consumers}

    return ready
