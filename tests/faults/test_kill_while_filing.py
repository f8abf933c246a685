"""The crash test: 300 dossiers filed at once through the gateway while the process is killed five times.

`make test` runs a short one, 60 dossiers and two kills; the slow drills run the whole one on the real engines, and at
greater lengths on the embedded ones too.
"""

import asyncio
import os
import random
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.running import Portal

WHOLE, SHORT = (300, 5), (60, 2)
AT_ONCE = 12
PATIENCE = 600.0
CASES = [
    pytest.param("embedded", SHORT, id="embedded-short"),
    pytest.param("postgres+kafka", WHOLE, id="postgres+kafka", marks=pytest.mark.slow),
]
if os.environ.get("MOTCUA_LENGTH", "short") != "short":
    CASES.append(pytest.param("embedded", WHOLE, id="embedded", marks=pytest.mark.slow))


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


async def _file_all(portal: Portal, case: dict[str, Any], *, dossiers: int, kills: int) -> list[str]:
    stop_at = time.monotonic() + PATIENCE
    places = asyncio.Queue[int]()
    for number in range(dossiers):
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
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(0.5, 3.0))
            await asyncio.to_thread(portal.kill)
            await asyncio.to_thread(portal.start)

    killing = asyncio.create_task(kill())
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await killing
    return codes


@pytest.mark.parametrize(("new_portal", "size"), CASES, indirect=["new_portal"])
def test_no_acknowledged_dossier_is_lost_or_doubled(new_portal: Callable[..., Portal], size: tuple[int, int]) -> None:
    dossiers, kills = size
    portal = new_portal(pace="0").start()
    with portal.client("citizen-1") as client:
        case = portal.example(client, "1.004873")
    codes = asyncio.run(_file_all(portal, case, dossiers=dossiers, kills=kills))
    assert len(codes) == len(set(codes)) == dossiers
    with portal.client("citizen-1") as client:
        for code in codes:
            portal.until_status(client, code, 10, seconds=90)
    portal.check()
