"""Province report -> visible in the timeline: how many a second, how late, and what each process costs."""

import asyncio
import time
from dataclasses import dataclass, field

import psycopg

from benchmarks.cluster import bare
from benchmarks.cluster.filling import Stock, check_applied, copy_positions, positions
from benchmarks.cluster.place import EVENTS, REPORTS, Place, say, until
from benchmarks.cluster.reporters import Load, Watch, reports
from benchmarks.processes import Failed

WANTED = 1100
STEP = 100
APPLIED_WITHIN = 300.0


@dataclass
class Rounds:
    """Saturated rounds: reports a second of the road, the bare loop and the log alone (produced, consumed).

    ``split`` = processor seconds per 1,000 reports by process, over all rounds of the road.
    """

    count: int
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    produced: list[float] = field(default_factory=list)
    consumed: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)
    split: dict[str, float] = field(default_factory=dict)
    cores: float = 0.0


@dataclass(frozen=True)
class Steady:
    """Seconds from arrival to readable at ``rate`` a second, round by round, and the least possible of one report."""

    rate: int
    rounds: list[list[float]]
    floor: list[float]
    refused: list[int]


async def applied(place: Place, target: int) -> float:
    """Wait until the service has applied ``target`` reports in all; return when (perf_counter). Raises ``Failed``."""
    with place.connect() as connection:
        best, since = -1, time.monotonic()
        while (now := positions(connection)) < target:
            if now > best:
                best, since = now, time.monotonic()
            elif time.monotonic() - since > APPLIED_WITHIN:
                raise Failed(f"{target - now} reports were never applied")
            await asyncio.sleep(0.02)
        return time.perf_counter()


def settle(place: Place) -> None:
    """Wait until nobody has anything to pass on: outboxes empty, the exchange's copy complete. Raises ``Failed``."""
    with place.connect() as connection:
        until(lambda: not _unsent(connection), "the outboxes are empty", seconds=60)
        end = sum(bare.ends(place, EVENTS).values())
        copied = "SELECT sum(next)::bigint FROM exchange.position WHERE topic = %s"
        until(lambda: connection.execute(copied, [EVENTS]).fetchone() == (end,), "the copy is complete", seconds=60)


def _unsent(connection: psycopg.Connection) -> int:
    query = "SELECT (SELECT count(*) FROM dossiers.outbox) + (SELECT count(*) FROM exchange.outbox)"
    found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


async def warm(place: Place, load: Load, codes: list[str]) -> None:
    """Send one report of each of ``codes`` and wait, so that connections, plans and caches are there."""
    with place.connect() as connection:
        target = positions(connection) + len(codes)
    await load.flood(load.build(reports(codes, 0)))
    await applied(place, target)
    await asyncio.to_thread(settle, place)


async def saturated(place: Place, load: Load, stock: Stock, *, count: int, turns: int) -> Rounds:
    """Report ``turns`` steps of ``count`` random dossiers, a step a round, the baselines right after each round."""
    found, codes = Rounds(count), stock.take(count)
    used: dict[str, float] = {}
    took = 0.0
    for turn in range(turns):
        frames = load.build(reports(codes, turn))
        since, events = bare.ends(place, REPORTS), bare.ends(place, EVENTS)
        with place.connect() as connection:
            connection.execute("CHECKPOINT")
            target = positions(connection) + count
            copy_positions(connection)
        before, began = place.processor(), time.perf_counter()
        await load.flood(frames)
        taken = await applied(place, target) - began
        await asyncio.to_thread(settle, place)
        took += taken
        for name, seconds in place.processor().items():
            used[name] = used.get(name, 0.0) + seconds - before.get(name, 0.0)
        found.ours.append(count / taken)
        with place.connect() as connection:
            check_applied(connection, codes, turn + 2)
        await asyncio.to_thread(_baselines, place, found, codes, turn, since, events)
        say(
            f"round {turn + 1}: {found.ours[-1]:.0f}/s, bare {found.bare[-1]:.0f}/s, "
            f"log {found.produced[-1]:.0f} + {found.consumed[-1]:.0f}/s, batches of {found.batches[-1]:.0f}"
        )
    found.split = {name: seconds / (count * turns) * 1000 for name, seconds in used.items()}
    found.cores = sum(used.values()) / took
    return found


def _baselines(place: Place, found: Rounds, codes: list[str], turn: int, since: bare.Ends, events: bare.Ends) -> None:
    rows = bare.written(place, codes, turn + 2, events)
    found.batches.append(rows.batch)
    with place.connect() as connection:
        connection.execute("CHECKPOINT")
    found.bare.append(bare.run(place, rows, since))
    bare.check(place, codes, found.count * (turn + 1))
    produced, consumed = bare.alone(place, since, found.count)
    found.produced.append(produced)
    found.consumed.append(consumed)


async def steady(place: Place, load: Load, stock: Stock, *, seconds: float, turns: int, fastest: float) -> Steady:
    """Let reports arrive at 1,100 a second, or at the highest round rate that holds; sample 1 in 50."""
    rate = min(WANTED, max(STEP, int(fastest * 0.95) // STEP * STEP))
    refused: list[int] = []
    while True:
        rounds = []
        codes = stock.take(round(rate * seconds))
        for turn in range(turns):
            times, holds, managed = await _arriving(place, load, codes, turn, rate)
            rounds.append(times)
            if not holds:
                break
        if holds or rate == STEP:
            break
        refused.append(rate)
        say(f"{rate}/s does not hold: {managed:.0f}/s were managed")
        rate = max(STEP, min(rate - STEP, int(managed) // STEP * STEP))
    say(f"{rate}/s holds: {holds}; median {sorted(rounds[-1])[len(rounds[-1]) // 2] * 1000:.0f} ms")
    if not holds:
        raise Failed(f"not even {rate}/s holds")
    return Steady(rate, rounds, await asyncio.to_thread(bare.floor, place), refused)


async def _arriving(
    place: Place, load: Load, codes: list[str], turn: int, rate: int
) -> tuple[list[float], bool, float]:
    """Run one round; return times, whether it holds, and reports a second.

    It holds when half a second after the last arrival at most one second of arrivals is missing.
    """
    frames = load.build(reports(codes, turn))
    watch = Watch(place.address)
    looking = asyncio.create_task(watch.run())
    with place.connect() as connection:
        target = positions(connection) + len(codes)
        began = time.perf_counter()
        await load.stream(frames, rate, watch)
        late = time.perf_counter() - began - len(codes) / rate
        await asyncio.sleep(max(0.0, 0.5 - late))
        missing = target - positions(connection)
    managed = len(codes) / (await applied(place, target) - began)
    await watch.finished()
    await asyncio.to_thread(settle, place)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    with place.connect() as connection:
        check_applied(connection, codes, turn + 2)
    return watch.seconds, missing <= rate and late < 1, managed
