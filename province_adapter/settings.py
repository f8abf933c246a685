"""Settings of one adapter: one lane, one journal (durations in seconds of real time)."""

from pathlib import Path

from kernel.settings import Settings


class AdapterSettings(Settings):
    """``participant`` is the certificate's name, ``lane`` the lane to hold (empty: the participant's own)."""

    participant: str
    lane: str = ""
    folder: Path | None = None  # of the journal; None: data/provinces/{lane}

    window_items: int = 256
    window_bytes: int = 4 * 1024 * 1024
    at_once: int = 8  # dossiers handed to the office, and files moved, at the same time

    reconnect_first: float = 0.2
    reconnect_longest: float = 30.0
    retry_first: float = 0.5
    retry_longest: float = 60.0
    wait_change: float = 30.0
    call_timeout: float = 60.0
    file_patience: float = 5.0  # seconds for a transfer to get going, on top of the time its bytes take
    keep_days: int = 7

    @property
    def home(self) -> Path:
        """The folder of the journal and of files under way."""
        return self.folder or self.data / "provinces" / (self.lane or self.participant)

    @property
    def template(self) -> Path | None:
        """The empty journal that new ones below the data folder are copies of; None for a folder of its own."""
        return None if self.folder else self.data / "provinces" / "journal-template.db"
