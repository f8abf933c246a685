"""Settings of search_service (environment prefix MOTCUA_)."""

from pathlib import Path

from kernel.settings import Settings


class SearchSettings(Settings):
    """Where the index and the service's database are."""

    @property
    def index(self) -> Path:
        """The folder of the index; it may be deleted at any time and is built again."""
        return self.data / "index"
