"""Offices on a temporary folder, with real books, a real worker process and real tokens."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from joserfc import jwt
from joserfc.jwk import ECKey

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.workdays import Calendar
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend.events.office import Office
from province_backend.main import Offices, build
from province_backend.settings import OfficeSettings

CODE = "H26-261120-0001"
ISSUER = "http://127.0.0.1:8000/id"
ANSWERS = {"child_name": "Nguyễn Ngọc Ánh", "birth_date": "2026-11-02", "mother_knows": True}


@pytest.fixture(scope="session")
def calendar() -> Calendar:
    return Calendar.load()


@pytest.fixture(scope="session")
def key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "test", "use": "sig"})


@pytest.fixture(scope="session")
def token(key: ECKey) -> Callable[..., str]:
    def make(sub: str = "officer-1", *, roles: tuple[str, ...] = ("officer",), participant: str = "H26") -> str:
        claims = {
            "iss": ISSUER,
            "aud": "motcua",
            "sub": sub,
            "roles": list(roles),
            "participant": participant,
            "exp": int(time.time()) + 900,
        }
        return jwt.encode({"alg": "ES256", "kid": "test"}, claims, key)

    return make


@pytest.fixture
def open_offices(
    tmp_path: Path, calendar: Calendar, key: ECKey
) -> Callable[..., contextlib.AbstractAsyncContextManager[Offices]]:
    @asynccontextmanager
    async def opened(
        pace: float | None = None,
        names: tuple[tuple[str, str], ...] = (("H26", "Thành phố Hà Nội"),),
        run: bool = True,
        staff: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Offices]:
        async def keys() -> dict[str, Any]:
            return {"keys": [key.as_dict(private=False)]}

        clock = Clock(tmp_path / "clock.json")
        offices = await build(
            OfficeSettings(data=tmp_path, staff=staff or {}),
            participants=names,
            clock=clock,
            calendar=calendar,
            verifier=Verifier(issuer=ISSUER, keys=keys),
            pace=pace,
        )
        loops = [asyncio.ensure_future(loop()) for loop in offices.running.loops] if run else []
        try:
            yield offices
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await offices.running.close()

    return opened


def stamp(at: datetime | None = None) -> Timestamp:
    made = Timestamp()
    made.FromDatetime((at or datetime.now(UTC)).astimezone(UTC))
    return made


def handover(code: str = CODE, **more: Any) -> pb.Delivery:
    body = pb.Handover(
        procedure="1.001193",
        revision=1,
        answers_json=json.dumps(ANSWERS),
        submitted_at=stamp(datetime(2026, 11, 20, 8, 40, tzinfo=UTC)),
        office="H26.00004",
        applicant_name="Trần Thị Bích",
        procedure_title="Đăng ký khai sinh",
        term_amount=1,
        term_unit=pb.WORKING_DAYS,
        **more,
    )
    return pb.Delivery(subject=code, subject_kind="dossier", lane="H26", epoch=1, handover=body)


def request(number: int, kind: pb.RequestKind, *, ask_no: int = 0, code: str = CODE, **more: Any) -> pb.Delivery:
    body = pb.Request(request_no=number, kind=kind, ask_no=ask_no, filed_at=stamp(), state="open", **more)
    return pb.Delivery(subject=code, subject_kind="dossier", lane="H26", epoch=1, request_filed=body)


async def reports(office: Office, code: str = CODE) -> list[pb.Report]:
    changes = await office.changes(0, 10_000)
    return [up.report for _, up in changes if up.subject == code and up.WhichOneof("body") == "report"]


async def until_state(office: Office, state: pb.State, *, code: str = CODE, seconds: float = 60) -> list[pb.Report]:
    """Wait until the last report has ``state``; poll by the seam's own wait."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        made = await reports(office, code)
        if made and made[-1].state == state:
            return made
        await office.wait_change(0.5)
    raise AssertionError(f"{code} did not reach {pb.State.Name(state)}: {[r.step.type for r in made]}")
