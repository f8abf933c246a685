"""Reports applied by the dossier service's own consumer, beside a bare loop that writes the same rows.

Ours reads province.reports.v1 from the real log and does all it does in service: decode, judge, hash, write state,
history, outbox and position. The bare loop is raw ``sqlite3`` on a copy of the same file: the same batches, the same
finished rows, the same durability (WAL, synchronous FULL), nothing decoded and nothing decided.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from sqlalchemy import insert

from benchmarks.figures import Figure
from benchmarks.processes import Failed
from dossier_service.events import LogDoor, encode
from dossier_service.events.encode import report_message
from dossier_service.model.dossier import Report, Step, state_digest
from dossier_service.model.filing import Basis, Office, submit
from dossier_service.model.states import State
from dossier_service.settings import DossierSettings
from dossier_service.store.mapping import dossier_row
from dossier_service.store.tables import DOSSIER, METADATA, OUTBOX, PARTICIPANT
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.pictures import Pictures
from kernel.clock import Clock
from kernel.consume import Consumer
from kernel.db import Database, Tx
from kernel.files import Files
from kernel.lease import Leases
from kernel.log import Message, Record, SqliteLog, Topic
from kernel.outbox import Outbox
from kernel.workdays import Calendar
from proto.exchange.v1 import exchange_pb2 as wire

TOPIC = "province.reports.v1"
CONSUMER = f"dossiers.{TOPIC}"
STEPS = (
    ("accepted", State.ACCEPTED),
    ("processing", State.PROCESSING),
    ("noted", State.PROCESSING),
    ("decided", State.DECIDED),
    ("returned", State.RETURNED),
)
SECONDS = 120.0


@dataclass
class Batch:
    """What one transaction of ours wrote: dossiers in order, and where the partitions stood after it."""

    codes: list[str]
    positions: dict[int, int]


class Recorder:
    """The service's own log door, which notes each batch once it is durable."""

    def __init__(self, door: LogDoor) -> None:
        self._door = door
        self.batches: list[Batch] = []
        self.count = 0
        self.committed = asyncio.Event()

    async def apply(self, tx: Tx, records: Sequence[Record]) -> None:
        """Apply, then note."""
        await self._door.reports(tx, records)
        ends = {record.partition.number: record.offset + 1 for record in records}
        batch = Batch([record.subject for record in records], ends)
        tx.after_commit(lambda: self._note(batch))

    def _note(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.count += len(batch.codes)
        self.committed.set()


@dataclass
class Service:
    """The dossier service's parts that reports pass."""

    database: Database
    log: SqliteLog
    desk: Desk
    codes: list[str]
    started: datetime

    async def fill(self) -> None:
        """Write the dossiers as submit() leaves them, all on one lane."""
        office = Office("00004", "H26", "H26.00004", "Bộ phận Một cửa phường Ba Đình", "H26.00004", "H26.00004")
        basis = Basis("1.004873", 1, "0" * 64, None)
        rows = []
        for code in self.codes:
            dossier, _ = submit(
                code=code,
                owner="citizen-1",
                helper=None,
                basis=basis,
                office=office,
                answers_digest="0" * 64,
                files=(),
                wants_draft=False,
                at=self.started,
                calendar=self.desk.calendar,
            )
            rows.append(dossier_row(dossier))
        async with self.database.begin() as tx:
            await tx.execute(insert(PARTICIPANT).values(id="H26", version=1, name="Hà Nội", lanes="H26"))
            await tx.execute(insert(DOSSIER), rows)

    async def report(self, turn: int) -> None:
        """Put the report of step ``turn`` of every dossier on the log."""
        kind, state = STEPS[turn]
        at = self.started + timedelta(milliseconds=turn + 1)
        step = Step(kind, "officer", "H26.00004", "Trần Văn B", "")
        plain = Report(epoch=1, version=turn + 2, state=state, occurred_at=at, digest="", step=step)
        messages = []
        for code in self.codes:
            said = replace(plain, digest=state_digest(code, plain))
            upward = wire.Upward(subject=code, subject_kind="dossier", participant="H26")
            upward.report.CopyFrom(report_message(said, []))
            headers = {"ce_type": "report", "subject": code, "subject_version": str(said.version)}
            messages.append(Message(TOPIC, code, headers, upward.SerializeToString()))
        await self.log.append(messages)

    async def apply(self) -> tuple[float, list[Batch]]:
        """Let the consumer apply what is on the log; return reports a second and the batches that it took."""
        recorder = Recorder(LogDoor(self.desk))
        leases = Leases(self.database, "benchmark")
        consumer = Consumer(
            name=CONSUMER, topics=[TOPIC], log=self.log, database=self.database, leases=leases, apply=recorder.apply
        )
        began = perf_counter()
        running = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(SECONDS):
                while recorder.count < len(self.codes):
                    await recorder.committed.wait()
                    recorder.committed.clear()
            taken = perf_counter() - began
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
        return len(self.codes) / taken, recorder.batches


async def opened(folder: Path, count: int) -> Service:
    """Open the service in ``folder`` with ``count`` dossiers."""
    settings = DossierSettings(data=folder)
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{folder}/log.db", [Topic(TOPIC)])
    database = await Database.open(settings.database_url("dossiers"), METADATA, sink=Outbox(OUTBOX, encode))
    clock = Clock()
    desk = Desk(
        database=database,
        clock=clock,
        calendar=Calendar.load(),
        files=Files.in_folder(str(folder / "files")),
        settings=settings,
        pictures=Pictures(),
    )
    codes = [f"H26-261121-{number:04}" for number in range(1, count + 1)]
    service = Service(database, log, desk, codes, clock.now())
    await service.fill()
    return service


class BareLoop:
    """Raw sqlite3 on a copy of the service's file; the rows come from the service's file after its turn."""

    def __init__(self, source: Path, copy: Path) -> None:
        self._source = sqlite3.connect(source)
        self._source.row_factory = sqlite3.Row
        self._copy = sqlite3.connect(copy, isolation_level=None)
        self._source.backup(self._copy)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._copy.execute(f"PRAGMA {pragma}")
        self._sent = 0

    def run(self, batches: Sequence[Batch]) -> float:
        """Write the rows of ``batches``; return reports a second."""
        work = [self._rows(batch) for batch in batches]
        self._sent = self._source.execute("SELECT max(id) FROM outbox").fetchone()[0] or 0
        moving = [name for name in work[0][0][0] if name not in ("code", "before")]
        columns = ", ".join(f"{name} = :{name}" for name in moving)
        statements = (
            f"UPDATE dossier SET {columns} WHERE code = :code AND event_no = :before",
            _insert("history", work[0][1][0]),
            _insert("outbox", work[0][2][0]),
            "UPDATE position SET next = :next WHERE consumer = :consumer AND topic = :topic AND partition = :partition",
        )
        began = perf_counter()
        for rows in work:
            self._copy.execute("BEGIN IMMEDIATE")
            for statement, values in zip(statements, rows, strict=True):
                self._copy.executemany(statement, values)
            self._copy.execute("COMMIT")
        return sum(len(batch.codes) for batch in batches) / (perf_counter() - began)

    def prepare(self) -> None:
        """Bring the position rows over (the consumer has just made them)."""
        self._copy.executemany(
            "INSERT OR IGNORE INTO position VALUES (?, ?, ?, 0, ?)",
            [tuple(row) for row in self._source.execute("SELECT consumer, topic, partition, topic_id FROM position")],
        )

    def _rows(self, batch: Batch) -> tuple[list[dict[str, Any]], ...]:
        marks = ",".join("?" * len(batch.codes))
        before = dict(self._copy.execute(f"SELECT code, event_no FROM dossier WHERE code IN ({marks})", batch.codes))
        dossiers = self._all(f"SELECT * FROM dossier WHERE code IN ({marks})", *batch.codes)
        history = self._all(f"SELECT * FROM history WHERE code IN ({marks})", *batch.codes)
        outbox = self._all(f"SELECT * FROM outbox WHERE id > ? AND subject IN ({marks})", self._sent, *batch.codes)
        positions = [
            {"consumer": CONSUMER, "topic": TOPIC, "partition": number, "next": after}
            for number, after in batch.positions.items()
        ]
        return (
            [row | {"before": before[row["code"]]} for row in dossiers],
            [row for row in history if row["n"] > before[row["code"]]],
            outbox,
            positions,
        )

    def _all(self, query: str, *values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self._source.execute(query, values)]

    def check(self) -> None:
        """Raise ``Failed`` unless the copy holds what the service's file holds."""
        for count in ("count(*) FROM history", "count(*) FROM outbox", "sum(event_no) FROM dossier"):
            found = [base.execute(f"SELECT {count}").fetchone()[0] for base in (self._source, self._copy)]
            if found[0] != found[1]:
                raise Failed(f"the bare loop wrote other rows than the service: {count}: {found}")

    def close(self) -> None:
        """Close both files."""
        self._source.close()
        self._copy.close()


def _insert(table: str, row: dict[str, Any]) -> str:
    columns = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{name}' for name in row)})"


async def measure(folder: Path, *, count: int, turns: int) -> tuple[list[float], list[float]]:
    """Return reports a second of ours and of the bare loop, turn by turn."""
    service = await opened(folder, count)
    bare = BareLoop(folder / "services" / "dossiers.db", folder / "bare.db")
    ours, theirs = [], []
    try:
        for turn in range(turns):
            await service.report(turn)
            rate, batches = await service.apply()
            bare.prepare()
            ours.append(rate)
            theirs.append(bare.run(batches))
            bare.check()
    finally:
        bare.close()
        await service.desk.pictures.close()
        await service.database.close()
        await service.log.close()
    return ours, theirs


def figures(*, quick: bool) -> list[Figure]:
    """Measure reports a second."""
    count, turns = (200, 2) if quick else (3000, len(STEPS))
    with TemporaryDirectory() as folder:
        ours, bare = asyncio.run(measure(Path(folder), count=count, turns=turns))
    about = (
        f"{count} dossiers, one report each a round, {turns} rounds, in batches of up to 200 from the embedded log by "
        "`kernel.consume` and `dossier_service.events`: decoded, judged, hash-chained, written."
    )
    against = "raw sqlite3 that writes the same finished rows in the same batches, synchronous FULL"
    return [Figure("reports applied", "/s", ours, against, bare, about)]
