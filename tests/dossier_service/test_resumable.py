"""Files that come in parts: a cut costs one part, twice sent is once kept, no paper is refused at the end."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from PIL import Image

from dossier_service.model.states import AskKind
from dossier_service.usecases.resumable import sweep_incoming
from kernel.clock import real_now
from kernel.locale import size
from tests.dossier_service.door import Door, door
from tests.dossier_service.world import CITIZEN, PDF, WARD, Owner

DRAFT = {"procedure": "1.004873", "place": WARD}
PART = 64

pytestmark = pytest.mark.usefixtures("database_engine")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Door, httpx.AsyncClient, str]]:
    async with door(folder) as it, it.client() as client:
        made = (await client.post("/drafts", json=DRAFT)).json()
        client.headers["draft-token"] = made["token"]
        yield it, client, f"/drafts/{made['id']}"


async def begin(client: httpx.AsyncClient, path: str, data: bytes, **headers: str) -> str:
    body = {"length": len(data), "name": "giấy.jpg"}
    answer = await client.post(f"{path}/uploads", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"{path}/uploads/{answer.json()['id']}"


async def part(client: httpx.AsyncClient, upload: str, data: bytes, at: int, size: int = PART) -> httpx.Response:
    return await client.patch(upload, content=data[at : at + size], headers={"upload-offset": str(at)})


def photo(*, turned: int = 1) -> bytes:
    """Return a photo 40 wide and 20 high as the camera holds it, with a place in its EXIF data."""
    picture = Image.effect_noise((40, 20), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = turned
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


async def test_detail_16_a_photo_in_parts_resumes_after_a_cut_and_is_turned_and_stripped(tmp_path: Path) -> None:
    async with opened(tmp_path) as (it, client, path):
        data = photo(turned=6)
        upload = await begin(client, path, data)
        await part(client, upload, data, 0)
        seen = await client.head(upload)
        assert (seen.headers["upload-offset"], seen.headers["upload-length"]) == (str(PART), str(len(data)))
        assert (await client.get(upload)).json()["offset"] == PART
        last = await part(client, upload, data, PART, len(data))
        file = last.json()["file"]
        kept = await it.here.desk.files.read(f"draft/{path.rpartition('/')[2]}/{file['sha256']}")
        with Image.open(io.BytesIO(kept)) as picture:
            assert picture.size == (20, 40)
            assert not picture.getexif()
        assert [key async for key in it.here.desk.files.keys("incoming")] == []
        saved = await client.patch(path, json={"answers": {"papers": [file["sha256"]]}})
        assert saved.status_code == 200


async def test_the_last_part_again_answers_the_same_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client, path):
        upload = await begin(client, path, PDF)
        first = await part(client, upload, PDF, 0, len(PDF))
        again = await part(client, upload, PDF, len(PDF))
        assert first.json()["file"] == again.json()["file"]


async def test_a_part_that_does_not_fit_is_told_where_to_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client, path):
        upload = await begin(client, path, PDF)
        await part(client, upload, PDF, 0, 10)
        for at, size in ((0, 10), (20, 10), (10, 4096)):
            body = b"x" * size
            answer = await client.patch(upload, content=body, headers={"upload-offset": str(at)})
            assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset")
            assert answer.json()["offset"] == 10


async def test_beginning_twice_with_one_key_begins_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, client, path):
        one, two = [await begin(client, path, PDF, **{"idempotency-key": "k1"}) for _ in range(2)]
        assert one == two


async def test_what_is_no_paper_is_refused_in_words_and_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as (it, client, path):
        for data, code in ((b"PK\x03\x04 docx", "file_type_not_taken"), (PDF[:40], "file_broken")):
            upload = await begin(client, path, data)
            answer = await part(client, upload, data, 0, len(data))
            assert (answer.status_code, answer.json()["code"]) == (422, code)
            assert (await client.head(upload)).status_code == 404
        most = it.here.desk.settings.max_file_bytes
        for length, status in ((0, 422), (most + 1, 413), (most, 201)):
            answer = await client.post(f"{path}/uploads", json={"length": length})
            assert answer.status_code == status
            assert status != 413 or size(most, "vi") in answer.json()["detail"]


async def test_nobody_else_sees_or_adds_to_an_upload(tmp_path: Path) -> None:
    async with opened(tmp_path) as (it, client, path):
        upload = await begin(client, path, PDF)
        async with it.client("somebody") as other:
            assert (await other.head(upload)).status_code == 404
            assert (await part(other, upload, PDF, 0)).status_code == 404
            assert (await other.post(f"{path}/uploads", json={"length": 5})).status_code == 404


async def test_what_never_ended_is_swept(tmp_path: Path) -> None:
    async with opened(tmp_path) as (it, client, path):
        upload = await begin(client, path, PDF)
        await part(client, upload, PDF, 0, 10)
        assert await sweep_incoming(desk=it.here.desk, before=real_now() + timedelta(hours=1)) == 1
        assert (await client.head(upload)).status_code == 404
        assert [key async for key in it.here.desk.files.keys("incoming")] == []


async def test_detail_16_a_paper_that_was_asked_for_comes_in_parts_too(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client(CITIZEN.sub) as client, it.client("somebody") as other:
        code = await it.here.file()
        owner = Owner(code, it.here.desk.clock.now())
        asked = owner.step("papers_asked", asks=owner.ask(AskKind.PAPERS))
        await it.here.feed("province.reports.v1", owner.message(asked))
        data, path = photo(turned=6), f"/dossiers/{code}"
        one, upload = [await begin(client, path, data, **{"idempotency-key": "k"}) for _ in range(2)]
        assert one == upload
        await part(client, upload, data, 0)
        assert (await client.head(upload)).headers["upload-offset"] == str(PART)
        assert (await other.post(f"{path}/uploads", json={"length": 5})).status_code == 404
        assert (await other.get(upload)).status_code == 404
        assert (await part(other, upload, data, PART)).status_code == 404
        file = (await part(client, upload, data, PART, len(data))).json()["file"]
        body = {"kind": "supplement", "ask_no": 1, "files": [file["sha256"]]}
        assert (await client.post(f"{path}/requests", json=body)).status_code == 201
        assert [each["name"] for each in (await client.get(path)).json()["files"]] == ["giấy.jpg"]


async def test_a_paper_for_a_dossier_needs_a_session(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client() as nobody:
        code = await it.here.file()
        assert (await nobody.post(f"/dossiers/{code}/uploads", json={"length": 5})).status_code == 401
