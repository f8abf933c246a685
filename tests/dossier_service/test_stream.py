"""The live timeline over server-sent events."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dossier_service.model.states import State
from dossier_service.usecases.reading import follow
from tests.dossier_service.door import Door, door, token
from tests.dossier_service.world import CITIZEN, Owner

pytestmark = pytest.mark.usefixtures("database_engine")


async def listen(it: Door, code: str, last: str | None, ids: asyncio.Queue[str]) -> None:
    """Put the ids of the events of a dossier into ``ids`` until cancelled."""
    headers = [(b"authorization", f"Bearer {token('citizen-1')}".encode())]
    if last:
        headers.append((b"last-event-id", last.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/api/dossiers/v1/dossiers/{code}/stream",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            for line in message["body"].decode().splitlines():
                if line.startswith("id: "):
                    ids.put_nowait(line[4:])

    await it.app(scope, receive, send)


async def test_the_stream_tells_each_change_and_continues(tmp_path: Path) -> None:
    async with door(tmp_path) as it:
        code = await it.here.file()
        owner = Owner(code, it.here.desk.clock.now())
        ids: asyncio.Queue[str] = asyncio.Queue()
        first = asyncio.create_task(listen(it, code, None, ids))
        assert await asyncio.wait_for(ids.get(), 30) == "1"
        await it.here.feed("province.reports.v1", owner.message(owner.step("accepted", state=State.ACCEPTED)))
        assert [await asyncio.wait_for(ids.get(), 30) for _ in range(2)] == ["2", "3"]
        first.cancel()
        again = asyncio.create_task(listen(it, code, "1", ids))
        assert [await asyncio.wait_for(ids.get(), 30) for _ in range(2)] == ["2", "3"]
        again.cancel()
        await asyncio.gather(first, again, return_exceptions=True)


@pytest.mark.parametrize("after", [50, 10**20])
async def test_an_event_that_has_not_happened_counts_as_the_newest(tmp_path: Path, after: int) -> None:
    async with door(tmp_path) as it:
        code = await it.here.file()
        owner = Owner(code, it.here.desk.clock.now())
        rows = aiter(follow(desk=it.here.desk, principal=CITIZEN, code=code, after=after))
        following = asyncio.ensure_future(anext(rows))
        done, _ = await asyncio.wait([following], timeout=0.5)
        assert not done
        await it.here.feed("province.reports.v1", owner.message(owner.step("accepted", state=State.ACCEPTED)))
        assert (await asyncio.wait_for(following, 10)).n == 2
