"""Topics: created where missing, compared where they exist, repaired only when asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from kernel.log import Topic
from kernel.log_kafka.clients import RECORD_MAX, new_admin
from kernel.log_kafka.questions import settings_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a topic is not as it should be. ``repaired`` = it was, by this call."""

    topic: str
    what: str
    found: str
    wanted: str
    repaired: bool = False

    def __str__(self) -> str:
        repaired = " (repaired)" if self.repaired else ""
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}{repaired}"


def create_and_check(
    brokers: str,
    topics: Iterable[Topic],
    *,
    replicas: int,
    in_sync: int | None = None,
    check_only: bool = False,
    repair: bool = False,
) -> list[Difference]:
    """Create what is missing and return every difference of what exists; safe to repeat. Blocking.

    ``repair`` sets settings right. Partitions are never added (keys would change their partition) and replicas are
    never moved (that is a cluster operator's plan): both are only reported. ``check_only`` changes nothing.
    """
    wanted = {topic.name: topic for topic in topics}
    needed = in_sync if in_sync is not None else max(replicas - 1, 1)
    admin = new_admin(brokers)
    try:
        described = {each["name"]: each for each in admin.describe_topics(list(wanted))}
        missing = [topic for name, topic in wanted.items() if described[name]["error_code"] == 3]
        differences = [Difference(topic.name, "the topic", "missing", "there") for topic in missing if check_only]
        if missing and not check_only:
            new = [NewTopic(t.name, t.partitions, replicas, topic_configs=_settings(t, needed)) for t in missing]
            admin.create_topics(new, wait_for_metadata=True)
        there = [topic for topic in wanted.values() if topic not in missing]
        for topic in there:
            differences += _shape(topic, described[topic.name], replicas)
        for topic, found in zip(there, _found(admin, there), strict=True):
            differences += _compare(admin, topic, found, needed, repair and not check_only)
    finally:
        admin.close()
    return differences


def _found(admin: Any, topics: list[Topic]) -> list[dict[str, str]]:
    settings = settings_of(admin, [topic.name for topic in topics]) if topics else {}
    return [settings[topic.name] for topic in topics]


def _settings(topic: Topic, in_sync: int) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if topic.compact else "delete",
        "retention.ms": "-1" if topic.compact else str(int(topic.kept.total_seconds() * 1000)),
        "retention.bytes": "-1",
        "max.message.bytes": str(RECORD_MAX),
        "min.insync.replicas": str(in_sync),
        "unclean.leader.election.enable": "false",
        # The broker's clock decides about retention, not that of whoever sends.
        "message.timestamp.type": "LogAppendTime",
    }


def _shape(topic: Topic, found: Any, replicas: int) -> list[Difference]:
    partitions = found["partitions"]
    differences = []
    if len(partitions) != topic.partitions:
        differences.append(Difference(topic.name, "partitions", str(len(partitions)), str(topic.partitions)))
    fewest = min((len(each["replica_nodes"]) for each in partitions), default=0)
    if fewest < replicas:
        differences.append(Difference(topic.name, "replicas", str(fewest), str(replicas)))
    return differences


def _compare(admin: Any, topic: Topic, found: dict[str, str], in_sync: int, repair: bool) -> list[Difference]:
    wrong = {name: value for name, value in _settings(topic, in_sync).items() if found[name] != value}
    if wrong and repair:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, wrong)])
    return [Difference(topic.name, name, found[name], value, repair) for name, value in wrong.items()]
