"""A search service fed through a real log with the records that the catalogue would publish."""

import asyncio
import contextlib
import csv
import json
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.log import Log, Message, SqliteLog, Topic
from kernel.web import Running
from motcua.assembly import end
from proto.events.v1 import catalog_pb2 as pb
from search_service.main import build, open_index
from search_service.model.answers import Filters, Found
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document
from search_service.model.rating import Question, Rated
from search_service.settings import SearchSettings
from search_service.store.index import Index
from search_service.usecases.rating import rate_index

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


def information(identity: str, version: int = 1, **facts: Any) -> Message:
    """Return the message of ``kind/id``."""
    kind, _, id = identity.partition("/")
    body = pb.InformationPublished(kind=kind, id=id, version=version, **{"title": identity, **facts})
    return message(f"information/{identity}", "information_published", version, body.SerializeToString())


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
async def serving(data: Path, **engine: str) -> AsyncIterator[Service]:
    """Serve over ``data``; ``engine`` are more settings (which Elasticsearch, under which prefix)."""
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{data / 'log.db'}", [Topic("catalog.v1", compact=True)])
    running = await build(
        SearchSettings(data=data, **engine),  # type: ignore[arg-type]
        log=log,
        clock=Clock(),
        verifier=Verifier(issuer="test", keys=no_keys),
    )
    tasks = [asyncio.ensure_future(loop()) for loop in running.loops]
    transport = httpx.ASGITransport(app=running.app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Service(running, log, client)
    finally:
        await end(tasks)
        await running.close()
        await log.close()


ENGINES = ["tantivy", pytest.param("elasticsearch", marks=pytest.mark.xdist_group("elasticsearch"))]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings of one engine; of Elasticsearch under a prefix of the test's own, deleted afterwards."""
    if request.param == "tantivy":
        yield {}
        return
    url, prefix = request.getfixturevalue("elasticsearch_url"), f"t{uuid.uuid4().hex[:12]}"
    yield {"elasticsearch": url, "elasticsearch_prefix": prefix}
    delete_indexes(url, prefix)


def delete_indexes(url: str, prefix: str) -> None:
    """Delete what a test left."""
    with contextlib.suppress(httpx.HTTPError):
        for name in httpx.get(f"{url}/{prefix}-*/_alias").json():
            httpx.delete(f"{url}/{name}")


@pytest.fixture
async def service(tmp_path: Path, engine: dict[str, str]) -> AsyncIterator[Service]:
    async with serving(tmp_path, **engine) as one:
        await one.settled()
        yield one


async def filled(index: Index, *batches: Iterable[Document]) -> int:
    """Build ``index`` anew of ``batches``."""
    found: set[str] = set()

    async def given() -> AsyncIterator[list[Document]]:
        for batch in batches:
            documents = list(batch)
            found.update(one.id for one in documents)
            yield documents

    async def expected() -> int:
        return len(found)

    return await index.rebuild(given(), expected=expected)


class National:
    """An index of the whole catalogue, asked without ``await``."""

    def __init__(self, settings: SearchSettings) -> None:
        self._runner = asyncio.Runner()
        self.index = self._runner.run(open_index(settings))
        self._runner.run(filled(self.index, documents()))

    def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        return self._runner.run(self.index.search(text, filters, offset=offset, limit=limit))

    def suggest(self, text: str, limit: int) -> list[Document]:
        return self._runner.run(self.index.suggest(text, limit))

    def rate(self, asked: Sequence[Question]) -> list[Rated]:
        return self._runner.run(rate_index(index=self.index, questions=asked))

    def count(self) -> int:
        return self.index.count()

    def close(self) -> None:
        self._runner.run(self.index.close())
        self._runner.close()


@pytest.fixture(scope="session")
def on_tantivy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[National]:
    national = National(SearchSettings(data=tmp_path_factory.mktemp("data")))
    yield national
    national.close()


@pytest.fixture(scope="session")
def on_elasticsearch(tmp_path_factory: pytest.TempPathFactory, elasticsearch_url: str) -> Iterator[National]:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    data = tmp_path_factory.mktemp("data")
    national = National(SearchSettings(data=data, elasticsearch=elasticsearch_url, elasticsearch_prefix=prefix))
    yield national
    national.close()
    delete_indexes(elasticsearch_url, prefix)


@pytest.fixture(scope="session", params=ENGINES)
def national(request: pytest.FixtureRequest) -> National:
    """The index of the whole catalogue, built once for each engine."""
    found: National = request.getfixturevalue(f"on_{request.param}")
    return found


def identities(found: Found) -> list[str]:
    return [hit.document.id for hit in found.hits]


def both(code: str, **facts: Any) -> Iterable[Message]:
    return revision(code, **facts), head(code)
