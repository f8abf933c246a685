"""The live links of this instance: they are woken, recorded together and watched from here."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import structlog
from prometheus_client import Counter, Gauge

from exchange import usecases
from exchange.rpc.link import Link
from exchange.settings import ExchangeSettings
from kernel.clock import real_now
from kernel.db import Database
from kernel.telemetry import failpoint

REPORTS_A_TRANSACTION = 500

UNDELIVERED = Gauge("motcua_lane_undelivered", "Items that the participant has not acked", ("lane",))
OLDEST = Gauge("motcua_lane_oldest_seconds", "Age of the oldest unacked item", ("lane",))
CONNECTED = Gauge("motcua_lane_connected", "1 while the participant is connected", ("lane",))
QUARANTINED = Gauge("motcua_lane_quarantined", "Items the participant could not read", ("lane",))
RECORDED = Counter("motcua_link_reports_total", "Reports stored")

logger = structlog.get_logger()


class Hub:
    """Every link of this process. One recorder writes for all of them: a commit costs the same for many lanes."""

    def __init__(self, *, database: Database, settings: ExchangeSettings, holder: str) -> None:
        self.database = database
        self.settings = settings
        self.holder = holder
        self.links: dict[str, Link] = {}
        self._brought = asyncio.Event()
        self.recorded_at = real_now()

    def add(self, link: Link) -> None:
        """Take a link in; an older one of the same lane is closed (the newest wins)."""
        older = self.links.get(link.lane)
        self.links[link.lane] = link
        if older is not None:
            older.close("a newer link has taken the lane")

    def remove(self, link: Link) -> None:
        """Forget a link that has ended."""
        if self.links.get(link.lane) is link:
            del self.links[link.lane]

    def wake(self, lanes: Iterable[str]) -> None:
        """Tell the links of ``lanes`` that items may be waiting."""
        for lane in lanes:
            if (link := self.links.get(lane)) is not None:
                link.wake()

    def brought(self) -> None:
        """Tell the recorder that some link brought something."""
        self._brought.set()

    # ---- the recorder ----

    async def record(self) -> None:
        """Write what links bring, for ever. A failing disk delays receipts; nothing is receipted unwritten."""
        pause = 0.1
        while True:
            await self._brought.wait()
            self._brought.clear()
            works = self._collect()
            if not works:
                continue
            try:
                recorded = await usecases.record_work(database=self.database, works=[work for _, work in works])
            except Exception as error:
                logger.warning("record_failed", error=type(error).__name__)
                for link, work in works:
                    link.give_back(work)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
                self._brought.set()
                continue
            pause = 0.1
            self.recorded_at = real_now()
            self._spread(works, recorded)

    def _collect(self) -> list[tuple[Link, usecases.Work]]:
        works, room = [], REPORTS_A_TRANSACTION
        for link in list(self.links.values()):
            work = link.take(room)
            if work is not None:
                works.append((link, work))
                room -= len(work.reports)
            if room <= 0:
                self._brought.set()
                break
        if room <= 0 and works:
            # Whoever came first goes last next time: one busy lane starves nobody.
            for link, _ in works:
                if self.links.get(link.lane) is link:
                    self.links[link.lane] = self.links.pop(link.lane)
        return works

    def _spread(self, works: list[tuple[Link, usecases.Work]], recorded: usecases.Recorded) -> None:
        for link, work in works:
            if work.lane not in recorded.current:
                link.close("a newer link has taken the lane")
                continue
            if work.acked:
                failpoint("delivery_acked")
            if work.reports:
                failpoint("report_stored")
                RECORDED.inc(len(work.reports))
            link.recorded(work)
        self.wake(recorded.filled)

    # ---- the watch ----

    async def watch(self) -> None:
        """Check for ever that each link still is its lane's newest, and that idle lanes have nothing waiting."""
        seen = real_now() - timedelta(days=1)
        while True:
            try:
                await self._check()
                if real_now() - seen >= timedelta(seconds=self.settings.exchange_seen_every):
                    await self._seen()
                    seen = real_now()
            except Exception as error:
                logger.warning("watch_failed", error=type(error).__name__)
            await asyncio.sleep(self.settings.exchange_watch_every)

    async def _check(self) -> None:
        links = dict(self.links)
        if not links:
            return
        numbers = await usecases.last_numbers(database=self.database, lanes=list(links))
        for lane, link in links.items():
            epoch, last = numbers.get(lane, (0, 0))
            if epoch != link.link_epoch:
                link.close("a newer link has taken the lane")
            elif last > link.sent:
                link.wake()

    async def _seen(self) -> None:
        every = self.settings.exchange_seen_every
        await usecases.touch_links(
            database=self.database,
            holder=self.holder,
            links={lane: link.link_epoch for lane, link in self.links.items()},
            lost_after=timedelta(seconds=every * 3),
        )
        now = real_now()
        for lane in await usecases.list_lanes(database=self.database):
            UNDELIVERED.labels(lane.lane).set(lane.undelivered)
            OLDEST.labels(lane.lane).set((now - lane.oldest_at).total_seconds() if lane.oldest_at else 0)
            CONNECTED.labels(lane.lane).set(lane.connected)
            QUARANTINED.labels(lane.lane).set(lane.quarantined)
