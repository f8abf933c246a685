"""The topics: who publishes them is in docs/architecture.md; all keep 30 days but the compacted catalogue."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from kernel.log import Topic

if TYPE_CHECKING:
    from kernel.log_kafka import Difference

TOPICS = (
    Topic("catalog.v1", compact=True),
    Topic("dossier.events.v1"),
    Topic("province.deliveries.v1"),
    Topic("province.reports.v1"),
    Topic("exchange.events.v1"),
    Topic("citizen.events.v1"),
)
REPLICAS = 3


def create_and_check(
    brokers: str, *, replicas: int, check_only: bool = False, repair: bool = False, wait: float = 0.0
) -> "list[Difference]":
    """Create the topics that are missing and return each difference of those that exist; safe to repeat.

    ``repair`` sets retention and other settings right, never partitions or replicas. ``wait`` is how many seconds to
    try while no broker answers; then it raises ``OSError`` or the library's own error.
    """
    from kernel import log_kafka

    end = time.monotonic() + wait
    while True:
        try:
            return log_kafka.create_and_check(brokers, TOPICS, replicas=replicas, check_only=check_only, repair=repair)
        except (OSError, log_kafka.Away):
            if time.monotonic() >= end:
                raise
        time.sleep(0.5)


def topics(
    brokers: Annotated[str, typer.Option("--brokers", envvar="MOTCUA_KAFKA", help="host:port, with commas.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 on any difference.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Set settings right; never partitions.")] = False,
    replicas: Annotated[int, typer.Option("--replicas", help="0 = three, or one where a single broker is meant.")] = 0,
    single_broker: Annotated[bool, typer.Option("--single-broker", envvar="MOTCUA_SINGLE_BROKER")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the brokers.")] = 60.0,
) -> None:
    """Create the topics and report where existing ones differ; exit 0 = all are as they should be."""
    if not brokers:
        print("Where is Kafka? Give --brokers host:port or MOTCUA_KAFKA.", file=sys.stderr)
        raise typer.Exit(2)
    copies = replicas or (1 if single_broker else REPLICAS)
    try:
        found = create_and_check(brokers, replicas=copies, check_only=check, repair=repair, wait=wait)
    except Exception as error:
        print(f"The topics could not be asked for at {brokers}: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    for each in found:
        print(each)
    wrong = [each for each in found if not each.repaired]
    print(f"{len(wrong)} differences." if wrong else f"{len(TOPICS)} topics are as they should be.")
    raise typer.Exit(1 if wrong else 0)
