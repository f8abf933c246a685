"""What the adapter needs of a back office. Everything here may be called again after a kill."""

from collections.abc import AsyncIterator
from typing import Protocol

from proto.exchange.v1 import exchange_pb2


class Connector(Protocol):
    """A back office, reached in process, by REST or through its database."""

    async def deliver(self, delivery: exchange_pb2.Delivery) -> None:
        """Give a delivery to the office; idempotent. Any exception: it is given again later, in order per subject."""

    async def changes(self, after: int, limit: int) -> list[tuple[int, exchange_pb2.Upward]]:
        """Return what the office did after change number ``after``, oldest first; numbers are dense from 1."""

    async def wait_change(self, timeout: float) -> None:
        """Return when there may be a new change, or after ``timeout`` seconds."""

    async def put_file(self, subject: str, ref: exchange_pb2.FileRef, chunks: AsyncIterator[bytes]) -> None:
        """Give the office a verified file of ``subject``; idempotent."""

    def file(self, subject: str, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file that the office names in a report."""

    async def states(self) -> list[tuple[str, int, int, str]]:
        """Return (subject, epoch, version, state digest) of every dossier in the office's books."""
