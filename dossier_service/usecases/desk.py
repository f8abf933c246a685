"""What every use case works with, and the bell that rings when a dossier has changed."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from dossier_service.clients.exemptions import ExemptionLists
from dossier_service.clients.payments import PaymentPlatform
from dossier_service.model.exemptions import Figures
from dossier_service.settings import DossierSettings
from dossier_service.usecases.pictures import Pictures
from dossier_service.usecases.seals import Seals
from kernel.clock import Clock
from kernel.db import Database
from kernel.files import Files
from kernel.workdays import Calendar


class Changes:
    """Wakes live pages of this process after a commit; a page of another process looks again by itself."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, codes: Iterable[str]) -> None:
        """Wake whoever waits for one of ``codes``."""
        for code in codes:
            for event in self._waiting.get(code, ()):
                event.set()

    async def wait(self, code: str, event: asyncio.Event, timeout: float) -> None:
        """Wait until ``code`` changed since ``event`` was last cleared, or ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout)
        event.clear()

    @contextlib.contextmanager
    def listening(self, code: str) -> Iterator[asyncio.Event]:
        """Give an event that is set at every change of ``code``."""
        event = asyncio.Event()
        self._waiting.setdefault(code, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[code].discard(event)
            if not self._waiting[code]:
                del self._waiting[code]


class Counted:
    """What was counted last (alone, helped, when), and exemptions; counting again takes a look at every dossier."""

    last: tuple[int, int, datetime] | None = None
    exemptions: tuple[Figures, datetime] | None = None


@dataclass(frozen=True)
class Desk:
    """The parts of this service that use cases need; without a ``platform`` nothing can be paid."""

    database: Database
    clock: Clock
    calendar: Calendar
    files: Files
    settings: DossierSettings
    pictures: Pictures
    changes: Changes = field(default_factory=Changes)
    counted: Counted = field(default_factory=Counted)
    seals: Seals = field(default_factory=Seals)
    platform: PaymentPlatform | None = None
    lists: ExemptionLists = field(default_factory=ExemptionLists)
