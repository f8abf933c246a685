"""Files between the nation's store and a participant, both ways resumable by offset.

A file under way is a part in a folder of this instance; only when it is whole, its digest fits and its structure is
that of its type does it go into the store under ``dossier/{code}/{sha256}`` and is said to be there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from exchange import usecases
from exchange.rpc.frames import SHA256, SUBJECT
from kernel.clock import real_now
from kernel.db import Database
from kernel.digest import digest_bytes
from kernel.errors import Conflict, Invalid, NotFound, Text, TooLarge
from kernel.files import Files, check_structure
from proto.exchange.v1 import exchange_pb2

CHUNK = 256 * 1024

Requests = AsyncIterator[exchange_pb2.PutFileRequest]


class FileDoor:
    """FetchFile and PutFile without gRPC."""

    def __init__(
        self,
        *,
        database: Database,
        files: Files,
        parts: Path,
        limit: int,
        check: Callable[[bytes, str], None] = check_structure,
    ) -> None:
        self._database = database
        self._files = files
        self._parts = parts
        self._limit = limit
        self._check = check
        self._busy: set[Path] = set()
        parts.mkdir(parents=True, exist_ok=True)

    async def fetch(self, participant: str, subject: str, sha256: str, offset: int) -> AsyncIterator[bytes]:
        """Yield the file from ``offset`` in chunks of at most 256 KiB.

        Raises ``NotFound`` when the dossier is not on a lane of ``participant`` or has no such file.
        """
        await self._lane(participant, subject)
        key = _key(subject, sha256)
        size = await self._files.size(key)
        if size is None or not 0 <= offset <= size:
            raise NotFound("unknown_file", Text("Hồ sơ không có tệp này.", "The dossier has no such file."))
        async for data in self._files.stream(key, offset):
            for start in range(0, len(data), CHUNK):
                yield data[start : start + CHUNK]

    async def put(self, participant: str, requests: Requests) -> tuple[int, bool]:
        """Take (more of) a file; return the bytes held and whether it is whole, verified and stored.

        When the offset does not fit what is held nothing is taken: the caller goes on from the answer. Raises
        ``NotFound``, ``Invalid``, ``TooLarge``, and ``Conflict`` while the same file is being sent already.
        """
        header = await _header(requests)
        subject, file = header.subject, header.file
        lane = await self._lane(participant, subject)
        key = _key(subject, file.sha256)
        if not 0 < file.size <= self._limit:
            raise TooLarge("file_too_large", Text("Tệp quá lớn.", "The file is too large."))
        if await self._files.size(key) is not None:
            await usecases.record_file(
                database=self._database, lane=lane, subject=subject, sha256=file.sha256, size=file.size
            )
            return file.size, True
        part = self._parts / f"{subject}-{file.sha256}.part"
        async with self._alone(part):
            held = await self._append(part, header.offset, file.size, requests)
            if held < file.size:
                return held, False
            await self._store(part, key, file)
        await usecases.record_file(
            database=self._database, lane=lane, subject=subject, sha256=file.sha256, size=file.size
        )
        return file.size, True

    async def sweep(self, older_than: timedelta) -> int:
        """Delete parts that nobody went on sending for ``older_than``; return how many."""
        since = (real_now() - older_than).timestamp()
        return await asyncio.to_thread(_sweep, self._parts, since)

    async def _lane(self, participant: str, subject: str) -> str:
        if SUBJECT.fullmatch(subject) is None:
            raise Invalid("bad_subject", Text("Mã hồ sơ không đúng.", "Not a dossier's code."))
        async with self._database.read() as tx:
            lanes = await usecases.lanes_held_by(tx, participant=participant)
        return await usecases.dossier_lane(database=self._database, subject=subject, lanes=lanes)

    @asynccontextmanager
    async def _alone(self, part: Path) -> AsyncIterator[None]:
        if part in self._busy:
            raise Conflict("file_under_way", Text("Tệp này đang được gửi.", "This file is being sent already."))
        self._busy.add(part)
        try:
            yield
        finally:
            self._busy.discard(part)

    async def _append(self, part: Path, offset: int, size: int, requests: Requests) -> int:
        held = await asyncio.to_thread(_held, part)
        if offset != held:
            return held
        async for request in requests:
            held += len(request.data)
            if held > size:
                await asyncio.to_thread(part.unlink, missing_ok=True)
                raise Invalid("wrong_size", Text("Tệp dài hơn đã báo.", "The file is longer than was said."))
            await asyncio.to_thread(_write, part, request.data)
        return held

    async def _store(self, part: Path, key: str, file: exchange_pb2.FileRef) -> None:
        data = await asyncio.to_thread(part.read_bytes)
        try:
            if digest_bytes(data) != file.sha256:
                raise Invalid("wrong_digest", Text("Tệp không khớp mã băm.", "The file does not fit its digest."))
            self._check(data, file.type)
            await self._files.put(key, data)
        finally:
            await asyncio.to_thread(part.unlink)


def _held(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _sweep(folder: Path, since: float) -> int:
    old = [part for part in folder.glob("*.part") if part.stat().st_mtime < since]
    for part in old:
        part.unlink(missing_ok=True)
    return len(old)


def _write(part: Path, data: bytes) -> None:
    with part.open("ab") as out:
        out.write(data)


async def _header(requests: Requests) -> exchange_pb2.PutFileHeader:
    async for request in requests:
        if request.WhichOneof("part") == "header":
            return request.header
        break
    raise Invalid("no_header", Text("Thiếu phần đầu.", "The first message names the file."))


def _key(subject: str, sha256: str) -> str:
    if SHA256.fullmatch(sha256) is None:
        raise Invalid("bad_digest", Text("Mã băm không đúng.", "Not a SHA-256 digest."))
    return f"dossier/{subject}/{sha256}"
