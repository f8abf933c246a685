"""The index, as the use cases see it. Engines: tantivy here, Elasticsearch in the distributed form."""

from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from typing import Protocol

from search_service.model.answers import Filters, Found
from search_service.model.documents import Document


class Refused(Exception):
    """A new index was not put in the place of the old one; the message says why. The old one serves on."""


class Index(Protocol):
    """One index over everything public. Documents are upserted by (id, version), never deleted: what is withdrawn
    is a document that says so, and keeps its version.

    One process at a time may ``upsert`` or ``rebuild`` (the lease ``index``); any number may answer.
    Every method raises ``kernel.errors.Unavailable`` while the engine is away.
    """

    @property
    def usable(self) -> bool:
        """False while there is no complete index of this edition, or its engine is away."""

    async def refresh(self) -> None:
        """See what other processes wrote, swapped or lost; ``usable`` tells afterwards whether to ``rebuild``."""

    async def upsert(self, documents: Sequence[Document]) -> None:
        """Put documents in; one that is not newer than what is there is passed over. Durable and visible on return."""

    async def rebuild(
        self, batches: AsyncIterable[Sequence[Document]], *, expected: Callable[[], Awaitable[int]]
    ) -> int:
        """Build a new index beside the old one, swap them at once and return the number of documents.

        ``expected`` is asked after the last batch how many there must be; raises ``Refused`` if there are not.
        Until the swap, and if anything fails, the old one answers. What killed builds left behind is removed.
        """

    async def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        """Answer a question with one page. ``text`` may be anything, also empty."""

    async def suggest(self, text: str, limit: int) -> list[Document]:
        """Return documents whose titles go on as ``text`` begins."""

    def count(self) -> int:
        """Return the number of documents."""

    async def close(self) -> None:
        """Release everything."""
