"""The citizen service over a real database, with events as they come from the log."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from citizen_service import usecases
from citizen_service.clients import EmlFolder, Mail, ReportFolder
from citizen_service.events import applier, encode
from citizen_service.model import Profile
from citizen_service.store import METADATA, OUTBOX
from kernel.clock import Clock, real_now
from kernel.db import Database
from kernel.errors import Text
from kernel.log import Partition, Record
from kernel.outbox import Outbox
from proto.events.v1 import dossier_pb2
from tests.engines.schemas import address, database_engine

__all__ = ["database_engine"]

CODE = "H26-261121-0001"
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # 12:00 in Viet Nam, a Friday


class MovableClock(Clock):
    """A business clock that stands where the test puts it."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at


class Failing:
    """A way out that fails for some addresses."""

    def __init__(self, bad: str) -> None:
        self.bad, self.sent = bad, list[Mail]()

    async def send(self, mail: Mail) -> None:
        if mail.to == self.bad:
            raise OSError("no such mailbox")
        self.sent.append(mail)


def profile(owner: str, language: str = "vi", email: str | None = "") -> Profile:
    return Profile(
        owner=owner,
        name="Nguyễn Thị Ánh",
        birth_date=date(1994, 3, 8),
        gender="female",
        id_number="099194000017",
        nationality="VN",
        ward="00004",
        address="Số 5",
        phone=None,
        email=f"{owner}@motcua.example.invalid" if email == "" else email,
        org=None,
        org_name=None,
        language=language,
        source=Text("Dữ liệu dân cư (BẢN DEMO)", "Population data (DEMO)"),
        as_of=date(2026, 11, 1),
    )


def stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


def record(kind: str, event_no: int, *, body: Any = None, **values: Any) -> Record:
    message = dossier_pb2.DossierChanged(
        code=values.pop("code", CODE),
        event_no=event_no,
        owner=values.pop("owner", "d1"),
        procedure="3.000333",
        received_at=stamp(values.pop("at", NOON)),
        due_at=stamp(values.pop("due", NOON + timedelta(days=10))),
        **values,
    )
    headers = {"ce_type": kind, "subject": message.code, "subject_version": str(event_no)}
    content = message.SerializeToString() if body is None else body
    return Record(Partition("dossier.events.v1", 0), event_no, message.code, headers, content, real_now())


def access(no: int, owner: str = "d1", why: str = "Thẩm định") -> Record:
    message = dossier_pb2.AccessRecorded(
        code=CODE, owner=owner, role="officer", office="H26.00004", why=why, at=stamp(NOON)
    )
    headers = {"ce_type": "access_recorded", "subject": f"{CODE}/access", "subject_version": str(no)}
    return Record(Partition("dossier.events.v1", 0), no, CODE, headers, message.SerializeToString(), real_now())


class Room:
    """The service's parts under test."""

    def __init__(self, database: Database, outbox: Path) -> None:
        self.database, self.outbox = database, outbox
        self.clock = MovableClock(NOON)
        self.transport: Any = EmlFolder(outbox, "Một Cửa <khong-tra-loi@motcua.example.invalid>")
        self._apply = applier(self.clock, lambda: None)

    async def apply(self, *records: Record) -> None:
        async with self.database.begin() as tx:
            await self._apply(tx, records)

    async def send(self) -> int:
        return await usecases.send_due_mail(
            database=self.database, transport=self.transport, clock=self.clock, public_url="https://motcua.example"
        )

    async def returned(self) -> int:
        """Take in what the gateways report."""
        return await usecases.take_reports(
            database=self.database, reports=ReportFolder(self.outbox / "reports"), clock=self.clock
        )

    async def inbox(self, owner: str = "d1") -> list[tuple[int, str]]:
        shown, _ = await usecases.list_notices(database=self.database, owner=owner, before=None, limit=100)
        return [(one.notice.event_no, one.notice.kind.value) for one in reversed(shown)]

    def mails(self) -> list[Path]:
        return sorted(self.outbox.glob("*.eml"))


@pytest.fixture
async def room(database_engine: str, tmp_path: Path) -> AsyncIterator[Room]:
    database = await Database.open(address(tmp_path, METADATA), METADATA, sink=Outbox(OUTBOX, encode))
    await usecases.seed_profiles(database=database, profiles=[profile("d1"), profile("d2", "en")])
    yield Room(database, tmp_path / "outbox")
    await database.close()
