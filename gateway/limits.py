"""How often one caller may ask, by the ``limits`` library (fixed windows, counted in this process).

The library's own memory storage looks at every key on each hit, which a flood of addresses would turn against us;
``Counters`` looks at one, and holds a bounded number of them.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from kernel.errors import Text, TooMany

HELD = 100_000


class Counters(Storage):
    """Counters by key, the oldest windows first; at most ``held`` of them."""

    STORAGE_SCHEME = ["motcua+memory"]  # noqa: RUF012  # the library registers the class by this attribute

    def __init__(self, held: int = HELD) -> None:
        super().__init__()
        self._held = held
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a failing store would raise; this one does not fail."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count ``amount`` more in the window of ``key`` and return the sum."""
        now = time.time()
        until, count = self._windows.get(key, (0.0, 0))
        if until <= now:
            self._windows.pop(key, None)
            self._make_room(now)
            until, count = now + expiry, 0
        self._windows[key] = (until, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        """Return the count in the window of ``key``."""
        until, count = self._windows.get(key, (0.0, 0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window of ``key`` ends, epoch seconds."""
        return self._windows.get(key, (time.time(), 0))[0]

    def check(self) -> bool:
        """Tell that the store works."""
        return True

    def reset(self) -> int | None:
        """Forget everything; return how many keys."""
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget ``key``."""
        self._windows.pop(key, None)

    def _make_room(self, now: float) -> None:
        while self._windows:
            oldest = next(iter(self._windows))
            if self._windows[oldest][0] > now and len(self._windows) < self._held:
                return
            del self._windows[oldest]


class Limiter:
    """Named limits, each counted by a key of its own."""

    def __init__(self, rates: Mapping[str, str], *, trusted_proxies: Iterable[str] = ()) -> None:
        self._rates: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in rates.items()}
        self._counters = {name: Counters() for name in rates}
        self._strategies = {name: FixedWindowRateLimiter(store) for name, store in self._counters.items()}
        self._proxies: list[IPv4Network | IPv6Network] = [ipaddress.ip_network(text) for text in trusted_proxies]

    def check(self, name: str, key: str) -> None:
        """Count one request of ``key`` under the limit ``name``.

        Raises ``TooMany`` (``too_many_requests``) with the seconds until the window ends.
        """
        rate, strategy = self._rates[name], self._strategies[name]
        if strategy.hit(rate, key):
            return
        reset = strategy.get_window_stats(rate, key).reset_time
        raise TooMany(
            "too_many_requests",
            Text(
                "Có quá nhiều yêu cầu từ nơi bạn. Bạn đợi một chút rồi thử lại.",
                "Too many requests from your place. Wait a little and try again.",
            ),
            retry_after=max(1, int(reset - time.time()) + 1),
        )

    def address(self, client: str, forwarded: str | None) -> str:
        """Return the address to count: the last one in X-Forwarded-For that is no trusted proxy of ours.

        Without trusted proxies the header is not read, because anyone can write it. IPv6 counts by /64.
        """
        found = client
        if self._trusted(client) and forwarded:
            for item in reversed(forwarded.split(",")):
                found = item.strip()
                if not self._trusted(found):
                    break
        return _network(found) or client

    def _trusted(self, text: str) -> bool:
        if not self._proxies:
            return False
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


@lru_cache(10_000)
def _network(text: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if parsed.version == 6:
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
