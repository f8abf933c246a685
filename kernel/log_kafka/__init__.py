"""The event log on Kafka: the same promises as the embedded engine (``tests/kernel/test_log.py``).

No consumer groups, no pause, no serializers; positions are the consumer's own (docs/adr/0012). Constructing does no
input or output: every method raises while the brokers are away.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from kafka.errors import KafkaError as Away

from kernel.log import Message, Partition, PositionLost, Record, Topic, check_bodies
from kernel.log_kafka.feed import Feed
from kernel.log_kafka.questions import Questions, TopicMissing
from kernel.log_kafka.sender import Sender
from kernel.log_kafka.topics import Difference, create_and_check
from kernel.log_kafka.watchdog import Watchdog

__all__ = ["Away", "Difference", "KafkaLog", "KafkaReader", "TopicMissing", "create_and_check"]

T = TypeVar("T")
QUIET = 10.0
AWAY = 30.0
DURABLE_FOR = 60.0

logger = structlog.get_logger()


class KafkaLog:
    """The log on Kafka. ``single_broker`` accepts one replica: tests and a demo on one machine."""

    def __init__(
        self,
        brokers: str,
        topics: Iterable[Topic],
        *,
        single_broker: bool = False,
        delivery_timeout_ms: int = 20_000,
    ) -> None:
        self._brokers = brokers
        self._topics = {topic.name: topic for topic in topics}
        self._single_broker = single_broker
        self._questions = Questions(brokers, self._note)
        self._sender = Sender(brokers, self._topics, delivery_timeout_ms=delivery_timeout_ms, seen=self._note)
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="log-questions")
        self._sending = ThreadPoolExecutor(1, thread_name_prefix="log-sender")
        self._watchdog = Watchdog()
        self._feeds: set[Feed] = set()
        self._seen = float("-inf")
        self._durable = float("-inf")

    async def append(self, messages: Sequence[Message]) -> None:
        """Append in order; acknowledged by all replicas in sync on return. Raises ``BodyTooLarge`` before sending."""
        if not messages:
            return
        check_bodies(messages)
        await asyncio.get_running_loop().run_in_executor(self._sending, self._sender.send, list(messages))

    def reader(self) -> "KafkaReader":
        """Return a reader with nothing assigned; its thread starts with the first assignment."""
        return KafkaReader(self)

    async def tail(self, topics: Iterable[str]) -> AsyncIterator[Record]:
        """Yield what is appended from now on; goes on by itself after an outage, from where it was."""
        names = list(topics)
        positions: dict[Partition, int] = {}
        while True:
            reader = self.reader()
            try:
                if not positions:
                    for name in names:
                        positions |= await self.ends(name)
                await reader.assign(positions)
                while True:
                    for record in await reader.poll():
                        positions[record.partition] = record.offset + 1
                        if record.damage is None:
                            yield record
                    positions |= reader.passed()
            except PositionLost as lost:
                logger.warning("tail_skipped", topic=lost.partition.topic, partition=lost.partition.number)
                positions = {}
            except Exception as error:
                logger.warning("tail_failed", error=type(error).__name__)
                await asyncio.sleep(1)
            finally:
                await reader.close()

    async def topic_id(self, topic: str) -> str:
        """Return Kafka's UUID of the topic: a topic that was made anew has another one."""
        return await self._ask(lambda: self._questions.identity(topic))

    async def ends(self, topic: str) -> dict[Partition, int]:
        """Return the next offset of each partition; control records are counted, as ``passed`` counts them."""
        return await self._ask(lambda: self._questions.offsets(topic, newest=True))

    async def starts(self, topic: str) -> dict[Partition, int]:
        """Return the oldest kept offset of each partition."""
        return await self._ask(lambda: self._questions.offsets(topic, newest=False))

    async def ready(self) -> dict[str, bool]:
        """Return what a process waits for: an answer of the brokers in the last 30 s, and settings that lose nothing.

        ``poll`` says nothing in an outage, so this asks when nothing was heard for 10 s.
        """
        reached = time.monotonic() - self._seen < AWAY
        durable = self._single_broker or time.monotonic() - self._durable < DURABLE_FOR
        if time.monotonic() - self._seen > QUIET or not durable:
            try:
                weak = await asyncio.wait_for(self._ask(lambda: self._questions.weaknesses(self._topics)), 5)
            except Exception as error:
                logger.warning("log_does_not_answer", error=type(error).__name__)
                return {"log": reached, "log_durable": durable}
            reached, durable = True, self._single_broker or not weak
            if not durable:
                logger.error("log_not_durable", reasons=weak)
            else:
                self._durable = time.monotonic()
        return {"log": reached, "log_durable": durable}

    async def close(self) -> None:
        """End every thread and connection."""
        feeds = list(self._feeds)
        for feed in feeds:
            feed.close()
        for feed in feeds:
            await asyncio.to_thread(feed.join, 5.0)
        self._watchdog.close()
        for pool, close in ((self._sending, self._sender.close), (self._asking, self._questions.close)):
            with contextlib.suppress(RuntimeError):
                await asyncio.get_running_loop().run_in_executor(pool, close)
            pool.shutdown(wait=False)

    def feed(self, arrived: Callable[[], None]) -> Feed:
        """Return a new thread's owner, watched."""
        feed = Feed(self._brokers, arrived, self._note)
        self._feeds.add(feed)
        self._watchdog.watch(feed)
        return feed

    def forget(self, feed: Feed) -> None:
        """End a feed without waiting; its thread is waited for at the log's close."""
        feed.close()
        self._feeds = {each for each in self._feeds if each is feed or not each.ended}

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._asking, question)

    def _note(self) -> None:
        self._seen = time.monotonic()


class KafkaReader:
    """Reads assigned partitions from given positions; a new one is cheap, its thread ends with ``close``."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._feed: Feed | None = None
        self._arrived = asyncio.Event()
        self._passed: dict[Partition, int] = {}

    async def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, from these offsets."""
        if self._feed is None:
            loop = asyncio.get_running_loop()
            self._feed = self._log.feed(lambda: _wake(loop, self._arrived))
        self._passed = dict(positions)
        self._feed.assign(positions)

    async def poll(self, *, limit: int = 200, timeout: float = 1.0) -> list[Record]:
        """Return up to ``limit`` next records; empty after ``timeout`` seconds. Raises ``PositionLost``."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            self._arrived.clear()
            taken = self._feed.take(limit, self._passed) if self._feed else []
            if taken or loop.time() >= end:
                return taken
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(end):
                    await self._arrived.wait()

    def passed(self) -> Mapping[Partition, int]:
        """Return up to where each partition was returned, holes included."""
        return self._passed

    async def close(self) -> None:
        """Stop reading."""
        if self._feed is not None:
            self._log.forget(self._feed)
            self._feed = None


def _wake(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended before the thread
        loop.call_soon_threadsafe(event.set)
