"""Fault tests 4 and 9: links that are half open, and links that come and go all the time."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.ports import free_ports
from tests.proxy import Proxy
from tests.running import Portal, until


class Line:
    """A proxy in a thread of its own between the adapters and the exchange."""

    def __init__(self, target: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.proxy = Proxy("127.0.0.1", target)
        self._run(self.proxy.__aenter__())

    def _run(self, coroutine: object) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)  # type: ignore[arg-type]

    def do(self, act: Callable[[], None]) -> None:
        """Run ``act`` of the proxy where the proxy lives."""

        async def now() -> None:
            act()

        self._run(now())

    def close(self) -> None:
        self._run(self.proxy.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@contextmanager
def lined(new_portal: Callable[..., Portal], **options: str) -> Iterator[tuple[Portal, Line]]:
    port = free_ports()
    line = Line(port + 2)
    portal = new_portal(port=port, env={"MOTCUA_LINK_TARGET": line.proxy.address}, **options)
    try:
        yield portal.start(), line
        portal.kill()
    finally:
        line.close()


def _lane(portal: Portal, lane: str) -> dict[str, object]:
    with portal.client("operator-1") as operator:
        rows = operator.get("/api/exchange/v1/lanes").json()["results"]
    return dict(next(row for row in rows if row["lane"] == lane))


def test_a_half_open_link_loses_and_doubles_nothing(new_portal: Callable[..., Portal]) -> None:
    with lined(new_portal, pace="0", offices="H26") as (portal, line):
        with portal.client("citizen-1") as client:
            first = portal.file_dossier(client, "1.004873", place="00004")
            portal.until_status(client, first, 10)
            since = _lane(portal, "H26")["connected_at"]
            line.do(line.proxy.stall)
            waiting = [portal.file_dossier(client, "1.004873", place="00004") for _ in range(5)]
            assert portal.dossier(client, waiting[0])["status"] == 1
            until(lambda: _lane(portal, "H26")["connected_at"] not in (None, since), seconds=90, what="a newer link")
            line.do(line.proxy.thaw)
            for code in waiting:
                portal.until_status(client, code, 10, seconds=60)
        portal.check()


def test_lanes_that_flap_deliver_everything_in_the_end(new_portal: Callable[..., Portal], divisor: int) -> None:
    seconds = 600 / divisor
    dice = random.Random(9)
    with lined(new_portal, pace="0") as (portal, line):
        with portal.client("citizen-1") as client:
            codes, end = [], time.monotonic() + seconds
            while time.monotonic() < end:
                codes.append(portal.file_dossier(client, "1.004873", place=dice.choice(["00004", "20242", "26743"])))
                if dice.random() < 0.15:
                    line.do(line.proxy.cut)
                time.sleep(dice.uniform(0.0, 0.3))
            for code in codes:
                portal.until_status(client, code, 10, seconds=90)
        with portal.client("operator-1") as operator:
            rows = operator.get("/api/exchange/v1/lanes").json()["results"]
        assert [row["lane"] for row in rows if row["undelivered"]] == []
        portal.check()
