"""What the contract suites stand on. A second engine is one more entry of ``…_ENGINES``: tests do not change."""

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Column, Integer, MetaData, String, Table

from kernel.consume import consume_tables
from kernel.db import Database
from kernel.idempotency import idempotency_table
from kernel.lease import lease_table
from kernel.log import Message, Partition, Reader, Record, Topic
from kernel.outbox import Outgoing, outbox_table
from tests.kernel.log_engines import LogEngine, open_log

__all__ = ["LogEngine", "open_log"]

LOG_ENGINES = ["sqlite", "kafka"]

EVENTS = Topic("dossier.events.v1", partitions=3)
SHORT = Topic("short.v1", partitions=1, kept=timedelta(seconds=60))
CATALOGUE = Topic("catalog.v1", partitions=2, compact=True)
TOPICS = [EVENTS, SHORT, CATALOGUE]

TABLES = MetaData()
NOTE = Table("note", TABLES, Column("subject", String, primary_key=True), Column("n", Integer, primary_key=True))
outbox_table(TABLES)
lease_table(TABLES)
consume_tables(TABLES)
idempotency_table(TABLES)


@dataclass(frozen=True)
class Noted:
    """An event of the test service."""

    subject: str
    n: int
    size: int = 0


def encode(event: object) -> Outgoing:
    """Encode ``Noted``; anything else cannot be encoded."""
    if not isinstance(event, Noted):
        raise TypeError("no such event")
    body = b"x" * event.size or str(event.n).encode()
    return Outgoing(EVENTS.name, event.subject, "noted", event.subject, event.n, body)


def message(key: str, n: int, topic: str = EVENTS.name, body: bytes | None = None) -> Message:
    """Return a message of subject ``key`` with version ``n``."""
    headers = {"ce_id": uuid.uuid4().hex, "ce_type": "noted", "subject": key, "subject_version": str(n)}
    return Message(topic, key, headers, str(n).encode() if body is None else body)


async def drain(reader: Reader, want: int) -> list[Record]:
    """Poll until ``want`` records have come, or nothing more comes for ten polls."""
    records: list[Record] = []
    empty = 0
    while len(records) < want and empty < 10:
        found = await reader.poll(timeout=0.2)
        empty = 0 if found else empty + 1
        records += found
    return records


OpenDatabase = Callable[..., Awaitable[Database]]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Poll ``condition`` until it holds; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.02)


ALL_EVENTS = [Partition(EVENTS.name, number) for number in range(EVENTS.partitions)]


async def run_child(module: str, *arguments: str, failpoint: str = "") -> int:
    """Run ``tests.kernel.children`` in a process of its own; return its exit code (-9 = SIGKILL)."""
    environment = {**os.environ, "MOTCUA_FAILPOINT": failpoint}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.kernel.children", module, *arguments, env=environment
    )
    return await asyncio.wait_for(child.wait(), 60)
