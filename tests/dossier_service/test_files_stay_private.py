"""Personal files leave nothing behind on a shared telephone: no cache keeps them, whichever route sends them."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import httpx
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from dossier_service import api
from dossier_service.store.files import key_of
from kernel.digest import digest_bytes
from tests.dossier_service.door import door
from tests.dossier_service.world import ANSWERS, PDF, WARD

SENDS_EVENTS = {"/dossiers/{code}/stream"}
SENDS_FILES = {"/drafts/{id}/files/{sha256}", "/dossiers/{code}/files/{sha256}", "/exemptions/{code}/photo"}
DRAFT = {"procedure": "1.004873", "place": WARD}


def streaming() -> set[str]:
    """Return the paths whose handlers send bytes."""
    doors = (import_module(f"{api.__name__}.{found.name}") for found in pkgutil.iter_modules(api.__path__))
    return {
        route.path
        for door in doors
        for route in getattr(door, "ROUTER", APIRouter()).routes
        if isinstance(route, APIRoute) and get_type_hints(route.endpoint).get("return") is StreamingResponse
    }


def stays_private(answer: httpx.Response) -> bool:
    kept = answer.headers["cache-control"]
    return answer.status_code == 200 and "no-store" in kept and "max-age" not in kept and "etag" not in answer.headers


def test_every_route_that_sends_a_file_is_known_to_this_test() -> None:
    assert streaming() - SENDS_EVENTS == SENDS_FILES


async def test_a_file_of_a_draft_is_shown_to_its_holder_alone_and_kept_by_no_cache(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client() as nobody:
        draft = (await nobody.post("/drafts", json=DRAFT)).json()
        mine = {"draft-token": draft["token"]}
        sent = await nobody.post(f"/drafts/{draft['id']}/files", files={"file": ("giấy.pdf", PDF)}, headers=mine)
        path = f"/drafts/{draft['id']}/files/{sent.json()['sha256']}"
        got = await nobody.get(path, headers=mine)
        assert stays_private(got) and got.content == PDF
        assert got.headers["content-disposition"].startswith("inline;")
        assert (await nobody.get(path)).status_code == 404
        assert (await nobody.get(f"/drafts/{draft['id']}/files/{'a' * 64}", headers=mine)).status_code == 404


async def test_files_of_a_dossier_are_kept_by_no_cache(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        draft = (await client.post("/drafts", json=DRAFT)).json()
        sha256 = (await client.post(f"/drafts/{draft['id']}/files", files={"file": ("a.pdf", PDF)})).json()["sha256"]
        answers = {**ANSWERS, "papers": [sha256]}
        await client.patch(f"/drafts/{draft['id']}", json={"answers": answers})
        code = (await client.post(f"/drafts/{draft['id']}/submit")).json()["code"]
        assert await it.here.desk.files.size(key_of(code, digest_bytes(PDF))) == len(PDF)
        assert stays_private(await client.get(f"/dossiers/{code}/files/{sha256}"))
