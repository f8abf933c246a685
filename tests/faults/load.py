"""Filings that go on while something is killed: every answer that was given is remembered."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.running import Front

PROCEDURE = "1.004873"


class Load:
    """Files dossier after dossier as citizen-1, ``at_once`` side by side, insisting until each is acknowledged."""

    def __init__(self, portal: Front, *, at_once: int = 3) -> None:
        self._portal = portal
        self._at_once = at_once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._case: dict[str, Any] = {}
        self.codes: list[str] = []
        self.refused: list[int] = []
        self.broken: list[str] = []

    def begin(self) -> None:
        """Start filing."""
        with self._portal.client("citizen-1") as client:
            self._case = self._portal.example(client, PROCEDURE)
        self._thread.start()

    def end(self) -> None:
        """Let what is under way be acknowledged, then stop."""
        self._stopping.set()
        self._thread.join(180)
        assert not self._thread.is_alive(), "a filing is never acknowledged"

    def until_more(self, count: int, *, seconds: float = 60.0) -> None:
        """Wait until ``count`` more dossiers were acknowledged."""
        wanted, end = len(self.codes) + count, time.monotonic() + seconds
        while len(self.codes) < wanted:
            assert time.monotonic() < end, (
                f"{len(self.codes)} of {wanted} filed; {self.refused[-3:]} {self.broken[-1:]}"
            )
            time.sleep(0.05)

    async def _run(self) -> None:
        await asyncio.gather(*(self._file_on(worker) for worker in range(self._at_once)))

    async def _file_on(self, worker: int) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            key = f"load-{id(self)}-{worker}-{number}"
            headers = {"Authorization": f"Bearer {self._portal.token('citizen-1')}", "Idempotency-Key": key}
            async with httpx.AsyncClient(base_url=self._portal.url, timeout=15, headers=headers) as client:
                self.codes.append(await self._file(client))

    async def _file(self, client: httpx.AsyncClient) -> str:
        body = {"procedure": PROCEDURE, "place": self._case["place"]}
        draft = (await self._insist(client, "POST", "/api/dossiers/v1/drafts", body))["id"]
        path = f"/api/dossiers/v1/drafts/{draft}"
        await self._insist(client, "PATCH", path, {"answers": self._case["answers"]})
        return str((await self._insist(client, "POST", f"{path}/submit", {}))["code"])

    async def _insist(self, client: httpx.AsyncClient, method: str, path: str, body: object) -> dict[str, Any]:
        while True:
            try:
                answer = await client.request(method, path, json=body)
            except httpx.HTTPError:
                await asyncio.sleep(0.3)
                continue
            if answer.status_code in (200, 201):
                return dict(answer.json())
            if answer.status_code == 409 and method == "PATCH":
                return {}  # the draft was saved or filed by the call whose answer was lost
            self.refused.append(answer.status_code)
            if answer.status_code not in (429, 502, 503, 504):
                self.broken.append(f"{method} {path.partition('/drafts')[0]} {answer.status_code} {answer.text[:300]}")
                raise AssertionError(self.broken[-1])
            await asyncio.sleep(0.3)


@contextmanager
def filing(portal: Front, *, at_once: int = 3) -> Iterator[Load]:
    """Have dossiers filed while the block runs; in the end every one of them is acknowledged."""
    load = Load(portal, at_once=at_once)
    load.begin()
    try:
        yield load
    finally:
        load.end()
    assert not load.broken, load.broken
