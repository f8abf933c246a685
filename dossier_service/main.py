"""Wiring of the dossier service."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import structlog

from dossier_service.api import make
from dossier_service.clients.exemptions import ExemptionLists
from dossier_service.clients.payments import PaymentPlatform
from dossier_service.events import LogDoor, encode
from dossier_service.settings import DossierSettings
from dossier_service.store.tables import METADATA, OUTBOX
from dossier_service.usecases.clockwork import ask_for_snapshots, seal_daily_roots
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.exemptions import check_exemptions, sweep_exemptions
from dossier_service.usecases.payments import reconcile_payments, say_nothing
from dossier_service.usecases.pictures import Pictures
from dossier_service.usecases.rehoming import rehome_dossiers
from dossier_service.usecases.republish import Progress, untold
from dossier_service.usecases.republish import republish as say_again
from dossier_service.usecases.resumable import sweep_incoming
from dossier_service.usecases.tasks import say_what_is_due
from dossier_service.usecases.uploads import count_missing, sweep_uploads
from kernel.auth import Verifier
from kernel.clock import Clock, real_now
from kernel.consume import Consumer
from kernel.db import Database
from kernel.files import Files
from kernel.lease import Leases
from kernel.log import Log
from kernel.outbox import Outbox, Relay
from kernel.web import HttpUpstream, Running, Upstream
from kernel.workdays import Calendar

NAME = "dossiers"
LOOK_EVERY = 20.0
RECONCILE_EVERY = 5.0
SWEEP_EVERY = 3600.0

logger = structlog.get_logger()


async def build(
    settings: DossierSettings,
    *,
    log: Log,
    clock: Clock,
    verifier: Verifier,
    files: Files,
    calendar: Calendar,
    platform: Upstream | None = None,
    lists: Upstream | None = None,
) -> Running:
    """Open the database and return the service, ready to run; ``platform`` is a payment platform in this process."""
    outbox = Outbox(OUTBOX, encode)
    database = await Database.open(settings.database_url(NAME), METADATA, sink=outbox)
    leases = Leases(database, settings.holder)
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=settings.payments_seconds))
    desk = Desk(
        database=database,
        clock=clock,
        calendar=calendar,
        files=files,
        settings=settings,
        pictures=Pictures(),
        platform=platform_of(settings, session, platform),
        lists=lists_of(settings, session, lists),
    )
    door = LogDoor(desk)
    relay = Relay(source=NAME, database=database, outbox=outbox, log=log, leases=leases)
    consumers = {
        topic: Consumer(name=f"{NAME}.{topic}", topics=[topic], log=log, database=database, leases=leases, apply=apply)
        for topic, apply in (
            ("catalog.v1", door.catalogue),
            ("province.reports.v1", door.reports),
            ("exchange.events.v1", door.exchange),
            ("citizen.events.v1", door.citizens),
        )
    }
    keeper = Keeper(desk, leases)
    clock.on_advance(keeper.on_advance)
    caught_up = CaughtUp(consumers["catalog.v1"])

    async def close() -> None:
        await session.close()
        await desk.pictures.close()
        await desk.seals.close()
        await database.close()

    return Running(
        name=NAME,
        app=make(desk, verifier),
        loops=[relay.run, keeper.run, Cashier(desk, leases).run, *(consumer.run for consumer in consumers.values())],
        ready=caught_up.ready,
        close=close,
    )


def platform_of(
    settings: DossierSettings, session: aiohttp.ClientSession, inside: Upstream | None
) -> PaymentPlatform | None:
    """Return the payment platform at the address of the settings, reached ``inside`` this process if it is there."""
    if not settings.payments:
        return None
    address = urlsplit(settings.payments)
    return PaymentPlatform(
        inside or HttpUpstream(f"{address.scheme}://{address.netloc}", session),
        base=address.path,
        secret=settings.payments_secret.get_secret_value(),
        seconds=settings.payments_seconds,
    )


async def republish(
    settings: DossierSettings,
    *,
    since: datetime | None = None,
    subject: str | None = None,
    lanes: bool = True,
    progress: Progress = untold,
) -> int:
    """Say again what others copy from here, through the outbox; the serving process's relay publishes it."""
    database = await Database.open(settings.database_url(NAME), METADATA, sink=Outbox(OUTBOX, encode))
    try:
        return await say_again(database=database, since=since, subject=subject, lanes=lanes, progress=progress)
    finally:
        await database.close()


