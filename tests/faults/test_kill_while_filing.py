"""The crash test: 300 dossiers filed at once through the gateway while the process is killed five times."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.running import Portal

DOSSIERS = 300
KILLS = 5
AT_ONCE = 12


async def _insist(client: httpx.AsyncClient, method: str, path: str, body: object, stop_at: float) -> httpx.Response:
    """Repeat a call that is safe to repeat until the portal answers it."""
    while True:
        try:
            answer = await client.request(method, path, json=body)
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
        except httpx.HTTPError:
            pass
        if time.monotonic() > stop_at:
            raise AssertionError(f"{method} {path} got no answer")
        await asyncio.sleep(0.2)


async def _file(client: httpx.AsyncClient, case: dict[str, Any], number: int, stop_at: float) -> str:
    key = {"Idempotency-Key": f"crash-{number}"}
    client.headers.update(key)
    body = {"procedure": "1.004873", "place": case["place"]}
    while True:
        opened = await _insist(client, "POST", "/api/dossiers/v1/drafts", body, stop_at)
        assert opened.status_code == 201, opened.text
        draft = opened.json()["id"]
        path = f"/api/dossiers/v1/drafts/{draft}"
        saved = await _insist(client, "PATCH", path, {"answers": case["answers"]}, stop_at)
        assert saved.status_code in (200, 409), saved.text
        sent = await _insist(client, "POST", f"{path}/submit", {}, stop_at)
        assert sent.status_code in (200, 201), sent.text
        return str(sent.json()["code"])


async def _file_all(portal: Portal, case: dict[str, Any], stop_at: float) -> list[str]:
    places = asyncio.Queue[int]()
    for number in range(DOSSIERS):
        places.put_nowait(number)
    codes: list[str] = []

    async def work() -> None:
        while not places.empty():
            number = places.get_nowait()
            async with httpx.AsyncClient(
                base_url=portal.url, timeout=10, headers={"Authorization": f"Bearer {portal.token('citizen-1')}"}
            ) as client:
                codes.append(await _file(client, case, number, stop_at))

    async def kill() -> None:
        dice = random.Random(20261121)
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.5, 3.0))
            await asyncio.to_thread(portal.kill)
            await asyncio.to_thread(portal.start)

    killing = asyncio.create_task(kill())
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await killing
    return codes


def test_no_acknowledged_dossier_is_lost_or_doubled(new_portal: Callable[..., Portal]) -> None:
    portal = new_portal(pace="0").start()
    with portal.client("citizen-1") as client:
        case = portal.example(client, "1.004873")
    codes = asyncio.run(_file_all(portal, case, time.monotonic() + 200))
    assert len(codes) == len(set(codes)) == DOSSIERS
    with portal.client("citizen-1") as client:
        for code in codes:
            portal.until_status(client, code, 10, seconds=90)
    portal.check()
