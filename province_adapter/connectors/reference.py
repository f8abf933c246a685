"""The connector to the reference back office in the same process."""

import asyncio
from collections.abc import AsyncIterator

from kernel.digest import digest_bytes
from kernel.errors import Invalid, Text
from proto.exchange.v1 import exchange_pb2
from province_adapter.connector import Connector


class ReferenceConnector:
    """Hands everything to an office object, one delivery of a subject at a time, files checked on their way in."""

    def __init__(self, office: Connector) -> None:
        self._office = office
        self._turn = asyncio.Lock()

    async def deliver(self, delivery: exchange_pb2.Delivery) -> None:
        """Give a delivery to the office."""
        async with self._turn:
            await self._office.deliver(delivery)

    async def changes(self, after: int, limit: int) -> list[tuple[int, exchange_pb2.Upward]]:
        """Return what the office did after change number ``after``."""
        return await self._office.changes(after, limit)

    async def wait_change(self, timeout: float) -> None:
        """Return when there may be a new change, or after ``timeout`` seconds."""
        await self._office.wait_change(timeout)

    async def put_file(self, subject: str, ref: exchange_pb2.FileRef, chunks: AsyncIterator[bytes]) -> None:
        """Give the office a file. Raises ``Invalid`` when its bytes do not fit its digest."""
        data = b"".join([chunk async for chunk in chunks])
        if digest_bytes(data) != ref.sha256:
            raise Invalid("wrong_digest", Text("Tệp không khớp mã băm.", "The file does not fit its digest."))
        await self._office.put_file(subject, ref, _once(data))

    def file(self, subject: str, sha256: str) -> AsyncIterator[bytes]:
        """Yield a file that the office names in a report."""
        return self._office.file(subject, sha256)

    async def states(self) -> list[tuple[str, int, int, str]]:
        """Return (subject, epoch, version, state digest) of every dossier in the office's books."""
        return await self._office.states()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
