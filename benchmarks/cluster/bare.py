"""The two baselines: a bare loop that writes the same finished rows, and the log alone."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import mean
from typing import Any

import psycopg
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from psycopg.rows import dict_row

from benchmarks.cluster.place import CONSUMER, EVENTS, REPORTS, Place
from benchmarks.processes import Failed
from kernel.log import Topic
from kernel.log_kafka.topics import create_and_check

ALONE = Topic("benchmark.v1")
READS_WITHIN = 120.0
FLOOR = 200

Row = dict[str, Any]
Key = tuple[str, int]
Ends = dict[TopicPartition, int]


@dataclass(frozen=True)
class Written:
    """What the service wrote for one round: by dossier and version, and how many reports its batches had on average."""

    dossiers: dict[Key, Row]
    history: dict[Key, Row]
    outbox: dict[Key, Row]
    moved: list[str]
    batch: float


@contextmanager
def consumer(place: Place, *, most: int = 500) -> Iterator[Any]:
    """Give a consumer of bytes that belongs to no group."""
    made = KafkaConsumer(
        bootstrap_servers=place.brokers.split(","),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_poll_records=most,
        fetch_max_bytes=4 * 1024 * 1024,
        metrics_enabled=False,
    )
    try:
        yield made
    finally:
        made.close()


def ends(place: Place, topic: str) -> Ends:
    """Return the end of each partition."""
    with consumer(place) as found:
        places = [TopicPartition(topic, number) for number in range(Topic(topic).partitions)]
        return dict(found.end_offsets(places))


def read(found: Any, since: Ends, count: int) -> Iterator[list[Any]]:
    """Yield what each poll returns, from ``since`` on, until ``count`` records came. Raises ``Failed``."""
    found.assign(list(since))
    for place, offset in since.items():
        found.seek(place, offset)
    got, last = 0, time.monotonic()
    while got < count:
        records = [record for some in found.poll(timeout_ms=200).values() for record in some]
        if records:
            got, last = got + len(records), time.monotonic()
            yield records
        elif time.monotonic() - last > READS_WITHIN:
            raise Failed(f"{got} of {count} records are on the log")


def key_of(record: Any) -> Key:
    """Return the dossier and the version that a record is about."""
    headers = dict(record.headers)
    return headers["subject"].decode(), int(headers["subject_version"])


def written(place: Place, codes: Sequence[str], version: int, before: Ends) -> Written:
    """Read back what the service wrote for ``codes`` at ``version``; outbox rows come from the log since ``before``."""
    with psycopg.connect(place.address, row_factory=dict_row) as connection:
        asked = [list(codes)]
        old = connection.execute("SELECT * FROM bare.dossier WHERE code = ANY(%s) ORDER BY code", asked).fetchall()
        new = connection.execute("SELECT * FROM dossiers.dossier WHERE code = ANY(%s) ORDER BY code", asked).fetchall()
        history = connection.execute(
            "SELECT * FROM dossiers.history WHERE code = ANY(%s) AND version = %s AND type <> 'delivered'",
            [*asked, version],
        ).fetchall()
    moved = [name for name in new[0] if any(was[name] != now[name] for was, now in zip(old, new, strict=True))]
    # An event's number is that of the history entry: one more than the version, because the delivery is an entry.
    wanted = {(code, version) for code in codes}
    outbox: dict[Key, Row] = {}
    with consumer(place) as found:
        for records in read(found, before, sum(ends(place, EVENTS).values()) - sum(before.values())):
            for record in records:
                code, number = key_of(record)
                if (code, number - 1) in wanted:
                    outbox[code, number - 1] = _outbox_row(record)
    if outbox.keys() != wanted:
        raise Failed(f"{len(outbox)} of {len(wanted)} events are on {EVENTS}")
    batches: dict[Any, int] = {}
    for row in history:
        batches[row["received_at"]] = batches.get(row["received_at"], 0) + 1
    return Written(
        {(row["code"], version): row for row in new},
        {(row["code"], version): row for row in history},
        outbox,
        moved,
        mean(batches.values()),
    )


def _outbox_row(record: Any) -> Row:
    headers = {name: value.decode() for name, value in record.headers}
    return {
        "topic": record.topic,
        "key": record.key.decode(),
        "type": headers["ce_type"],
        "subject": headers["subject"],
        "version": int(headers["subject_version"]),
        "ce_id": headers["ce_id"],
        "body": record.value,
        "created_at": headers["ce_time"],
    }


def run(place: Place, rows: Written, since: Ends) -> float:
    """Consume the reports again and write the finished rows, a transaction a poll; return reports a second."""
    any_key = next(iter(rows.dossiers))
    columns = ", ".join(f"{name} = %({name})s" for name in rows.moved)
    statements = (
        f"UPDATE bare.dossier SET {columns} WHERE code = %(code)s",
        _insert("history", rows.history[any_key]),
        _insert("outbox", rows.outbox[any_key]),
        "UPDATE bare.position SET next = %(next)s "
        "WHERE consumer = %(consumer)s AND topic = %(topic)s AND partition = %(partition)s",
    )
    with place.connect() as connection, consumer(place, most=max(1, round(rows.batch))) as found:
        began = time.perf_counter()
        for records in read(found, since, len(rows.dossiers)):
            keys = [key_of(record) for record in records]
            after = {record.partition: record.offset + 1 for record in records}
            moves = [
                {"next": offset, "consumer": CONSUMER, "topic": REPORTS, "partition": number}
                for number, offset in after.items()
            ]
            parts = ([some[key] for key in keys] for some in (rows.dossiers, rows.history, rows.outbox))
            with connection.transaction(), connection.cursor() as cursor:
                for statement, values in zip(statements, (*parts, moves), strict=True):
                    cursor.executemany(statement, values)
        return len(rows.dossiers) / (time.perf_counter() - began)


def _insert(table: str, row: Row) -> str:
    names = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO bare.{table} ({names}) VALUES ({', '.join(f'%({name})s' for name in row)})"


def check(place: Place, codes: Sequence[str], events: int) -> None:
    """Raise ``Failed`` unless the bare loop's tables hold, byte for byte, what the service's hold for ``codes``."""
    with place.connect() as connection:
        for table, order in (("dossier", "code"), ("history", "code, n")):
            query = (
                "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY {order})) FROM {schema}.{table} t "
                "WHERE code = ANY(%s)"
            )
            ours, theirs = (
                connection.execute(query.format(order=order, schema=schema, table=table), [list(codes)]).fetchone()
                for schema in ("dossiers", "bare")
            )
            if ours != theirs:
                raise Failed(f"the bare loop wrote other rows than the service: {table}: {ours} {theirs}")
        found = connection.execute("SELECT count(*) FROM bare.outbox").fetchone()
        where = [
            connection.execute(f"SELECT sum(next) FROM {schema}.position WHERE consumer = %s", [CONSUMER]).fetchone()
            for schema in ("dossiers", "bare")
        ]
    if found != (events,) or where[0] != where[1]:
        raise Failed(f"the bare loop wrote {found} of {events} events and stands at {where[1]}, not {where[0]}")


# ---- the log alone ----


def prepare_alone(place: Place) -> None:
    """Make the topic for the log alone."""
    create_and_check(place.brokers, [ALONE], replicas=1)


def producer(place: Place) -> Any:
    """Return an idempotent producer that waits for all replicas in sync."""
    return KafkaProducer(
        bootstrap_servers=place.brokers.split(","),
        enable_idempotence=True,
        acks="all",
        batch_size=256 * 1024,
        metrics_enabled=False,
    )


def alone(place: Place, since: Ends, count: int) -> tuple[float, float]:
    """Produce ``count`` reports that are on the log since ``since`` once more, and consume them; both a second."""
    with consumer(place) as found:
        messages = [record for records in read(found, since, count) for record in records][:count]
    before = ends(place, ALONE.name)
    sending = producer(place)
    try:
        began = time.perf_counter()
        sent = [
            sending.send(ALONE.name, record.value, key=record.key, headers=record.headers, partition=record.partition)
            for record in messages
        ]
        for future in sent:
            future.get(timeout=30)
        produced = count / (time.perf_counter() - began)
    finally:
        sending.close()
    return produced, consumed(place, before, count)


def consumed(place: Place, since: Ends, count: int) -> float:
    """Return how many records a second a consumer takes that does nothing with them."""
    with consumer(place) as found:
        began = time.perf_counter()
        got = sum(len(records) for records in read(found, since, count))
        return got / (time.perf_counter() - began)


def floor(place: Place) -> list[float]:
    """Return seconds of the least there can be, one after another: append, read it back, commit one row."""
    taken = []
    statement = (
        "INSERT INTO bare.outbox (topic, key, type, subject, version, ce_id, body, created_at) "
        "VALUES ('benchmark.v1', '', '', '', 0, %s, ''::bytea, now())"
    )
    since, sending = ends(place, ALONE.name), producer(place)
    try:
        with consumer(place) as found, place.connect() as connection:
            found.assign(list(since))
            for each, offset in since.items():
                found.seek(each, offset)
            found.poll(timeout_ms=200)
            for number in range(FLOOR):
                began = time.perf_counter()
                sending.send(ALONE.name, b"x", partition=number % ALONE.partitions).get(timeout=10)
                while not found.poll(timeout_ms=1000):
                    pass
                connection.execute(statement, [uuid.uuid4().hex])
                taken.append(time.perf_counter() - began)
            connection.execute("DELETE FROM bare.outbox WHERE topic = 'benchmark.v1'")
    finally:
        sending.close()
    return taken[FLOOR // 10 :]
