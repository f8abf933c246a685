"""A search service fed through a real log with the records that the catalogue would publish."""

import asyncio
import contextlib
import csv
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.log import Log, Message, SqliteLog, Topic
from kernel.web import Running
from proto.events.v1 import catalog_pb2 as pb
from search_service.main import build
from search_service.model.answers import Found
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document
from search_service.settings import SearchSettings
from search_service.store.tantivy_index import TantivyIndex

CATALOGUE = Path(__file__).parents[2] / "services_catalog"
CSV = CATALOGUE / "seed" / "procedures.csv"
EVERYDAY = CATALOGUE / "procedures" / "everyday.json"
FILEABLE = {"1.001193", "1.004873", "3.000333"}


def catalogue() -> list[dict[str, str]]:
    with CSV.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def parts(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def documents() -> list[Document]:
    written: dict[str, Any] = json.loads(EVERYDAY.read_text(encoding="utf-8"))["procedures"]
    return [
        Revision(
            code=row["code"],
            revision=1,
            title=row["name"],
            plain_title=written.get(row["code"], {}).get("plain", ["", ""])[0],
            plain_title_en=written.get(row["code"], {}).get("plain", ["", ""])[1],
            everyday=tuple(written.get(row["code"], {}).get("everyday", ())),
            field=row["field"],
            issuer=row["issuer"],
            executors=parts(row["executors"]),
            levels=parts(row["levels"]),
            applicants=parts(row["applicants"]),
            fileable=row["code"] in FILEABLE,
        ).document(Head(row["code"], 1, 1, False, ""))
        for row in catalogue()
    ]


def revision(code: str, number: int = 1, **facts: Any) -> Message:
    body = pb.ProcedureRevisionPublished(code=code, revision=number, **{"title": f"Thủ tục {code}", **facts})
    return message(f"{code}@{number}", "procedure_revision_published", number, body.SerializeToString())


def head(code: str, version: int = 1, number: int = 1, *, withdrawn: bool = False, successor: str = "") -> Message:
    body = pb.ProcedureHeadMoved(code=code, version=version, revision=number, withdrawn=withdrawn, successor=successor)
    return message(code, "procedure_head_moved", version, body.SerializeToString())


def message(subject: str, kind: str, version: int, body: bytes) -> Message:
    headers = {"ce_type": kind, "subject": subject, "subject_version": str(version)}
    return Message("catalog.v1", subject, headers, body)


async def no_keys() -> Mapping[str, Any]:
    return {"keys": []}


@dataclass
class Service:
    """A running search service and what feeds it."""

    running: Running
    log: Log
    client: httpx.AsyncClient

    async def settled(self) -> None:
        for _ in range(3000):
            if all((await self.running.ready()).values()):
                return
            await asyncio.sleep(0.01)
        pytest.fail("not ready after 30 s")

    async def publish(self, *messages: Message) -> None:
        await self.log.append(messages)
        await self.settled()

    async def get(self, path: str, **query: str | int) -> Any:
        answer = await self.client.get(f"/api/search/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids(self, q: str, **query: str | int) -> list[str]:
        return [one["id"] for one in (await self.get("/query", q=q, **query))["results"]]


@contextlib.asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Service]:
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{data / 'log.db'}", [Topic("catalog.v1", compact=True)])
    running = await build(
        SearchSettings(data=data), log=log, clock=Clock(), verifier=Verifier(issuer="test", keys=no_keys)
    )
    tasks = [asyncio.ensure_future(loop()) for loop in running.loops]
    transport = httpx.ASGITransport(app=running.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Service(running, log, client)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await running.close()
        await log.close()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path) as one:
        yield one


@pytest.fixture(scope="session")
def national(tmp_path_factory: pytest.TempPathFactory) -> TantivyIndex:
    """The index of the whole catalogue, built once."""

    async def built() -> TantivyIndex:
        index = await TantivyIndex.open(tmp_path_factory.mktemp("index"))
        await index.rebuild(documents())
        return index

    return asyncio.run(built())


def identities(found: Found) -> list[str]:
    return [hit.document.id for hit in found.hits]


def both(code: str, **facts: Any) -> Iterable[Message]:
    return revision(code, **facts), head(code)
