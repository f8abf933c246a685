"""An exchange with real TLS, a real log and a small nation behind it; adapters with real journals before it."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from exchange import main as exchange_main
from exchange.settings import ExchangeSettings
from exchange.store import METADATA
from kernel.auth import Verifier
from kernel.clock import Clock, real_now
from kernel.files import Files
from kernel.log import Log, Message, Partition, Record, SqliteLog
from kernel.web import Running
from motcua.assembly import end
from motcua.pki import Authority
from motcua.topics import TOPICS
from proto.events.v1 import dossier_pb2
from proto.events.v1 import exchange_pb2 as events_pb2
from proto.exchange.v1 import exchange_pb2
from province_adapter import main as adapter_main
from province_adapter.adapter import Adapter
from province_adapter.connectors.reference import ReferenceConnector
from province_adapter.settings import AdapterSettings
from tests.engines.schemas import address
from tests.exchange.office import Office, state_digest
from tests.ports import free_port

FAST: dict[str, object] = {
    "exchange_watch_every": 0.1,
    "exchange_seen_every": 0.3,
    "exchange_journal_grace": 1.0,
    "exchange_resync_settle": 0.2,
    "exchange_resync_every": 0.2,
    "exchange_redelivery_repeat": 5.0,
    "exchange_compare_timeout": 10.0,
}
QUICK: dict[str, object] = {
    "reconnect_first": 0.05,
    "reconnect_longest": 0.5,
    "retry_first": 0.05,
    "retry_longest": 0.5,
}


async def until(look: Callable[[], object | Awaitable[object]], *, seconds: float = 60.0, what: str = "") -> object:
    """Return the first truthy answer; fail after ``seconds``."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = look()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        if loop.time() > end:
            raise AssertionError(f"did not happen in {seconds} s: {what or look}")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def loops(running: Running) -> AsyncIterator[Running]:
    """Run a service's loops while inside; close it after."""
    tasks = [asyncio.ensure_future(loop()) for loop in running.loops]
    try:
        yield running
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()
    finally:
        await end(tasks)
        await running.close()


async def no_keys() -> dict[str, object]:
    return {"keys": []}


@dataclass
class Nation:
    """dossier_service in miniature: owns the states, answers what the exchange asks for."""

    log: Log
    states: dict[str, exchange_pb2.Report] = field(default_factory=dict)
    lanes: dict[str, str] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    reports: list[exchange_pb2.Upward] = field(default_factory=list)
    told: list[tuple[str, Record]] = field(default_factory=list)

    def kinds(self, kind: str) -> list[Record]:
        return [record for each, record in self.told if each == kind]

    async def file(self, lane: str, codes: Sequence[str], files: Sequence[exchange_pb2.FileRef] = ()) -> None:
        """Submit dossiers on ``lane``."""
        messages = []
        for code in codes:
            self.lanes[code] = lane
            state = exchange_pb2.Report(epoch=1, version=1, state=exchange_pb2.SUBMITTED)
            state.digest = state_digest(code, 1, 1, "SUBMITTED")
            self.states[code] = state
            handover = exchange_pb2.Handover(procedure="1.004873", revision=1, answers_json='{"a":1}', files=files)
            messages += [self._changed(code, "dossier_submitted"), self.delivery(code, handover=handover)]
        await self.log.append(messages)

    def delivery(self, code: str, **body: object) -> Message:
        delivery = exchange_pb2.Delivery(
            subject=code,
            subject_kind="dossier",
            lane=self.lanes[code],
            epoch=1,
            **body,  # type: ignore[arg-type]
        )
        return message("province.deliveries.v1", code, "delivery_made", 1, delivery.SerializeToString())

    def _changed(self, code: str, kind: str) -> Message:
        self.events[code] = self.events.get(code, 0) + 1
        state = self.states[code]
        changed = dossier_pb2.DossierChanged(
            code=code,
            event_no=self.events[code],
            lane=self.lanes[code],
            epoch=state.epoch,
            version=state.version,
            state=exchange_pb2.State.Name(state.state).lower(),
            state_digest=state.digest,
        )
        return message("dossier.events.v1", code, kind, self.events[code], changed.SerializeToString())

    async def listen(self) -> None:
        """Apply reports by version, answer redelivery_wanted by a snapshot."""
        reader = self.log.reader()
        starts: dict[Partition, int] = {}
        for topic in ("province.reports.v1", "exchange.events.v1"):
            starts |= await self.log.starts(topic)
        await reader.assign(starts)
        while True:
            out = []
            for record in await reader.poll(timeout=0.5):
                if record.partition.topic == "province.reports.v1":
                    out += self._apply(exchange_pb2.Upward.FromString(record.body))
                else:
                    kind = record.headers["ce_type"]
                    self.told.append((kind, record))
                    if kind == "redelivery_wanted":
                        out += self._redeliver(events_pb2.RedeliveryWanted.FromString(record.body).subject)
            if out:
                await self.log.append(out)

    def _apply(self, upward: exchange_pb2.Upward) -> list[Message]:
        self.reports.append(upward)
        state = self.states.get(upward.subject)
        if state is None or upward.report.version != state.version + 1:
            return []
        self.states[upward.subject] = upward.report
        return [self._changed(upward.subject, "state_reported")]

    def _redeliver(self, code: str) -> list[Message]:
        if code not in self.states:
            return []
        snapshot = exchange_pb2.Snapshot(state=self.states[code])
        return [self.delivery(code, snapshot=snapshot)]


