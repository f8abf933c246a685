"""One office as its adapter sees it (the seam of ``province_adapter``'s connectors)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from kernel.errors import Invalid, Reject, Text
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend import store
from province_backend.events import wire
from province_backend.model.case import Refusal
from province_backend.usecases import receiving, telling
from province_backend.usecases.books import Books


class Office:
    """The back office of one participant. Every method may be called again after a crash."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @property
    def participant(self) -> str:
        """The participant's id, H26."""
        return self.books.participant

    async def deliver(self, delivery: pb.Delivery) -> None:
        """Take one delivery into the books; the same one again changes nothing.

        Raises ``Reject`` for what can never be applied (unknown enum value, answers that are no JSON).
        """
        books, code = self.books, delivery.subject
        match delivery.WhichOneof("body"):
            case "handover":
                filing = wire.filing_of(delivery.handover)
                await receiving.receive_handover(books=books, code=code, epoch=delivery.epoch, filing=filing)
            case "request_filed":
                request = wire.request_of(delivery.request_filed)
                await receiving.receive_request(books=books, code=code, request=request)
            case "report_refused":
                refused = delivery.report_refused
                refusal = Refusal(refused.version, refused.code, refused.text, books.clock.now(), delivery.epoch)
                await receiving.receive_refusal(books=books, code=code, epoch=delivery.epoch, refusal=refusal)
            case "send_snapshot":
                await receiving.give_snapshot(books=books, code=code)
            case "task_opened":
                await telling.receive_task(books=books, task=wire.task_of(delivery.task_opened))
            case "snapshot":
                nation = wire.national_state(code, delivery.epoch, delivery.snapshot)
                await receiving.adopt_national_state(books=books, nation=nation)
            case _:
                raise Reject("a delivery of a kind this office does not know")

    async def changes(self, after: int, limit: int) -> list[tuple[int, pb.Upward]]:
        """Return up to ``limit`` change rows after number ``after``, in order.

        A reader that is ahead of these books saw numbers of books that were lost (restored from a copy): such
        numbers are never given again.
        """
        database = self.books.database
        async with database.read() as tx:
            last = await store.last_change(tx)
            rows = await store.changes_after(tx, after, limit) if after < last else []
        if after > last:
            async with database.begin() as tx:
                await store.raise_floor(tx, after)
        return [(row.change_no, pb.Upward.FromString(row.body)) for row in rows]

    async def wait_change(self, timeout: float) -> None:
        """Return when a change was committed since the last call, or after ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.books.changes.committed.wait(), timeout)
        self.books.changes.committed.clear()

    async def put_file(self, subject: str, ref: pb.FileRef, chunks: AsyncIterator[bytes]) -> None:
        """Keep a file that the citizen handed in. Raises ``Invalid`` ``digest_differs`` and keeps nothing then."""
        files, key = self.books.files, self.books.key(subject, ref.sha256)
        if await files.size(key) == ref.size:
            return
        stored = await files.put(f"{key}.part", chunks, limit=ref.size)
        if (stored.sha256, stored.size) != (ref.sha256, ref.size):
            await files.delete(f"{key}.part")
            raise Invalid("digest_differs", Text("Tệp không khớp mã kiểm tra.", "The file differs from its digest."))
        await files.move(f"{key}.part", key)

    def file(self, subject: str, sha256: str) -> AsyncIterator[bytes]:
        """Stream a file of a dossier (a result, a draft). Raises ``FileNotFoundError``."""
        return self.books.files.stream(self.books.key(subject, sha256))

    async def states(self) -> list[tuple[str, int, int, str]]:
        """Return (subject, epoch, version, digest) of every case, for CompareState."""
        async with self.books.database.read() as tx:
            return await store.every_state(tx)
