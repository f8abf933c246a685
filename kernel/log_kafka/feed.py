"""The thread that owns one consumer of the library, and the hand-over to the event loop."""

import contextlib
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from kafka import TopicPartition
from kafka.errors import CorruptRecordError, OffsetOutOfRangeError

from kernel.clock import real_now
from kernel.log import MAX_BODY, Partition, PositionLost, Record
from kernel.log_kafka.clients import new_consumer

POLL_MS = 200
AT_ONCE = 5_000
WAITING_RECORDS = 1_000
WAITING_BYTES = 8 * MAX_BODY
CULPRIT = re.compile(r"TopicPartition\(topic='([^']+)', partition=(\d+)\)")

logger = structlog.get_logger()

Item = Record | PositionLost | int  # an int = nothing is left below this offset


class Feed:
    """Polls assigned partitions while less than 1,000 records or 8 MiB wait to be taken.

    It never pauses a partition (the library loses paused ones) and it closes its consumer after every exception,
    because the library's next ``poll`` may never return. ``arrived`` is called from the thread.
    """

    def __init__(self, brokers: str, arrived: Callable[[], None], seen: Callable[[], None]) -> None:
        self._brokers = brokers
        self._arrived = arrived
        self._seen = seen
        self._change = threading.Condition()
        self._wanted: dict[Partition, int] | None = None
        self._waiting: dict[Partition, deque[Item]] = {}
        self._records = 0
        self._bytes = 0
        self._error: Exception | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self._consumer: Any = None
        self._positions: dict[Partition, int] = {}
        self.beat = 0
        self.busy = False

    def assign(self, positions: Mapping[Partition, int]) -> None:
        """Read exactly these from now on; what waited is dropped."""
        with self._change:
            self._wanted = dict(positions)
            self._waiting, self._records, self._bytes, self._error = {}, 0, 0, None
            if self._thread is None and positions:
                self._thread = threading.Thread(target=self._run, name="log-feed", daemon=True)
                self._thread.start()
            self._change.notify()

    def take(self, limit: int, passed: dict[Partition, int]) -> list[Record]:
        """Return up to ``limit`` waiting records, fairly over partitions; note in ``passed`` how far it went.

        Raises ``PositionLost`` and what the library raised, after what came before.
        """
        taken: list[Record] = []
        with self._change:
            while len(taken) < limit and self._waiting:
                share = max((limit - len(taken)) // len(self._waiting), 1)
                for place in list(self._waiting):
                    if not self._take_from(place, min(share, limit - len(taken)), taken, passed):
                        return taken
            if not taken and self._error is not None:
                error, self._error = self._error, None
                raise error
            self._change.notify()
        return taken

    def close(self) -> None:
        """Tell the thread to end, without waiting."""
        with self._change:
            self._closed = True
            self._change.notify()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end."""
        if self._thread is not None:
            self._thread.join(timeout)

    @property
    def ended(self) -> bool:
        """Whether no thread is left."""
        return self._closed and (self._thread is None or not self._thread.is_alive())

    def _take_from(self, place: Partition, most: int, taken: list[Record], passed: dict[Partition, int]) -> bool:
        queue = self._waiting[place]
        for _ in range(min(most, len(queue))):
            item = queue[0]
            if isinstance(item, PositionLost) and taken:
                return False
            queue.popleft()
            if isinstance(item, PositionLost):
                if not queue:
                    del self._waiting[place]
                raise item
            passed[place] = item if isinstance(item, int) else item.offset + 1
            if isinstance(item, Record):
                self._records -= 1
                self._bytes -= len(item.body)
                taken.append(item)
        if not queue:
            del self._waiting[place]
        return True

    def _run(self) -> None:
        try:
            while True:
                self.busy = False
                with self._change:
                    self._change.wait_for(self._has_work)
                    if self._closed:
                        return
                    wanted, self._wanted = self._wanted, None
                    self.busy = True
                    self.beat += 1
                try:
                    self._turn(wanted)
                except Exception as error:
                    self._drop_consumer()
                    self._positions = {}
                    with self._change:
                        if self._wanted is None:
                            self._error = error
                self._arrived()
        finally:
            self._drop_consumer()
            self.busy = False

    def _has_work(self) -> bool:
        full = self._records >= WAITING_RECORDS or self._bytes >= WAITING_BYTES
        return self._closed or self._wanted is not None or (bool(self._positions) and not full)

    def _turn(self, wanted: dict[Partition, int] | None) -> None:
        if wanted is not None:
            # A consumer that was pointed elsewhere would first wait out the fetch that it has on its way.
            self._drop_consumer()
            self._positions = wanted
        if not self._positions:
            return
        if self._consumer is None:
            self._consumer = new_consumer(self._brokers)
            self._point()
        try:
            polled = self._consumer.poll(timeout_ms=POLL_MS, max_records=AT_ONCE)
        except OffsetOutOfRangeError as error:
            self._lose({Partition(*place): offset for place, offset in error.args[0].items()})
        except CorruptRecordError as error:
            self._step_over(error)
        else:
            found: dict[Partition, list[Item]] = {Partition(*at): list(map(_record, got)) for at, got in polled.items()}
            for place, passed in self._holes(set(found)).items():
                found.setdefault(place, []).append(passed)
            if polled:
                self._seen()
            self._hand_over(found)

    def _point(self) -> None:
        self._consumer.assign([TopicPartition(*place) for place in self._positions])
        for place, offset in self._positions.items():
            self._consumer.seek(TopicPartition(*place), offset)

    def _holes(self, busy: set[Partition]) -> dict[Partition, int]:
        """Return where nothing is left below an offset though the last record is older (markers, compaction)."""
        passed = {}
        for place, offset in self._positions.items():
            if place not in busy and (self._consumer.highwater(TopicPartition(*place)) or 0) > offset:
                position = self._consumer.position(TopicPartition(*place), timeout_ms=0)
                if position is not None and position > offset:
                    passed[place] = position
        return passed

    def _hand_over(self, found: Mapping[Partition, list[Item]]) -> None:
        with self._change:
            for place, items in found.items():
                last = items[-1]
                if isinstance(last, PositionLost):
                    self._positions.pop(place, None)
                else:
                    self._positions[place] = last if isinstance(last, int) else last.offset + 1
                if self._wanted is None:
                    records = [item for item in items if isinstance(item, Record)]
                    self._waiting.setdefault(place, deque()).extend(items)
                    self._records += len(records)
                    self._bytes += sum(len(record.body) for record in records)

    def _lose(self, places: Mapping[Partition, int]) -> None:
        """Report these partitions only; the others go on with a new consumer."""
        self._drop_consumer()
        self._hand_over({p: [PositionLost(p, f"the log has no offset {offset}")] for p, offset in places.items()})

    def _step_over(self, error: CorruptRecordError) -> None:
        """Hand over the damaged record as such and go on behind it, in its partition only."""
        self._drop_consumer()
        named = CULPRIT.search(str(error))
        place = Partition(named[1], int(named[2])) if named else None
        if place is None or place not in self._positions:
            raise error
        record = self._damaged(place, self._positions[place])
        logger.error("record_damaged", topic=place.topic, partition=place.number, offset=record.offset)
        self._hand_over({place: [record]})

    def _damaged(self, place: Partition, offset: int) -> Record:
        """Return the record as it is stored, read without comparing checksums; empty if even that fails."""
        reason = "the stored checksum does not fit"
        consumer = new_consumer(self._brokers, check=False)
        try:
            consumer.assign([TopicPartition(*place)])
            consumer.seek(TopicPartition(*place), offset)
            for got in consumer.poll(timeout_ms=5_000, max_records=1).values():
                whole = _record(got[0])
                return Record(place, whole.offset, whole.key, whole.headers, whole.body, whole.appended_at, reason)
        except Exception as error:
            reason = f"{reason}; unreadable: {type(error).__name__}"
        finally:
            _close(consumer)
        return Record(place, offset, "", {}, b"", real_now(), reason)

    def _drop_consumer(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            _close(consumer)


def _close(consumer: Any) -> None:
    with contextlib.suppress(Exception):
        consumer.close(autocommit=False, timeout_ms=1_000)


def _record(got: Any) -> Record:
    headers = {name: (value or b"").decode(errors="replace") for name, value in got.headers}
    at = datetime.fromtimestamp(got.timestamp / 1000, UTC)
    key = (got.key or b"").decode(errors="replace")
    return Record(Partition(got.topic, got.partition), got.offset, key, headers, got.value or b"", at)
