"""Settings of search_service (environment prefix MOTCUA_)."""

from pathlib import Path

from pydantic import SecretStr

from kernel.settings import Settings


class SearchSettings(Settings):
    """Where the index and the service's database are.

    For Elasticsearch: ``elasticsearch`` are addresses with commas, credentials in them or an API key; ``ca`` is the
    file of the authority that signed its certificate; names of indexes begin with the prefix.
    """

    elasticsearch_api_key: SecretStr = SecretStr("")
    elasticsearch_ca: str = ""
    elasticsearch_prefix: str = "motcua"
    elasticsearch_replicas: int = 0

    @property
    def index(self) -> Path:
        """The folder of the index; it may be deleted at any time and is built again."""
        return self.data / "index"
