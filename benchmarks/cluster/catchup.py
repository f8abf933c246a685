"""After an outage: the outbox that goes out when the broker is back, and the reports that queued up meanwhile."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.applying import STEPS
from benchmarks.cluster import bare
from benchmarks.cluster.filling import Stock, check_applied, positions
from benchmarks.cluster.place import REPORTS, Place, say, until
from benchmarks.cluster.reporters import Load, Sent, reports
from benchmarks.cluster.road import applied
from benchmarks.processes import Failed

ARRIVING = 110


@dataclass(frozen=True)
class Caught:
    """What was seen: counts, and rates a second."""

    away: int
    recorded: float
    drained: float
    queued: int
    through: float
    caught_up: float
    raw: float
    arrived: int


async def catch_up(place: Place, load: Load, stock: Stock, *, queued: int, away: int, longest: float) -> Caught:
    """Stop the dossier service, queue reports (the first ``away`` of them without a broker), start it again.

    ``longest`` = for how many seconds there are arrivals in store. Raises ``Failed`` where anything is missing.
    """
    place.services["dossiers"].stop()
    codes = stock.take(queued // len(STEPS))
    sent = [report for turn in range(len(STEPS)) for report in reports(codes, turn)]
    arriving = stock.take(round(ARRIVING * longest))
    since = bare.ends(place, REPORTS)
    recorded, drained = await _without_broker(place, load, sent[:away])
    await asyncio.to_thread(_check_order, place, since, sent[:away])
    frames = load.build(sent[away:])
    began = time.perf_counter()
    await load.flood(frames)
    await asyncio.to_thread(_on_the_log, place, since, len(sent))
    through = len(frames) / (time.perf_counter() - began)
    raw = await asyncio.to_thread(bare.consumed, place, since, len(sent))
    say(
        f"queued {len(sent):,}: {recorded:.0f}/s recorded without a broker, {drained:.0f}/s drained, "
        f"{through:.0f}/s through, raw {raw:.0f}/s"
    )
    caught, arrived = await _drain(place, load, arriving)
    with place.connect() as connection:
        check_applied(connection, codes, len(STEPS) + 1)
        check_applied(connection, arrived, 2)
    say(f"caught up at {caught:.0f}/s while {len(arrived):,} more arrived")
    return Caught(away, recorded, drained, len(sent), through, caught, raw, len(arrived))


async def _without_broker(place: Place, load: Load, sent: Sequence[Sent]) -> tuple[float, float]:
    frames = load.build(sent)
    kafka = place.engines["kafka"]
    kafka.kill()
    began = time.perf_counter()
    await load.flood(frames)
    recorded = len(sent) / (time.perf_counter() - began)
    with place.connect() as connection:
        if _waiting(connection) != len(sent):
            raise Failed(f"{_waiting(connection)} of {len(sent)} rows wait in the outbox")
        await asyncio.to_thread(kafka.start)
        began = time.perf_counter()
        await asyncio.to_thread(until, lambda: _waiting(connection) == 0, "the outbox is empty", seconds=300, every=0.2)
    return recorded, len(sent) / (time.perf_counter() - began)


def _check_order(place: Place, since: bare.Ends, sent: Sequence[Sent]) -> None:
    """Raise ``Failed`` unless every report is on the log, those of a dossier in order (repeats are passed over)."""
    last: dict[str, int] = {}
    total = sum(bare.ends(place, REPORTS).values()) - sum(since.values())
    with bare.consumer(place) as found:
        for records in bare.read(found, since, total):
            for record in records:
                code, version = bare.key_of(record)
                if version > last.get(code, 1) + 1:
                    raise Failed(f"{code}: {version} came after {last.get(code, 1)}")
                last[code] = max(version, last.get(code, 1))
    wanted: dict[str, int] = {}
    for each in sent:
        wanted[each.code] = max(each.version, wanted.get(each.code, 0))
    if last != wanted:
        raise Failed(f"{len(wanted)} dossiers were reported on, the log says otherwise of some")


def _on_the_log(place: Place, since: bare.Ends, count: int) -> None:
    first = sum(since.values())
    until(
        lambda: sum(bare.ends(place, REPORTS).values()) - first >= count,
        f"{count} reports are on the log",
        seconds=120,
        every=0.05,
    )


async def _drain(place: Place, load: Load, arriving: Sequence[str]) -> tuple[float, list[str]]:
    """Start the service while reports go on arriving; return reports applied a second until none waits, and arrivals.

    The clock starts with the first one that it applies and stops when less than one second of arrivals waits.
    """
    frames, stop = load.build(reports(arriving, 0)), asyncio.Event()
    with place.connect() as connection, bare.consumer(place) as found:
        places = list(bare.ends(place, REPORTS))
        first = positions(connection)
        starting = asyncio.create_task(asyncio.to_thread(place.start, "dossiers"))
        streaming = asyncio.create_task(load.stream(frames, ARRIVING, stop=stop))
        while positions(connection) == first:  # noqa: ASYNC110  # another process moves them
            await asyncio.sleep(0.01)
        began, done = time.perf_counter(), first
        while sum(found.end_offsets(places).values()) - done > ARRIVING:
            if streaming.done():
                raise Failed(f"{len(arriving)} arrivals were not enough: it never caught up")
            await asyncio.sleep(0.25)
            done = positions(connection)
        rate = (done - first) / (time.perf_counter() - began)
        stop.set()
        arrived = [report.code for report in await streaming]
        await starting
        await asyncio.to_thread(until, lambda: _waiting(connection) == 0, "the outbox is empty", seconds=60)
        await applied(place, sum(found.end_offsets(places).values()))
    return rate, arrived


def _waiting(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT count(*) FROM exchange.outbox WHERE topic = %s", [REPORTS]).fetchone()
    assert found is not None
    return int(found[0])
