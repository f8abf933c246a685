"""Files over the link's channel, both ways resumable by offset."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import grpc

from kernel.digest import digest_bytes
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from province_adapter.connector import Connector

CHUNK = 256 * 1024
SLOWEST = 64 * 1024  # bytes a second; a slower transfer is broken off and goes on from where it was


class WrongFile(Exception):
    """What came, or what the office gave, does not fit its digest."""


class HandedOn(Exception):
    """The dossier belongs to another office by now, since ``epoch``: its files are not ours to move."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"another office's since epoch {epoch}")
        self.epoch = epoch


class FileCourier:
    """Moves files between the nation and the office; what is half here stays in ``folder`` for the next try."""

    def __init__(self, *, channel: grpc.aio.Channel, connector: Connector, folder: Path, patience: float) -> None:
        self._stub = exchange_pb2_grpc.ExchangeStub(channel)  # type: ignore[no-untyped-call]  # generated
        self._connector = connector
        self._folder = folder
        self._patience = patience

    def _bound(self, size: int) -> float:
        """Seconds that moving ``size`` bytes may take."""
        return self._patience + size / SLOWEST

    async def fetch(self, subject: str, ref: exchange_pb2.FileRef) -> None:
        """Bring a file of ``subject`` to the office; call again to go on.

        Raises gRPC's errors, ``TimeoutError``, ``WrongFile`` and ``HandedOn``.
        """
        part = self._folder / f"{subject}-{ref.sha256}.part"
        held = await asyncio.to_thread(_held, part)
        if held < ref.size:
            bound = self._bound(ref.size - held)
            async with _telling_handed_on(), asyncio.timeout(bound):
                request = exchange_pb2.FetchFileRequest(subject=subject, sha256=ref.sha256, offset=held)
                async for chunk in self._stub.FetchFile(request, timeout=bound):
                    await asyncio.to_thread(_write, part, chunk.data)
        if await asyncio.to_thread(_digest, part) != ref.sha256:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            raise WrongFile(ref.sha256)
        await self._connector.put_file(subject, ref, _chunks(part))
        await asyncio.to_thread(part.unlink, missing_ok=True)

    async def upload(self, subject: str, ref: exchange_pb2.FileRef) -> None:
        """Bring a file of the office to the nation; call again to go on.

        Raises gRPC's errors, ``TimeoutError``, ``WrongFile`` and ``HandedOn``. The bound is kept here too: a call
        whose connection is cut while it writes may never end in spite of its deadline.
        """
        async with _telling_handed_on(), asyncio.timeout(self._bound(ref.size)):
            await self._upload(subject, ref, self._bound(ref.size))

    async def _upload(self, subject: str, ref: exchange_pb2.FileRef, bound: float) -> None:
        asked = await self._stub.PutFile(_requests(subject, ref, -1, b""), timeout=bound)
        if asked.complete:
            return
        data = b"".join([chunk async for chunk in self._connector.file(subject, ref.sha256)])
        if digest_bytes(data) != ref.sha256:
            raise WrongFile(ref.sha256)
        requests = _requests(subject, ref, asked.stored, data[asked.stored :])
        answer = await self._stub.PutFile(requests, timeout=bound)
        if not answer.complete:
            raise WrongFile(f"{answer.stored} of {ref.size} bytes arrived")


@asynccontextmanager
async def _telling_handed_on() -> AsyncIterator[None]:
    """Raise ``HandedOn`` where the exchange refuses a call with that word and the epoch beside it."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        epoch = dict(cast("Iterable[tuple[str, str]]", error.trailing_metadata())).get("epoch", "")
        if (error.details() or "").startswith("handed_on:") and epoch.isdigit():
            raise HandedOn(int(epoch)) from None
        raise


async def _requests(
    subject: str, ref: exchange_pb2.FileRef, offset: int, data: bytes
) -> AsyncIterator[exchange_pb2.PutFileRequest]:
    header = exchange_pb2.PutFileHeader(subject=subject, file=ref, offset=offset)
    yield exchange_pb2.PutFileRequest(header=header)
    for start in range(0, len(data), CHUNK):
        yield exchange_pb2.PutFileRequest(data=data[start : start + CHUNK])


def _held(part: Path) -> int:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.stat().st_size if part.exists() else 0


def _write(part: Path, data: bytes) -> None:
    with part.open("ab") as out:
        out.write(data)


def _digest(part: Path) -> str:
    if not part.exists():
        return hashlib.sha256().hexdigest()
    with part.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _chunks(part: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(part.open, "rb") as file:
        while data := await asyncio.to_thread(file.read, CHUNK):
            yield data
