"""The index, as the use cases see it. Engines: tantivy here, Elasticsearch in the distributed form."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from search_service.model.answers import Filters, Found
from search_service.model.documents import Document


class Index(Protocol):
    """One index over everything public. Documents are upserted by (id, version)."""

    @property
    def usable(self) -> bool:
        """False while there is no complete index of this edition: ``rebuild`` it."""

    async def upsert(self, documents: Sequence[Document]) -> None:
        """Put documents in; one that is not newer than what is there is passed over. Durable and visible on return."""

    async def rebuild(self, documents: Iterable[Document]) -> int:
        """Build a new index beside the old one, swap them at once and return the number of documents.

        Until the swap, and if anything fails, the old one answers.
        """

    def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        """Answer a question with one page. ``text`` may be anything, also empty."""

    def suggest(self, text: str, limit: int) -> list[Document]:
        """Return documents whose titles go on as ``text`` begins."""

    def count(self) -> int:
        """Return the number of documents."""

    async def close(self) -> None:
        """Release everything."""
