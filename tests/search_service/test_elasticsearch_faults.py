"""Elasticsearch killed, away, emptied: people are told, nothing is missing afterwards."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from motcua.cluster.engines import Elasticsearch
from tests.engines.shared import start
from tests.ports import free_port
from tests.search_service.conftest import Service, both, serving

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    """A node that may be killed."""
    one = Elasticsearch(tmp_path_factory.mktemp("node"), free_port())
    start(one)
    yield one
    one.kill()


@pytest.fixture
def prefix() -> str:
    """Indexes of each test's own: tests share a node, in any order."""
    return f"faults-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def served(node: Elasticsearch, prefix: str, tmp_path: Path) -> AsyncIterator[Service]:
    async with serving(tmp_path, elasticsearch=node.url, elasticsearch_prefix=prefix) as service:
        yield service


async def eventually(service: Service, wanted: dict[str, bool]) -> None:
    for _ in range(600):
        if await service.running.ready() == wanted:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"still {await service.running.ready()}")


async def test_what_was_written_while_the_node_was_killed_is_there_afterwards(
    node: Elasticsearch, served: Service, prefix: str
) -> None:
    await served.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    for number in range(2, 40):
        await served.log.append(list(both(f"1.0000{number:02}", title=f"Cấp phép nuôi voi số {number}")))
        if number == 20:
            node.kill()
            answer = await served.client.get("/api/search/v1/query", params={"q": "nuôi voi"})
            assert (answer.status_code, answer.json()["code"]) == (503, "search_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert (await served.client.get("/api/search/v1/suggest", params={"q": "nuôi"})).status_code == 503
    await eventually(served, {"catalogue": True, "index": False})
    await asyncio.to_thread(node.start)
    await served.settled()
    assert (await served.get("/query", q="nuôi voi", page_size=100))["total"] == 39
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{node.url}/{prefix}-documents/_count")).json()["count"] == 39


async def test_a_node_that_is_away_at_the_start_is_waited_for(node: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    node.kill()
    async with serving(tmp_path, elasticsearch=node.url, elasticsearch_prefix=prefix) as service:
        await service.log.append(list(both("1.000001", title="Cấp phép nuôi voi")))
        await eventually(service, {"catalogue": True, "index": False})
        assert (await service.client.get("/api/search/v1/query", params={"q": ""})).status_code == 503
        await asyncio.to_thread(node.start)
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]


async def test_an_emptied_node_is_noticed_and_filled_again(node: Elasticsearch, served: Service) -> None:
    await served.publish(*(m for n in range(1, 10) for m in both(f"1.00000{n}", title=f"Nuôi voi số {n}")))
    node.kill()
    shutil.rmtree(node.folder / "elasticsearch" / "data")
    await eventually(served, {"catalogue": True, "index": False})
    await asyncio.to_thread(node.start)
    await served.settled()
    assert (await served.get("/query", q="nuôi voi"))["total"] == 9


async def test_documents_lost_from_the_index_are_put_in_again(
    node: Elasticsearch, served: Service, prefix: str
) -> None:
    await served.publish(*(m for n in range(1, 10) for m in both(f"1.00000{n}", title=f"Nuôi voi số {n}")))
    async with httpx.AsyncClient() as client:
        gone = await client.delete(f"{node.url}/{prefix}-documents/_doc/1.000003", params={"refresh": "true"})
        assert gone.status_code == 200
    for _ in range(400):
        if (await served.get("/query", q="nuôi voi"))["total"] == 9 and await _there(node, prefix, "1.000003"):
            return
        await asyncio.sleep(0.05)
    found = (await served.get("/query", q="nuôi voi"))["total"]
    pytest.fail(f"found {found} of 9; there: {await _there(node, prefix, '1.000003')}; {await served.running.ready()}")


async def _there(node: Elasticsearch, prefix: str, identity: str) -> bool:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{node.url}/{prefix}-documents/_doc/{identity}")).status_code == 200
