"""Fault test 6: the broker is killed under load and stays away; filing goes on, and everything goes out afterwards."""

import asyncio
import time
from collections.abc import Callable

import pytest

from motcua.topics import TOPICS
from tests.engines.nation import Nation
from tests.engines.shared import start
from tests.faults import ledger
from tests.faults.load import filing
from tests.running import Portal, until

SCHEMAS = ("services_catalog", "dossiers", "citizen_service", "exchange")
OFFICES = "H17"  # the office of the place in the form's first example
AWAY_SECONDS = 180
GROWTH_MIB = 60.0

# kafka-python leaves the sockets of refused connections to the collector.
LEFT_OPEN = "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nation"), pytest.mark.filterwarnings(LEFT_OPEN)]


def resident_mib(portal: Portal) -> float:
    """Return the resident memory of the portal's process."""
    assert portal.process is not None
    with open(f"/proc/{portal.process.pid}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def test_filing_goes_on_while_the_broker_is_away(
    new_on_engines: Callable[..., Portal], nation_engines: Nation, divisor: int
) -> None:
    seconds, timeout = AWAY_SECONDS / divisor, max(20_000 // divisor, 2_000)
    portal = new_on_engines(offices=OFFICES, env={"MOTCUA_KAFKA_DELIVERY_TIMEOUT_MS": str(timeout)})
    address = portal.env["MOTCUA_DATABASE"].partition("?")[0].replace("+psycopg", "")
    ledger.keep_ledger(address, SCHEMAS)
    portal.start()
    with filing(portal) as load:
        load.until_more(10)
        before, memory = len(load.codes), resident_mib(portal)
        nation_engines.kafka.kill()
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                load.until_more(5)
            meanwhile, kept = len(load.codes) - before, ledger.waiting(address, SCHEMAS)
        finally:
            start(nation_engines.kafka)
        load.until_more(5)
    grown = resident_mib(portal) - memory
    print(
        f"\nno broker for {seconds:.0f} s (1/{divisor} of {AWAY_SECONDS}), delivery timeout {timeout} ms: "
        f"{meanwhile} filed, {kept} events kept, {grown:+.0f} MiB"
    )
    assert not load.refused, f"filings were refused: {load.refused}"
    assert kept > meanwhile, "events wait in the outboxes"
    with portal.client("citizen-1") as client:
        for code in load.codes:
            portal.until_status(client, code, 10, seconds=120)
    until(lambda: ledger.waiting(address, SCHEMAS) == 0, seconds=60, what="every outbox is empty")
    rows = ledger.committed(address, SCHEMAS)
    records = asyncio.run(ledger.on_the_log(portal.env["MOTCUA_KAFKA"], [topic.name for topic in TOPICS]))
    assert len(rows) > len(load.codes)
    assert not ledger.faults(rows, records)
    assert resident_mib(portal) - memory < GROWTH_MIB
    portal.check(seconds=60)
