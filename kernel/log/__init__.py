"""The event log: ordered partitions that outlive processes.

Two engines keep the same promises (``tests/kernel/test_log.py`` is their contract): ``SqliteLog`` beside this file and
``KafkaLog`` in ``kernel/log_kafka``. Positions belong to the consumer's database, never to the log.
"""

from kernel.log.contract import (
    KEPT,
    MAX_BODY,
    BodyTooLarge,
    Log,
    Message,
    Partition,
    PositionLost,
    Reader,
    Record,
    Topic,
    check_bodies,
    partition_of,
)
from kernel.log.sqlite import SqliteLog, SqliteReader

__all__ = [
    "KEPT",
    "MAX_BODY",
    "BodyTooLarge",
    "Log",
    "Message",
    "Partition",
    "PositionLost",
    "Reader",
    "Record",
    "SqliteLog",
    "SqliteReader",
    "Topic",
    "check_bodies",
    "partition_of",
]
