"""``motcua log tail`` and ``motcua log lag``: what is on the log, by headers alone, and who is how far behind."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kernel.log import Log, Partition, Record
from kernel.settings import Settings
from motcua.operating.places import PLACES, Unknown, tables_of
from motcua.topics import TOPICS

NAMES = tuple(topic.name for topic in TOPICS)


async def tail(log: Log, *, topics: Sequence[str] = (), subject: str | None = None) -> AsyncIterator[str]:
    """Yield one line a record from now on: time, place, type, subject and version; never a body.

    Raises ``Unknown`` for a topic that does not exist.
    """
    for topic in topics:
        if topic not in NAMES:
            raise Unknown(f"There is no topic {topic}: give one of {', '.join(NAMES)}")
    async for record in log.tail(topics or NAMES):
        if subject is None or record.subject == subject or record.subject.startswith(f"{subject}/"):
            yield line_of(record)


def line_of(record: Record) -> str:
    """Return the line about one record."""
    at = record.appended_at.isoformat(timespec="milliseconds")
    said = (record.headers.get("ce_type", "?"), record.subject, "v" + record.headers.get("subject_version", "?"))
    return f"{at}  {record.partition.topic}/{record.partition.number}@{record.offset}  {'  '.join(said)}"


@dataclass(frozen=True, slots=True)
class Lag:
    """One consumer of one topic. ``behind`` counts records that are not taken yet; ``lost`` partitions stand still."""

    service: str
    consumer: str
    topic: str
    behind: int
    lost: int


async def lags(settings: Settings, log: Log) -> list[Lag]:
    """Return how far behind each consumer is, by the positions in its service's database."""
    found: list[Lag] = []
    for name, place in PLACES.items():
        if place.consumes:
            found += await lags_of(settings, log, name)
    return found


async def lags_of(settings: Settings, log: Log, service: str) -> list[Lag]:
    """Return how far behind each consumer of one service is. Raises ``Unknown``."""
    found: list[Lag] = []
    async with tables_of(settings, service) as database, database.read() as tx:
        table = database.tables.tables["position"]
        rows = await tx.all(select(table).order_by(table.c.consumer, table.c.topic, table.c.partition))
    stored: dict[tuple[str, str], dict[Partition, tuple[int, str]]] = {}
    for row in rows:
        mine = stored.setdefault((row.consumer, row.topic), {})
        mine[Partition(row.topic, row.partition)] = (row.next, row.topic_id)
    for (consumer, topic), positions in stored.items():
        behind, lost = await distance(log, topic, positions)
        found.append(Lag(service, consumer, topic, behind, len(lost)))
    return found


async def distance(
    log: Log, topic: str, positions: Mapping[Partition, tuple[int, str]]
) -> tuple[int, dict[Partition, int]]:
    """Return how many records lie ahead, and the oldest kept record of each partition whose position is lost.

    ``positions`` are (next, topic id).
    """
    identity, starts, ends = await log.topic_id(topic), await log.starts(topic), await log.ends(topic)
    lost = {
        place: starts[place]
        for place, (following, known) in positions.items()
        if place in ends and (known != identity or not starts[place] <= following <= ends[place])
    }
    read = {place: positions[place][0] if place in positions and place not in lost else starts[place] for place in ends}
    return sum(max(end - max(read[place], starts[place]), 0) for place, end in ends.items()), lost
