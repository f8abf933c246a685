"""The one thread that appends: ``send`` of the library may block, so the event loop never calls it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kernel.log import Message, Topic, partition_of
from kernel.log_kafka.clients import new_producer
from kernel.telemetry import failpoint


class Sender:
    """Owns the producer. Every method runs on the same single thread."""

    def __init__(
        self, brokers: str, topics: Mapping[str, Topic], *, delivery_timeout_ms: int, seen: Callable[[], None]
    ) -> None:
        self._brokers = brokers
        self._topics = topics
        self._delivery_timeout_ms = delivery_timeout_ms
        self._seen = seen
        self._producer: Any = None

    def send(self, messages: Sequence[Message]) -> None:
        """Send in order and wait for every acknowledgement; after the first failure the producer is given up."""
        if self._producer is None:
            self._producer = new_producer(self._brokers, delivery_timeout_ms=self._delivery_timeout_ms)
        failpoint("log_appended")
        try:
            sent = [self._send_one(message) for message in messages]
            self._producer.flush(self._delivery_timeout_ms / 1000 + 10)
            for future in sent:
                future.get(timeout=0)
        except BaseException:
            self.give_up()
            raise
        self._seen()

    def _send_one(self, message: Message) -> Any:
        return self._producer.send(
            message.topic,
            value=message.body,
            key=message.key.encode(),
            headers=[(name, value.encode()) for name, value in message.headers.items()],
            partition=partition_of(message.key, self._topics[message.topic].partitions),
        )

    def give_up(self) -> None:
        """Close the producer without sending what it still holds: the relay sends that again, in order."""
        producer, self._producer = self._producer, None
        if producer is not None:
            # The library's own close(0) raises while something is unsent, and goes on sending it.
            producer._sender.force_close()
            with contextlib.suppress(Exception):
                producer.close(timeout=2)

    def close(self) -> None:
        """Close the producer; nothing is unsent here, because ``send`` waits."""
        self.give_up()
