"""Wiring of the citizen service."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime

import structlog

from citizen_service import usecases
from citizen_service.api import make_api
from citizen_service.clients import EmlFolder, ReportFolder, Smtp, Transport
from citizen_service.events import OWN, TOPIC, applier, apply_settled, encode
from citizen_service.model import Channel, Profile
from citizen_service.settings import CitizenSettings
from citizen_service.store import METADATA, OUTBOX
from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.consume import Consumer
from kernel.db import Database
from kernel.lease import Leases
from kernel.log import Log
from kernel.outbox import Outbox, Relay
from kernel.web import Running

NAME = "citizen_service"
LOOK_EVERY = 5.0
LOOK_FIRST = 0.5

logger = structlog.get_logger()


async def build(
    settings: CitizenSettings, *, log: Log, clock: Clock, verifier: Verifier, profiles: Sequence[Profile] = ()
) -> Running:
    """Open the service; ``profiles`` are the demo's people, put in or brought up to date."""
    outbox = Outbox(OUTBOX, encode)
    database = await Database.open(settings.database_url(NAME), METADATA, sink=outbox)
    if profiles:
        await usecases.seed_profiles(database=database, profiles=profiles)
    leases = Leases(database, settings.holder)
    relay = Relay(source=NAME, database=database, outbox=outbox, log=log, leases=leases)
    own = Consumer(name=f"{NAME}.{OWN}", topics=[OWN], log=log, database=database, leases=leases, apply=apply_settled)
    sender = Sender(
        settings, database=database, leases=leases, clock=clock, transport=transport_of(settings), settled=own
    )
    clock.on_advance(sender.on_advance)
    consumer = Consumer(
        name=f"{NAME}.{TOPIC}",
        topics=[TOPIC],
        log=log,
        database=database,
        leases=leases,
        apply=applier(clock, sender.wake.set, ways=ways_of(settings)),
    )

    async def ready() -> dict[str, bool]:
        async with database.read():
            return {"database": True}

    app = make_api(database=database, clock=clock, verifier=verifier, ways=ways_of(settings))
    return Running(NAME, app, [relay.run, own.run, consumer.run, sender.run], ready, database.close)


def ways_of(settings: CitizenSettings) -> tuple[Channel, ...]:
    """Return the channels there are: the demo shows all of them in its outbox, an installation has what it pays for."""
    return tuple(Channel) if settings.citizen_mail == "eml" else (Channel.MAIL,)


def transport_of(settings: CitizenSettings) -> Transport:
    """Return the way out that the settings name."""
    if settings.citizen_mail == "smtp":
        return Smtp(
            host=settings.citizen_smtp_host,
            port=settings.citizen_smtp_port,
            starttls=settings.citizen_smtp_starttls,
            user=settings.citizen_smtp_user,
            password=settings.citizen_smtp_password.get_secret_value(),
            sender=settings.citizen_mail_from,
        )
    return EmlFolder(settings.outbox, settings.citizen_mail_from)


class Sender:
    """Sends messages and takes in which came back, in one process at a time.

    It begins once it is known what was sent before the database was lost.
    """

    def __init__(
        self,
        settings: CitizenSettings,
        *,
        database: Database,
        leases: Leases,
        clock: Clock,
        transport: Transport,
        settled: Consumer,
    ) -> None:
        self._settings = settings
        self._database = database
        self._leases = leases
        self._clock = clock
        self._transport = transport
        self._settled = settled
        self._reports = ReportFolder(settings.reports)
        self._knows = False
        self._one = asyncio.Lock()
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Send whenever something was written, and look every 5 s for what the hour or a failed try has held back."""
        while True:
            self.wake.clear()
            try:
                await self._all()
            except Exception as error:
                logger.warning("sender_failed", error=type(error).__name__)
                await asyncio.sleep(1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), LOOK_EVERY if self._knows else LOOK_FIRST)

    async def on_advance(self, _now: datetime) -> None:
        """The business clock was moved: send what the quiet hours held back."""
        await self._all()

    async def _all(self) -> None:
        async with self._one:
            if not self._knows and not await self._settled.caught_up():
                return
            self._knows = True
            if not await self._leases.acquire(["sender"]):
                return
            while await self._some() or await self._returned():
                continue

    async def _returned(self) -> int:
        return await usecases.take_reports(
            database=self._database, reports=self._reports, clock=self._clock, ways=ways_of(self._settings)
        )

    async def _some(self) -> int:
        return await usecases.send_due_mail(
            database=self._database,
            transport=self._transport,
            clock=self._clock,
            public_url=self._settings.public_url,
            ways=ways_of(self._settings),
        )
