"""A dossier service on SQLite, a small catalogue, and an owner that reports as a province would."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import select

from dossier_service.clients.payments import PaymentPlatform
from dossier_service.events import LogDoor, encode
from dossier_service.events.encode import report_message
from dossier_service.model.dossier import (
    Answer,
    Appointment,
    Ask,
    AskItem,
    FileRef,
    Report,
    Step,
    state_digest,
)
from dossier_service.model.states import AskKind, AskState, RequestState, State
from dossier_service.settings import DossierSettings
from dossier_service.store.tables import METADATA, OUTBOX
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.drafts import open_draft, save_answers
from dossier_service.usecases.pictures import Pictures
from dossier_service.usecases.submit import submit_draft
from kernel.auth import Principal
from kernel.clock import Clock
from kernel.db import Database
from kernel.digest import digest_of
from kernel.files import Files
from kernel.log import Partition, Record
from kernel.outbox import Outbox
from kernel.workdays import Calendar
from proto.events.v1 import catalog_pb2
from proto.exchange.v1 import exchange_pb2 as wire
from tests.engines.schemas import address

CITIZEN = Principal("citizen-1", frozenset({"citizen"}))
STRANGER = Principal("citizen-2", frozenset({"citizen"}))
HELPED = Principal("citizen-1", frozenset({"citizen"}), actor="helper-1")
WARD = "00004"
FORM: dict[str, Any] = {
    "procedure": "1.004873",
    "revision": 1,
    "schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "full_name": {"type": "string", "minLength": 2, "maxLength": 100},
            "birth_date": {"type": "string", "format": "date"},
            "purpose": {"enum": ["marriage", "other"]},
            "purpose_text": {"type": "string", "minLength": 3},
            "papers": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        },
        "required": ["full_name", "birth_date", "purpose"],
        "allOf": [
            {
                "if": {"properties": {"purpose": {"const": "other"}}, "required": ["purpose"]},
                "then": {"required": ["purpose_text"]},
            }
        ],
    },
    "pages": [],
    "fields": {
        "full_name": {
            "widget": "name",
            "source": "profile.name",
            "errors": {"required": {"vi": "Bạn ghi họ và tên.", "en": "Write the full name."}},
        },
        "birth_date": {"widget": "date", "partial": False, "not_after": "today", "errors": {}},
        "purpose": {"widget": "radios", "errors": {}},
        "purpose_text": {"widget": "text", "errors": {}},
        "papers": {"widget": "files", "errors": {}, "accept": ["application/pdf", "image/jpeg"], "max_files": 3},
    },
}
ANSWERS = {"full_name": "Nguyễn Thị An", "birth_date": "1990-02-28", "purpose": "marriage"}
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\ntrailer\nstartxref\n9\n%%EOF\n"


@dataclass
class World:
    """One service with its parts."""

    desk: Desk
    door: LogDoor
    offsets: dict[str, int] = field(default_factory=dict)

    async def feed(self, topic: str, *messages: tuple[str, str, bytes]) -> None:
        """Apply messages (ce_type, subject, body) as one batch, as the consumer would."""
        apply = {
            "catalog.v1": self.door.catalogue,
            "province.reports.v1": self.door.reports,
            "exchange.events.v1": self.door.exchange,
            "citizen.events.v1": self.door.citizens,
        }[topic]
        records = [self.record(topic, *message) for message in messages]
        async with self.desk.database.begin() as tx:
            await apply(tx, records)

    def record(self, topic: str, kind: str, subject: str, body: bytes) -> Record:
        """Return the next record of a topic."""
        offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        headers = {"ce_type": kind, "subject": subject}
        return Record(Partition(topic, 0), offset, subject, headers, body, self.desk.clock.now())

    async def sent(self) -> list[Any]:
        """Return the outbox, oldest first."""
        async with self.desk.database.read() as tx:
            return list(await tx.all(select(OUTBOX).order_by(OUTBOX.c.id)))

    async def deliveries(self) -> list[wire.Delivery]:
        """Return what is on the lanes."""
        rows = [row for row in await self.sent() if row.topic == "province.deliveries.v1"]
        return [wire.Delivery.FromString(row.body) for row in rows]

    async def file(self, principal: Principal = CITIZEN, **options: Any) -> str:
        """File a dossier with the usual answers; return its code."""
        async with self.desk.database.begin() as tx:
            draft = await open_draft(
                tx=tx, desk=self.desk, principal=principal, procedure="1.004873", place=WARD, **options
            )
        await save_answers(desk=self.desk, principal=principal, token=None, id=draft.id, answers=ANSWERS)
        return await submit_draft(desk=self.desk, principal=principal, token=None, id=draft.id)


@asynccontextmanager
async def world(
    folder: Path, *, clock: Clock | None = None, demo: bool = True, platform: PaymentPlatform | None = None
) -> AsyncIterator[World]:
    """Open a service with a catalogue of one procedure and one ward; without a ``platform`` nothing can be paid."""
    settings = DossierSettings(data=folder, demo=demo, database=address(folder, METADATA))
    database = await Database.open(settings.database_url("dossiers"), METADATA, sink=Outbox(OUTBOX, encode))
    pictures = Pictures()
    desk = Desk(
        database=database,
        clock=clock or Clock(folder / "clock.json"),
        calendar=Calendar.load(),
        files=Files.in_folder(str(folder / "files")),
        settings=settings,
        pictures=pictures,
        platform=platform,
    )
    here = World(desk, LogDoor(desk))
    await here.feed("catalog.v1", *catalogue())
    try:
        yield here
    finally:
        await pictures.close()
        await database.close()


def catalogue() -> list[tuple[str, str, bytes]]:
    """Return the messages of a small catalogue."""
    form = json.dumps(FORM, ensure_ascii=False)
    revision = catalog_pb2.ProcedureRevisionPublished(
        code="1.004873",
        revision=1,
        title="Thủ tục cấp Giấy xác nhận tình trạng hôn nhân",
        plain_title="Xin giấy độc thân",
        fileable=True,
        form_json=form,
        form_digest=digest_of(form),
        competent_level="commune",
        term_json='{"amount":3,"unit":"working_days"}',
    )
    bare = catalog_pb2.ProcedureRevisionPublished(code="1.000001", revision=1, title="Thủ tục khác")
    place = catalog_pb2.PlacePublished(
        ward=WARD,
        name="Phường Ba Đình",
        province="01",
        province_name="Hà Nội",
        lane="H26",
        office="H26.00004",
        office_name="Bộ phận Một cửa phường Ba Đình",
        centre_name="Trung tâm Phục vụ hành chính công Hà Nội",
        version=1,
    )
    return [
        ("procedure_revision_published", "1.004873@1", revision.SerializeToString()),
        ("procedure_revision_published", "1.000001@1", bare.SerializeToString()),
        ("procedure_head_moved", "1.004873", _head("1.004873")),
        ("procedure_head_moved", "1.000001", _head("1.000001")),
        ("place_published", f"place/{WARD}", place.SerializeToString()),
        (
            "participant_published",
            "participant/H26",
            catalog_pb2.ParticipantPublished(id="H26", name="Hà Nội", lanes=["H26"], version=1).SerializeToString(),
        ),
    ]


def _head(code: str) -> bytes:
    return catalog_pb2.ProcedureHeadMoved(code=code, version=1, revision=1).SerializeToString()


@dataclass
class Owner:
    """A province's books for one dossier: numbers its own versions and reports its whole state."""

    code: str
    at: datetime
    participant: str = "H26"
    version: int = 1
    epoch: int = 1
    state: State = State.SUBMITTED
    asks: tuple[Ask, ...] = ()
    due: Appointment | None = None
    results: tuple[FileRef, ...] = ()
    draft_result: FileRef | None = None

    def step(self, type: str, *answers: Answer, state: State | None = None, **changes: Any) -> Report:
        """Take a step; return its report."""
        self.version += 1
        self.at += timedelta(seconds=1)
        self.state = state or self.state
        for name, value in changes.items():
            if name not in ("reason", "note"):
                setattr(self, name, value)
        return sealed(
            self.code,
            Report(
                epoch=self.epoch,
                version=self.version,
                state=self.state,
                occurred_at=self.at,
                digest="",
                step=Step(type, "officer", "H26.00004", "Trần Văn B", changes.get("note", "")),
                asks=self.asks,
                due=self.due,
                results=self.results,
                draft_result=self.draft_result,
                answers=answers,
                reason=changes.get("reason", ""),
            ),
        )

    def message(self, report: Report) -> tuple[str, str, bytes]:
        """Return a report as it lies on province.reports.v1."""
        upward = wire.Upward(subject=self.code, subject_kind="dossier", participant=self.participant)
        upward.report.CopyFrom(report_message(report, list(report.answers)))
        return ("report", self.code, upward.SerializeToString())

    def snapshot(
        self, state: Report, past: list[Report], requests: dict[int, RequestState] | None = None
    ) -> tuple[str, str, bytes]:
        """Return a snapshot whose newest state is ``state``."""
        upward = wire.Upward(subject=self.code, subject_kind="dossier", participant=self.participant)
        whole = upward.snapshot
        whole.state.CopyFrom(report_message(state, list(state.answers)))
        for report in [*past, state]:
            row = report_message(report, [])
            whole.history.add(version=row.version, step=row.step, occurred_at=row.occurred_at, state=row.state)
        for number, answer in (requests or {}).items():
            whole.requests.add(request_no=number, state=answer.value)
        return ("snapshot", self.code, upward.SerializeToString())

    def ask(self, kind: AskKind, text: str = "Bản sao căn cước") -> tuple[Ask, ...]:
        """Return the asks with one more, open."""
        item = AskItem("papers", text, "Ảnh mờ", "NĐ 118/2025/NĐ-CP")
        return (*self.asks, Ask(len(self.asks) + 1, kind, AskState.OPEN, (item,), self.at + timedelta(days=3)))

    def close_asks(self, state: AskState) -> tuple[Ask, ...]:
        """Return the asks with the open ones closed."""
        return tuple(replace(ask, state=state) if ask.state is AskState.OPEN else ask for ask in self.asks)


def sealed(code: str, report: Report) -> Report:
    """Return the report with the digest of its state."""
    return replace(report, digest=state_digest(code, report))


def stamp(at: datetime) -> Timestamp:
    """Return a protobuf time."""
    made = Timestamp()
    made.FromDatetime(at)
    return made
