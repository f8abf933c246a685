"""Fault test 8: nonsense of every kind arrives; each is set aside once with its reason and everything else goes on."""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp

from dossier_service.model.dossier import Report, Step, state_digest
from dossier_service.model.states import State
from kernel.clock import real_now
from kernel.digest import instant
from kernel.log import Message, SqliteLog
from motcua.topics import TOPICS
from proto.exchange.v1 import exchange_pb2 as pb
from tests.running import Portal, until

REPORTS = "province.reports.v1"
PLACES = {"H26": "00004", "H17": "20242"}


def _message(code: str, body: bytes, number: int) -> Message:
    headers = {
        "ce_id": uuid.uuid4().hex,
        "ce_type": "report_received",
        "ce_source": "exchange",
        "ce_time": instant(real_now()),
        "subject": code,
        "subject_version": str(number),
    }
    return Message(REPORTS, code, headers, body)


def _upward(code: str, lane: str, *, state: int, version: int = 2, digest: str = "") -> bytes:
    now = Timestamp()
    now.FromDatetime(real_now())
    report = pb.Report(epoch=1, version=version, state=state, occurred_at=now, digest=digest)  # type: ignore[arg-type]
    report.step.CopyFrom(pb.HistoryStep(type="decided", actor_role="officer", office=lane))
    upward = pb.Upward(subject=code, subject_kind="dossier", participant=lane, received_at=now, report=report)
    return upward.SerializeToString()


def _skipping(code: str, lane: str) -> bytes:
    """A well-made report that jumps from submitted to returned."""
    said = Report(
        epoch=1,
        version=2,
        digest="",
        state=State.RETURNED,
        occurred_at=real_now(),
        step=Step(type="returned"),
        asks=(),
        results=(),
    )
    return _upward(code, lane, state=pb.RETURNED, digest=state_digest(code, said))


async def _append(data: Path, messages: list[Message]) -> None:
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{data}/log.db", TOPICS)
    try:
        await log.append(messages)
    finally:
        await log.close()


def _flip_last_body(data: Path, code: str) -> None:
    with sqlite3.connect(data / "log.db", isolation_level=None) as log:
        offset, partition, body = log.execute(
            'SELECT "offset", "partition", body FROM entry WHERE topic = ? AND key = ? ORDER BY "offset" DESC',
            (REPORTS, code),
        ).fetchone()
        flipped = bytes([body[0] ^ 0xFF]) + body[1:]
        log.execute(
            'UPDATE entry SET body = ? WHERE topic = ? AND "partition" = ? AND "offset" = ?',
            (flipped, REPORTS, partition, offset),
        )
    log.close()


def _set_aside(data: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    base = sqlite3.connect(f"file:{data}/services/dossiers.db?mode=ro", uri=True)
    for subject, reason in base.execute("SELECT subject, reason FROM quarantine ORDER BY id"):
        found.setdefault(subject, []).append(reason)
    base.close()
    return found


def test_poison_is_set_aside_once_and_nothing_else_waits(new_portal: Callable[..., Portal]) -> None:
    portal = new_portal(pace="off", offices=",".join(PLACES)).start()
    with portal.client("citizen-1") as client:
        names = ("undecodable", "unknown_state", "skipping", "foreign", "flipped")
        codes = {name: portal.file_dossier(client, "1.004873", place=PLACES["H26"]) for name in names}
        codes["healthy"] = portal.file_dossier(client, "1.004873", place=PLACES["H17"])
        huge = client.post("/api/dossiers/v1/drafts", content=json.dumps({"procedure": "x" * 5 * 1024 * 1024}))
        assert huge.status_code == 413
    portal.kill()
    bodies = {
        "undecodable": b"\xff\xff\xff not a protobuf",
        "unknown_state": _upward(codes["unknown_state"], "H26", state=99),
        "skipping": _skipping(codes["skipping"], "H26"),
        "foreign": _upward(codes["foreign"], "H17", state=pb.ACCEPTED),
        "flipped": _upward(codes["flipped"], "H26", state=pb.ACCEPTED),
    }
    asyncio.run(_append(portal.data, [_message(codes[name], body, 2) for name, body in bodies.items()]))
    _flip_last_body(portal.data, codes["flipped"])
    portal.pace = "0"
    portal.start()
    with portal.client("citizen-1") as client:
        for code in codes.values():
            portal.until_status(client, code, 10, seconds=60)
    until(lambda: {codes[name] for name in bodies} <= _set_aside(portal.data).keys(), what="all are set aside")
    aside = _set_aside(portal.data)
    assert {name: len(aside[codes[name]]) for name in bodies} == dict.fromkeys(bodies, 1), aside
    assert all(reasons[0] for reasons in aside.values())
    assert codes["healthy"] not in aside
    listed = portal.command("events", "list").stdout
    assert all(codes[name] in listed for name in bodies), listed
    portal.check()