def message(topic: str, key: str, kind: str, version: int, body: bytes) -> Message:
    headers = {
        "ce_id": uuid.uuid4().hex, "ce_type": kind, "ce_source": "test", "ce_time": real_now().isoformat(),
        "subject": key, "subject_version": str(version),
    }  # fmt: skip
    return Message(topic, key, headers, body)


@dataclass
class Country:
    """Everything a test needs."""

    folder: Path
    log: Log
    nation: Nation
    files: Files
    authority: Authority
    exchange: exchange_main.Exchange
    port: int

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def office(self, lane: str, *, working: bool = True) -> Office:
        home = self.folder / "provinces" / lane
        home.mkdir(parents=True, exist_ok=True)
        return Office(home / "office.db", working=working)

    @asynccontextmanager
    async def adapter(
        self, lane: str, office: Office, *, target: str = "", home: Path | None = None, certificate: str = "",
        **extra: object,
    ) -> AsyncIterator[Adapter]:  # fmt: skip
        participant = certificate or lane
        settings = AdapterSettings.model_validate(
            {"data": self.folder, "participant": participant, "lane": lane, "folder": home} | QUICK | extra
        )
        running = await adapter_main.build(
            settings,
            connector=ReferenceConnector(office),
            credentials=self.authority.participant_certificate(participant).channel_credentials(),
            target=target or self.target,
        )
        adapter = running.loops[0].__self__  # type: ignore[attr-defined]  # a bound method of the adapter
        async with loops(running):
            yield adapter


@asynccontextmanager
async def country(folder: Path, *, over: Log | None = None, **extra: object) -> AsyncIterator[Country]:
    """Start a nation with its exchange; over a log that is given the nation only files and does not listen."""
    log = over or await SqliteLog.open(f"sqlite+aiosqlite:///{folder / 'log.db'}", TOPICS)
    authority = Authority.open(folder / "pki")
    files = Files.in_folder(str(folder / "files"))
    settings = ExchangeSettings.model_validate(
        {"data": folder, "exchange_port": free_port(), "database": address(folder, METADATA)} | FAST | extra
    )
    running = await exchange_main.build(
        settings, log=log, clock=Clock(), verifier=Verifier(issuer="http://x/id", keys=no_keys), files=files,
        calendar_version="test", credentials=authority.server_certificate().server_credentials(), sign=authority.sign,
    )  # fmt: skip
    nation = Nation(log)
    listening = asyncio.create_task(nation.listen() if over is None else asyncio.Event().wait())
    exchange: exchange_main.Exchange = running.app.state.exchange  # type: ignore[attr-defined]  # a FastAPI app
    try:
        async with loops(running):
            yield Country(folder, log, nation, files, authority, exchange, settings.exchange_port)
            if listening.done():
                listening.result()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await log.close()
