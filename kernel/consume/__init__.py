"""Consumers: effects and position commit together, so every message takes effect once.

No consumer groups. Partitions are leased in the consumer's own database, positions move by compare-and-set in the
transaction of the effects: a zombie's write finds another position and is rolled back.

A batch is applied as one; only a failing batch is repeated message by message, each under a savepoint.

    Reject            quarantined with its reason; the subject goes on
    anything else     the message waits in ``parked_message`` and the subject's later messages behind it, in order,
                      while everything else goes on; it is tried 5 times within 60 s, then it is parked until
                      ``retry`` (``motcua events retry``)
    database is away  nothing is written, so nothing is skipped: the batch is read again, with back-off
"""

from kernel.consume.consumer import Consumer, Fenced
from kernel.consume.parking import Apply
from kernel.consume.tables import consume_tables, counted

__all__ = ["Apply", "Consumer", "Fenced", "consume_tables", "counted"]