async def rehome(
    settings: DossierSettings,
    *,
    source: str,
    target: str,
    subject: str | None = None,
    share: float = 1.0,
    progress: Progress = untold,
) -> int:
    """Hand open dossiers of lane ``source`` on to ``target``; the serving process's relay tells both. See the use case.

    Returns how many were handed on now. Raises ``Invalid``.
    """
    database = await Database.open(settings.database_url(NAME), METADATA, sink=Outbox(OUTBOX, encode))
    try:
        return await rehome_dossiers(
            database=database,
            clock=Clock(settings.data / "clock.json"),
            source=source,
            target=target,
            subject=subject,
            share=share,
            progress=progress,
        )
    finally:
        await database.close()


class CaughtUp:
    """Ready once the catalogue has been read to the end that it had at the start; then for good."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._done = False

    async def ready(self) -> dict[str, bool]:
        """Return whether the catalogue's copy is here."""
        if not self._done:
            self._done = await self._consumer.caught_up()
        return {"catalogue": self._done}


def lists_of(settings: DossierSettings, session: aiohttp.ClientSession, inside: Upstream | None) -> ExemptionLists:
    """Return the State's lists at the address of the settings, else those ``inside`` this process, else none."""
    address = settings.exemption_lists
    return ExemptionLists(HttpUpstream(address, session) if address else inside)


class Cashier:
    """Finds out what became of payments, on one process at a time."""

    def __init__(self, desk: Desk, leases: Leases) -> None:
        self._desk = desk
        self._leases = leases

    async def run(self) -> None:
        """Look every 5 seconds, for ever; where nothing can be paid there is nothing to do."""
        while self._desk.platform is not None:
            try:
                if await self._leases.acquire(["cashier"]):
                    await reconcile_payments(desk=self._desk)
                else:
                    say_nothing()
            except Exception as error:
                logger.warning("cashier_failed", error=type(error).__name__)
            await asyncio.sleep(RECONCILE_EVERY)


class Keeper:
    """Does what the clock says, on one process at a time."""

    def __init__(self, desk: Desk, leases: Leases) -> None:
        self._desk = desk
        self._leases = leases
        self._swept: datetime | None = None

    async def run(self) -> None:
        """Look every 20 seconds, for ever."""
        while True:
            try:
                if await self._leases.acquire(["keeper"]):
                    await self._once()
            except Exception as error:
                logger.warning("keeper_failed", error=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY)

    async def on_advance(self, _now: datetime) -> None:
        """The business clock was moved: seal the days that are over now, and say what waited for its hour."""
        await seal_daily_roots(desk=self._desk)
        await say_what_is_due(desk=self._desk)

    async def _once(self) -> None:
        await seal_daily_roots(desk=self._desk)
        await ask_for_snapshots(desk=self._desk)
        await say_what_is_due(desk=self._desk)
        await check_exemptions(desk=self._desk)
        now = real_now()
        if self._swept is None or (now - self._swept).total_seconds() > SWEEP_EVERY:
            self._swept = now
            await sweep_uploads(desk=self._desk)
            await sweep_exemptions(desk=self._desk)
            await sweep_incoming(desk=self._desk, before=now - timedelta(hours=self._desk.settings.upload_hours))
            missing = await count_missing(desk=self._desk)
            if missing:
                logger.error("files_missing", count=len(missing))
