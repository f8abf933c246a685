"""``python -m benchmarks --cluster``: the figures of the distributed form, on the real engines."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster import bare
from benchmarks.cluster.catchup import ARRIVING, Caught, catch_up
from benchmarks.cluster.filling import LANES, fill
from benchmarks.cluster.place import MEASURED, Place, place, say
from benchmarks.cluster.reporters import connected
from benchmarks.cluster.road import WANTED, Rounds, Steady, saturated, steady, warm
from benchmarks.figures import Figure, Goal, quantile

STOPPED = "Elasticsearch, Keycloak, browsers and the other services are stopped"
POSTGRES = "PostgreSQL 15 or newer, synchronous_commit on"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    dossiers: int
    count: int
    turns: int
    seconds: float
    queued: int
    away: int
    longest: float


FULL = Size(1_000_000, 10_500, 5, 20, 100_000, 66_000, 600)
QUICK = Size(10_000, 210, 2, 2, 1_000, 500, 45)


@dataclass(frozen=True)
class Measured:
    """Everything that one run has seen."""

    size: Size
    filling: float
    rounds: Rounds
    steady: Steady
    caught: Caught

    @property
    def figures(self) -> list[Figure]:
        """The figures, each beside its baseline."""
        return [*_road(self), *_late(self), *_after(self)]


def measured(*, quick: bool) -> Measured:
    """Measure. Raises ``Failed`` where something was not really done, ``Missing`` where an engine cannot be had."""
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="motcua-figures-") as folder:
        Path(folder).chmod(0o755)
        with place(Path(folder) / "cluster") as made:
            return asyncio.run(_measured(made, size))


async def _measured(made: Place, size: Size) -> Measured:
    stock, filling = await asyncio.to_thread(fill, made, size.dossiers)
    await asyncio.to_thread(bare.prepare_alone, made)
    await asyncio.to_thread(made.start, *MEASURED)
    async with connected(made) as load:
        await warm(made, load, stock.take(size.count // 5))
        rounds = await saturated(made, load, stock, count=size.count, turns=size.turns)
        calm = await steady(made, load, stock, seconds=size.seconds, turns=2, fastest=max(rounds.ours))
        caught = await catch_up(made, load, stock, queued=size.queued, away=size.away, longest=size.longest)
    return Measured(size, filling, rounds, calm, caught)


def _road(seen: Measured) -> list[Figure]:
    rounds, size = seen.rounds, seen.size
    about = (
        f"{size.dossiers:,} dossiers are stored (filled by SQL in {seen.filling:.0f} s). {len(LANES)} participants "
        f"with their own certificates send a report of one step for each of {rounds.count:,} random dossiers a round, "
        f"{len(rounds.ours)} steps, windows of 256, as fast as the nation takes them: gRPC with mutual TLS -> "
        "`motcua serve exchange` -> PostgreSQL -> Kafka -> `motcua serve dossiers` -> PostgreSQL, where the citizen's "
        "timeline reads it. The clock runs from the first frame to the last commit; every dossier's version and its "
        "history are counted afterwards. Meanwhile the service publishes dossier.events.v1 and the exchange keeps its "
        "copy. "
        f"{STOPPED}; the load runs on the same cores."
    )
    return [
        Figure(
            "report to timeline",
            "/s",
            rounds.ours,
            "the log alone: kafka-python produces the same messages, idempotent, acks=all",
            rounds.produced,
            about,
            Goal(WANTED, at_least=True),
        ),
        Figure(
            "report to timeline, beside the bare loop",
            "/s",
            rounds.ours,
            _loop(rounds),
            rounds.bare,
            "The same rounds beside a loop that only consumes and writes: no gRPC, no exchange, no decision.",
            Goal(0.5, at_least=True, of_ratio=True),
        ),
    ]


def _loop(rounds: Rounds) -> str:
    batch = sum(rounds.batches) / len(rounds.batches)
    return (
        f"the bare loop: kafka-python (with the same checksum in C) and raw psycopg that write the same finished "
        f"rows into equal tables, in batches as large as the service's ({batch:.0f}), compared byte for byte afterwards"
    )


def _late(seen: Measured) -> list[Figure]:
    calm = seen.steady
    tried = f" ({', '.join(map(str, calm.refused))}/s did not hold)" if calm.refused else ""
    about = (
        f"Reports arrive at a steady {calm.rate}/s{tried}, {len(calm.rounds)} rounds of {seen.size.seconds:g} s; 1 in "
        "50 is watched from its arrival until its commit can be read, looked for every 10 ms by another connection."
    )
    against = "one append, read back, and one commit, one after another, with nothing else running"
    return [
        Figure(
            f"report to timeline at {calm.rate}/s, p{share * 100:.0f}",
            "ms",
            [quantile(times, share) * 1000 for times in calm.rounds],
            against,
            [quantile(calm.floor, share) * 1000],
            about,
        )
        for share in (0.5, 0.95, 0.99)
    ]


def _after(seen: Measured) -> list[Figure]:
    caught = seen.caught
    return [
        Figure(
            f"catch-up of {caught.queued:,} queued reports",
            "/s",
            [caught.caught_up],
            "the log alone: kafka-python consumes the same messages",
            [caught.raw],
            f"`motcua serve dossiers` is stopped while {caught.queued:,} reports queue up through the exchange, then "
            f"started while {ARRIVING}/s go on arriving ({caught.arrived:,} more): reports applied a second from the "
            f"first one to the last that waited. The goal is three times the arrivals.",
            Goal(3 * ARRIVING, at_least=True),
        ),
        Figure(
            "catch-up, beside the bare loop",
            "/s",
            [caught.caught_up],
            _loop(seen.rounds),
            seen.rounds.bare,
            "The same catch-up beside the loop that only consumes and writes: like with like, for the reports stand on "
            "the log and the exchange takes only the arrivals. Beyond the loop, the service decodes and decides, "
            "hashes, publishes its events, and the exchange copies them.",
        ),
        Figure(
            f"outbox of {caught.away:,} rows after an outage",
            "/s",
            [caught.drained],
            "the log alone: kafka-python produces the same messages",
            seen.rounds.produced,
            f"The broker is killed, {caught.away:,} reports are receipted by the exchange meanwhile "
            f"({caught.recorded:.0f}/s), the broker is started: from its first answer until the outbox is empty. Order "
            "and completeness are read back from the log.",
        ),
        Figure(
            "exchange alone",
            "/s",
            [caught.through],
            "the log alone: kafka-python produces the same messages",
            seen.rounds.produced,
            f"{caught.queued - caught.away:,} reports from the participants' links to the log, nobody reading it.",
        ),
    ]


def tell(seen: Measured) -> None:
    """Print how the time splits."""
    for name, seconds in split(seen.rounds):
        say(f"{name:24} {seconds * 1000:7.0f} ms a 1,000 reports")
    say(f"{seen.rounds.cores:.2f} cores busy by all of them together")


def split(rounds: Rounds) -> Sequence[tuple[str, float]]:
    """Return processor seconds per 1,000 reports by process, most first."""
    return sorted(rounds.split.items(), key=lambda pair: -pair[1])
