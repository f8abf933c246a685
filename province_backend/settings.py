"""Settings of the demo back offices."""

from collections.abc import Mapping
from pathlib import Path

from kernel.settings import Settings


class OfficeSettings(Settings):
    """Where the books lie, and how long a citizen has for what an office asks (working days, our choice).

    ``staff`` is the offices' list of who works there, subject of the token to name: the citizen reads who handled it.
    ``hands_on_minutes`` is how long the demo robot leaves a case alone that an officer has opened or moved.
    """

    papers_days: int = 10
    money_days: int = 10
    confirm_days: int = 2
    hands_on_minutes: int = 10
    staff: Mapping[str, str] = {}

    @property
    def provinces(self) -> Path:
        """The folder with one folder per office."""
        return self.data / "provinces"
