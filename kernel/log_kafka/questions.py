"""What is asked about topics: identity, ends, starts, and how durable the cluster is. One thread, one client."""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError

from kernel.log import Partition
from kernel.log_kafka.clients import new_admin

T = TypeVar("T")
REPLICAS = 3
IN_SYNC = 2


class TopicMissing(Exception):
    """A topic does not exist: ``motcua topics`` creates it."""


class Questions:
    """Owns the administration client. Every method runs on the same single thread."""

    def __init__(self, brokers: str, seen: Callable[[], None]) -> None:
        self._brokers = brokers
        self._seen = seen
        self._admin: Any = None

    def identity(self, topic: str) -> str:
        """Return Kafka's own UUID of the topic, as 32 hexadecimal digits."""
        return uuid.UUID(str(self._ask(lambda admin: _described(admin, topic))["topic_id"])).hex

    def offsets(self, topic: str, *, newest: bool) -> dict[Partition, int]:
        """Return the next offset of each partition, or the oldest kept one."""

        def ask(admin: Any) -> dict[Partition, int]:
            numbers = [each["partition_index"] for each in _described(admin, topic)["partitions"]]
            spec = OffsetSpec.LATEST if newest else OffsetSpec.EARLIEST
            wanted = {TopicPartition(topic, number): spec for number in numbers}
            found = admin.list_partition_offsets(wanted, isolation_level="read_committed")
            return {Partition(*place): found[place].offset for place in sorted(found)}

        return self._ask(ask)

    def weaknesses(self, topics: Iterable[str]) -> list[str]:
        """Return why an acknowledged record could be lost: too few replicas, or settings that allow it."""
        names = list(topics)
        found = []
        for name in names:
            partitions = self._ask(partial(_described, topic=name))["partitions"]
            settings = self._ask(partial(settings_of, topics=[name]))[name]
            if any(len(each["replica_nodes"]) < REPLICAS for each in partitions):
                found.append(f"{name}: fewer than {REPLICAS} replicas")
            if int(settings["min.insync.replicas"]) < IN_SYNC:
                found.append(f"{name}: min.insync.replicas below {IN_SYNC}")
            if settings["unclean.leader.election.enable"] == "true":
                found.append(f"{name}: unclean leader election is on")
        return found

    def _ask(self, question: Callable[[Any], T]) -> T:
        """Ask; a client whose connection is gone is replaced once, by one that connects anew."""
        kept = self._admin is not None
        try:
            return self._ask_once(question)
        except (KafkaError, OSError):
            self.close()
            if not kept:
                raise
        try:
            return self._ask_once(question)
        except (KafkaError, OSError):
            self.close()
            raise

    def _ask_once(self, question: Callable[[Any], T]) -> T:
        if self._admin is None:
            self._admin = new_admin(self._brokers)
        answer = question(self._admin)
        self._seen()
        return answer

    def close(self) -> None:
        """Close the client."""
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()


def _described(admin: Any, topic: str) -> Any:
    [found] = admin.describe_topics([topic])
    if found["error_code"] == 3 or found["topic_id"] is None:
        raise TopicMissing(topic)
    return found


def settings_of(admin: Any, topics: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return every setting of each topic, as text."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in topics]
    found = admin.describe_configs(resources, config_filter="all")
    return {
        name: {key: str(entry["value"]) for key, entry in entries.items()}
        for of_kind in found.values()
        for name, entries in of_kind.items()
    }
