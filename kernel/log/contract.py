"""The event log: ordered partitions that outlive processes.

Two engines keep the same promises (``tests/kernel/test_log.py`` is their contract): ``SqliteLog`` beside this file and
``KafkaLog`` in ``kernel/log_kafka``. Positions belong to the consumer's database, never to the log.
"""

import zlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

MAX_BODY = 1024 * 1024
KEPT = timedelta(days=30)


class Partition(NamedTuple):
    """One ordered part of a topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Message:
    """What a relay appends: ``key`` is the subject and chooses the partition."""

    topic: str
    key: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What a reader gets. ``offset`` is never used twice in a partition, also after retention."""

    partition: Partition
    offset: int
    key: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    appended_at: datetime
    damage: str | None = None
    """What is wrong with the stored bytes (a checksum); such a record is set aside, never applied. None = whole."""

    @property
    def subject(self) -> str:
        """The ``subject`` header, or the key where a foreign publisher left it out."""
        return self.headers.get("subject", self.key)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's shape. ``compact`` keeps the last record of each key for ever instead of for ``kept``."""

    name: str
    partitions: int = 12
    compact: bool = False
    kept: timedelta = KEPT


class PositionLost(Exception):
    """A position is outside what the log holds, or the topic is another one than when it was stored."""

    def __init__(self, partition: Partition, reason: str) -> None:
        super().__init__(f"{partition.topic}/{partition.number}: {reason}")
        self.partition = partition


class BodyTooLarge(Exception):
    """A body over 1 MiB was appended."""


def check_bodies(messages: Iterable[Message]) -> None:
    """Raise ``BodyTooLarge`` for a body over 1 MiB; every engine asks before anything is written."""
    for message in messages:
        if len(message.body) > MAX_BODY:
            raise BodyTooLarge(f"{len(message.body)} bytes for {message.topic}")


class Reader(Protocol):
    """Reads assigned partitions from given positions."""

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, from these offsets."""

    async def poll(self, *, limit: int = 200, timeout: float = 1.0) -> list[Record]:
        """Return up to ``limit`` next records, in order per partition; empty after ``timeout`` seconds.

        Raises ``PositionLost`` for a partition whose position is out of range; the caller drops it and goes on.
        """

    def passed(self) -> Mapping[Partition, int]:
        """Return up to where each assigned partition was returned by ``poll``, holes without records included."""

    async def close(self) -> None:
        """Stop reading."""


class Log(Protocol):
    """An engine."""

    async def append(self, messages: Sequence[Message]) -> None:
        """Append in order; return when all are durable. On an exception some may have been appended."""

    def reader(self) -> Reader:
        """Return a new reader with nothing assigned."""

    def tail(self, topics: Iterable[str]) -> AsyncIterator[Record]:
        """Yield records appended from now on, without a position."""

    async def topic_id(self, topic: str) -> str:
        """Return the identity of this incarnation of ``topic``."""

    async def ends(self, topic: str) -> dict[Partition, int]:
        """Return the next offset of each partition."""

    async def starts(self, topic: str) -> dict[Partition, int]:
        """Return the oldest kept offset of each partition."""

    async def ready(self) -> dict[str, bool]:
        """Return what this engine waits for, each by name, and whether it is fulfilled."""

    async def close(self) -> None:
        """Release everything."""


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of ``key``: stable over processes and releases."""
    return zlib.crc32(key.encode()) % partitions
