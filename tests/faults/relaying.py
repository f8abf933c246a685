"""A catalogue's relay in a process of its own, that may stop itself in the middle of a batch."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from kernel.db import Database
from kernel.lease import Leases
from kernel.log import Message
from kernel.log_kafka import KafkaLog
from kernel.outbox import BATCH, Outbox
from motcua.topics import TOPICS
from services_catalog.events import encode
from services_catalog.main import make_relay
from services_catalog.store import METADATA, OUTBOX

LEASE_SECONDS = 2.0


class StoppingLog(KafkaLog):
    """The log on Kafka; the first full batch is stopped after its first half, as by SIGSTOP from outside."""

    mark: Path | None = None

    async def append(self, messages: Sequence[Message]) -> None:
        """Append; ``mark`` says how far it is (``half``, then ``whole``)."""
        mark = self.mark
        if mark is None or len(messages) < BATCH:
            await super().append(messages)
            return
        self.mark = None
        middle = len(messages) // 2
        await super().append(messages[:middle])
        mark.write_text("half")
        os.kill(os.getpid(), signal.SIGSTOP)
        await super().append(messages[middle:])
        mark.write_text("whole")


async def relay(url: str, brokers: str, holder: str, mark: str = "") -> None:
    """Relay until killed; with ``mark`` the first full batch is interrupted."""
    outbox = Outbox(OUTBOX, encode)
    database = await Database.open(url, METADATA, sink=outbox)
    log = StoppingLog(brokers, TOPICS, single_broker=True)
    log.mark = Path(mark) if mark else None
    leases = Leases(database, holder, ttl=timedelta(seconds=LEASE_SECONDS))
    await make_relay(database=database, outbox=outbox, log=log, leases=leases).run()


if __name__ == "__main__":
    asyncio.run(relay(*sys.argv[1:]))
