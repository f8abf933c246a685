"""A service that is away is not asked again and again: everybody gets the answer at once, one request probes."""

import time
from collections.abc import Callable

from prometheus_client import Gauge

from kernel.errors import Text, Unavailable

OPEN = Gauge("motcua_gateway_breaker_open", "1 while the gateway does not ask this service", ("upstream",))


class Breaker:
    """Closed until ``failures`` in a row; then open for ``seconds``; then one probe decides."""

    def __init__(
        self, name: str, *, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._failed = 0
        self._opened: float | None = None
        self._probing = False
        self._gauge = OPEN.labels(name)

    @property
    def is_open(self) -> bool:
        """Tell whether requests are refused now."""
        return self._opened is not None and (self._probing or self._clock() - self._opened < self._seconds)

    def enter(self) -> None:
        """Ask to make a call; every ``enter`` is followed by one ``good``, ``bad`` or ``unknown``.

        Raises ``Unavailable`` (``upstream_unavailable``) while the breaker is open.
        """
        if self._opened is None:
            return
        if self.is_open:
            left = max(1, round(self._seconds - (self._clock() - self._opened)))
            raise Unavailable(
                "upstream_unavailable",
                Text(
                    "Phần này đang tạm nghỉ. Bạn thử lại sau ít phút.", "This part is away. Try again in a few minutes."
                ),
                retry_after=left,
            )
        self._probing = True

    def good(self) -> None:
        """The service answered."""
        self._failed = 0
        self._probing = False
        if self._opened is not None:
            self._opened = None
            self._gauge.set(0)

    def bad(self) -> None:
        """The service could not be reached, broke off or took too long."""
        self._failed += 1
        self._probing = False
        if self._opened is not None or self._failed >= self._limit:
            self._opened = self._clock()
            self._gauge.set(1)

    def unknown(self) -> None:
        """The caller went away before the answer: says nothing about the service."""
        self._probing = False
