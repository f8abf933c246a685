"""The library's three clients, with the settings that the measurements ask for (docs/adr/0012)."""

import logging
import socket
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from kernel.log import MAX_BODY

RECORD_MAX = MAX_BODY + 64 * 1024
FETCH_MAX = 4 * MAX_BODY
REACHED_WITHIN = 2.0
CONNECTED_WITHIN = 5_000
ANSWERED_WITHIN = 10_000
LINGER = 100  # whoever sends flushes, so that all of it goes in one request

# What happens is logged by our own words and types: the library's own lines hold keys and repeat for ever.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

COMMON = {"bootstrap_timeout_ms": CONNECTED_WITHIN, "metadata_max_age_ms": 30_000, "reconnect_backoff_max_ms": 1_000}


def new_admin(brokers: str) -> Any:
    """Return an administration client; raises when no broker answers within 5 s."""
    return _connected(KafkaAdminClient, brokers, request_timeout_ms=ANSWERED_WITHIN)


def new_consumer(brokers: str, *, check: bool = True) -> Any:
    """Return a consumer of bytes, of no group, that never chooses a position itself; ``check`` = compare checksums."""
    return _connected(
        KafkaConsumer,
        brokers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        allow_auto_create_topics=False,
        isolation_level="read_committed",
        check_crcs=check,
        fetch_max_bytes=FETCH_MAX,
        max_partition_fetch_bytes=RECORD_MAX,
        fetch_max_wait_ms=3_000,
        request_timeout_ms=ANSWERED_WITHIN,
        metrics_enabled=False,
    )


def new_producer(brokers: str, *, delivery_timeout_ms: int) -> Any:
    """Return an idempotent producer that waits for all replicas in sync."""
    return _connected(
        KafkaProducer,
        brokers,
        enable_idempotence=True,
        acks="all",
        delivery_timeout_ms=delivery_timeout_ms,
        request_timeout_ms=min(ANSWERED_WITHIN, max(delivery_timeout_ms // 2, 1_000), delivery_timeout_ms - LINGER),
        max_block_ms=min(CONNECTED_WITHIN, delivery_timeout_ms),
        max_request_size=RECORD_MAX,
        batch_size=256 * 1024,
        linger_ms=LINGER,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def _connected(kind: Any, brokers: str, **settings: Any) -> Any:
    """Construct a client. One that cannot connect would leave its network thread behind for ever: it is ended here."""
    _reach(brokers)
    client = kind.__new__(kind)
    try:
        client.__init__(bootstrap_servers=brokers.split(","), **COMMON, **settings)
    except BaseException:
        for part, end in (("_client", "close"), ("_net", "stop")):
            if hasattr(client, part):
                getattr(getattr(client, part), end)()
        client._closed = True
        raise
    return client


def _reach(brokers: str) -> None:
    """Raise ``OSError`` at once where no broker listens: the library would try for as long as it may."""
    refused: OSError | None = None
    for broker in brokers.split(","):
        host, _, port = broker.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), REACHED_WITHIN).close()
        except OSError as error:
            refused = error
        else:
            return
    raise refused or OSError("no broker is named")
