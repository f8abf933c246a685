"""The wallet: papers and results where they lie, each once, for their owner alone, used again under the same digest."""

from pathlib import Path
from typing import Any

import httpx

from dossier_service.model.dossier import FileRef
from dossier_service.store import files
from kernel.digest import digest_bytes
from tests.dossier_service.door import Door, door, token
from tests.dossier_service.world import ANSWERS, PDF, WARD

SHA = digest_bytes(PDF)


async def draft(client: httpx.AsyncClient) -> str:
    return str((await client.post("/drafts", json={"procedure": "1.004873", "place": WARD})).json()["id"])


async def file_with_paper(client: httpx.AsyncClient) -> str:
    id = await draft(client)
    await client.post(f"/drafts/{id}/files", files={"file": ("giay.pdf", PDF, "application/pdf")})
    await client.patch(f"/drafts/{id}", json={"answers": ANSWERS | {"papers": [SHA]}})
    return str((await client.post(f"/drafts/{id}/submit", json={})).json()["code"])


async def give_result(it: Door, code: str, data: bytes = b"%PDF-1.4 result") -> str:
    """Put a result beside a dossier, as a report does."""
    desk, sha256 = it.here.desk, digest_bytes(data)
    await desk.files.put(files.key_of(code, sha256), data)
    ref = FileRef(sha256, len(data), "application/pdf", "ket-qua.pdf")
    async with desk.database.begin() as tx:
        await files.add(tx, [(code, ref, "result", desk.clock.now())])
    return sha256


async def wallet(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/papers", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def test_papers_and_results_are_listed_for_their_owner_alone(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as one, it.client("citizen-2") as other:
        code = await file_with_paper(one)
        result = await give_result(it, code)
        assert [(row["kind"], row["sha256"]) for row in await wallet(one)] == [("result", result), ("paper", SHA)]
        assert [row["sha256"] for row in await wallet(one, kind="paper")] == [SHA]
        assert [row["sha256"] for row in await wallet(one, kind="result")] == [result]
        assert await wallet(one, type="image/jpeg") == []
        assert await wallet(other) == []
        assert (await it.client().get("/papers")).status_code == 401


async def test_a_wallet_goes_on_page_by_page(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as one:
        code = await file_with_paper(one)
        results = {await give_result(it, code, b"%PDF-1.4 " + bytes([n])) for n in range(65, 70)}
        seen, cursor = [], None
        while True:
            page = (await one.get("/papers", params={"page_size": 2} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [row["sha256"] for row in page["results"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == 6 and set(seen) == {*results, SHA}
        assert (await one.get("/papers", params={"cursor": "nonsense"})).status_code == 422


async def test_a_paper_is_used_again_under_the_same_digest_and_listed_once(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as one:
        code = await file_with_paper(one)
        id = await draft(one)
        for _ in range(2):
            taken = await one.post(f"/drafts/{id}/papers", json={"dossier": code, "sha256": SHA})
            assert (taken.status_code, taken.json()["sha256"]) == (201, SHA)
        saved = await one.patch(f"/drafts/{id}", json={"answers": ANSWERS | {"papers": [SHA]}})
        assert saved.status_code == 200
        second = (await one.post(f"/drafts/{id}/submit", json={})).json()["code"]
        got = await one.get(f"/dossiers/{second}/files/{SHA}")
        assert got.content == PDF
        assert [(row["dossier"], row["sha256"]) for row in await wallet(one)] == [(code, SHA)]


async def test_only_the_owner_uses_a_paper_in_an_own_draft(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as one, it.client("citizen-2") as other:
        code = await file_with_paper(one)
        mine, theirs = await draft(one), await draft(other)
        for client, id, dossier, sha256 in (
            (other, theirs, code, SHA),
            (other, mine, code, SHA),
            (one, theirs, code, SHA),
            (one, mine, "H26-261121-9999", SHA),
            (one, mine, code, "0" * 64),
        ):
            refused = await client.post(f"/drafts/{id}/papers", json={"dossier": dossier, "sha256": sha256})
            assert refused.status_code == 404, refused.text
        acting = it.client(authorization=f"Bearer {token('citizen-1', 'helper-1')}")
        assert (await acting.get("/papers")).json()["code"] == "no_wallet_when_helping"
