"""A small back office with real books in SQLite, and a nation that answers the exchange's events from its tables."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from kernel.digest import digest_of
from proto.exchange.v1 import exchange_pb2

SCHEMA = """
create table if not exists book(subject text primary key, epoch int, version int, state text, digest text);
create table if not exists delivered(n integer primary key autoincrement, subject text, kind text, body blob,
  unique(subject, kind, body));
create table if not exists change(n integer primary key, subject text, body blob);
create table if not exists file(subject text, sha256 text, body blob, primary key(subject, sha256));
"""


def state_digest(subject: str, epoch: int, version: int, state: str) -> str:
    return digest_of({"v": 1, "dossier": subject, "epoch": epoch, "version": version, "state": state})


class Office:
    """Accepts what is handed over: version 1 becomes version 2, at once, when ``working``."""

    def __init__(self, path: Path, *, working: bool = True) -> None:
        self._books = sqlite3.connect(path, isolation_level=None)
        self._books.execute("pragma journal_mode=wal")
        self._books.executescript(SCHEMA)
        self._changed = asyncio.Event()
        self.working = working
        self.failing: set[str] = set()
        self.results: dict[str, bytes] = {}

    def close(self) -> None:
        self._books.close()

    async def deliver(self, delivery: exchange_pb2.Delivery) -> None:
        if delivery.subject in self.failing:
            raise RuntimeError("the office cannot take this one now")
        kind = delivery.WhichOneof("body") or ""
        self._books.execute("begin immediate")
        self._books.execute(
            "insert or ignore into delivered(subject, kind, body) values (?,?,?)",
            (delivery.subject, kind, delivery.SerializeToString()),
        )
        if kind == "handover" and self.version(delivery.subject) == 0:
            self._put(delivery.subject, delivery.epoch, 1, "SUBMITTED")
            if self.working:
                self._report(delivery.subject, delivery.epoch, 2, "ACCEPTED")
        if kind == "snapshot":
            state = delivery.snapshot.state
            self._put(delivery.subject, state.epoch, state.version, exchange_pb2.State.Name(state.state))
        self._books.execute("commit")
        self._changed.set()

    def work(self, subject: str, state: str = "PROCESSING") -> int:
        """The officer takes a step."""
        version = self.version(subject) + 1
        self._books.execute("begin immediate")
        self._report(subject, 1, version, state)
        self._books.execute("commit")
        self._changed.set()
        return version

    def damage(self, subject: str) -> None:
        """Lose a step, as a disk might."""
        self._books.execute("update book set version = version - 1, digest = 'x' where subject=?", (subject,))

    def version(self, subject: str) -> int:
        row = self._books.execute("select version from book where subject=?", (subject,)).fetchone()
        return int(row[0]) if row else 0

    def delivered(self) -> list[tuple[str, str]]:
        return list(self._books.execute("select subject, kind from delivered order by n"))

    def bodies(self) -> list[exchange_pb2.Delivery]:
        rows = self._books.execute("select body from delivered order by n")
        return [exchange_pb2.Delivery.FromString(row[0]) for row in rows]

    def _put(self, subject: str, epoch: int, version: int, state: str) -> None:
        digest = state_digest(subject, epoch, version, state)
        self._books.execute("insert or replace into book values (?,?,?,?,?)", (subject, epoch, version, state, digest))

    def _report(self, subject: str, epoch: int, version: int, state: str) -> None:
        self._put(subject, epoch, version, state)
        report = exchange_pb2.Report(
            epoch=epoch,
            version=version,
            state=exchange_pb2.State.Name(exchange_pb2.State.Value(state)),
            digest=state_digest(subject, epoch, version, state),
        )
        if subject in self.results:
            data = self.results[subject]
            self._books.execute(
                "insert or replace into file values (?,?,?)", (subject, hashlib.sha256(data).hexdigest(), data)
            )
            report.results.append(file_ref(data))
        upward = exchange_pb2.Upward(subject=subject, subject_kind="dossier", report=report)
        self._books.execute(
            "insert into change select coalesce(max(n), 0) + 1, ?, ? from change",
            (subject, upward.SerializeToString()),
        )

    async def changes(self, after: int, limit: int) -> list[tuple[int, exchange_pb2.Upward]]:
        rows = self._books.execute("select n, body from change where n > ? order by n limit ?", (after, limit))
        return [(n, exchange_pb2.Upward.FromString(body)) for n, body in rows]

    async def wait_change(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def put_file(self, subject: str, ref: exchange_pb2.FileRef, chunks: AsyncIterator[bytes]) -> None:
        data = b"".join([chunk async for chunk in chunks])
        self._books.execute("insert or replace into file values (?,?,?)", (subject, ref.sha256, data))

    def kept(self, subject: str, sha256: str) -> bytes | None:
        row = self._books.execute("select body from file where subject=? and sha256=?", (subject, sha256)).fetchone()
        return bytes(row[0]) if row else None

    async def file(self, subject: str, sha256: str) -> AsyncIterator[bytes]:
        data = self.kept(subject, sha256)
        assert data is not None
        for start in range(0, len(data), 65536):
            yield data[start : start + 65536]

    async def states(self) -> list[tuple[str, int, int, str]]:
        return list(self._books.execute("select subject, epoch, version, digest from book"))


def file_ref(data: bytes, name: str = "result.pdf") -> exchange_pb2.FileRef:
    return exchange_pb2.FileRef(
        sha256=hashlib.sha256(data).hexdigest(), size=len(data), type="application/pdf", name=name
    )


def pdf(filler: int) -> bytes:
    """A PDF of about ``filler`` bytes that is whole."""
    return b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n" + b"%" + b"x" * filler + b"\nstartxref\n9\n%%EOF\n"
