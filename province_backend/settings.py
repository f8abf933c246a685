"""Settings of the demo back offices."""

from pathlib import Path

from kernel.settings import Settings


class OfficeSettings(Settings):
    """Where the books lie, and how long a citizen has for what an office asks (working days, our choice)."""

    papers_days: int = 10
    money_days: int = 10
    confirm_days: int = 2

    @property
    def provinces(self) -> Path:
        """The folder with one folder per office."""
        return self.data / "provinces"
