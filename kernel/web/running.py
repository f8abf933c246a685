"""What every service's ``main.build`` returns: the parts that the assembly runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from kernel.telemetry import Asgi


@dataclass(frozen=True, slots=True)
class Running:
    """One service, built. ``loops`` run until cancelled; ``ready`` names its parts; ``close`` is called last."""

    name: str
    app: Asgi
    loops: Sequence[Callable[[], Awaitable[None]]]
    ready: Callable[[], Awaitable[dict[str, bool]]]
    close: Callable[[], Awaitable[None]]
