"""Files: whole or not at all on each engine, and what they are by their content."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kernel.errors import Invalid, TooLarge, Unavailable
from kernel.files import TYPES, Files, check_structure, sniff
from motcua.cluster.engines import Minio
from tests.engines.shared import start
from tests.ports import free_port

KEY = "dossier/H26-261121-0001/" + "a" * 64
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"
HEIC = b"\x00\x00\x00\x14ftypheic\x00\x00\x00\x00mif1" + b"\x00\x00\x00\x0cmetaxxxx" + b"\x00\x00\x00\x09mdatx"


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 50).convert("RGB").save(out, kind)
    return out.getvalue()


WHOLE = {"image/jpeg": picture("JPEG"), "image/png": picture("PNG"), "application/pdf": PDF, "image/heic": HEIC}


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return Files.in_folder(str(tmp_path / "files"))
    return Files.on_s3(request.getfixturevalue("s3_url"))


async def parts(data: bytes, size: int = 1000, fail_at: int | None = None) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        if fail_at is not None and at >= fail_at:
            raise ConnectionError
        yield data[at : at + size]


class TestStore:
    @pytest.mark.parametrize("in_parts", [False, True])
    async def test_what_is_put_comes_back_with_its_digest(self, files: Files, in_parts: bool) -> None:
        data = bytes(range(256)) * 5000
        stored = await files.put(KEY, parts(data) if in_parts else data)
        assert (stored.sha256, stored.size) == (sha256(data).hexdigest(), len(data))
        assert await files.read(KEY) == data
        assert await files.size(KEY) == len(data)

    async def test_reading_goes_on_from_an_offset(self, files: Files) -> None:
        data = bytes(range(256)) * 3000
        await files.put(KEY, data)
        for offset in (0, 1, 300_000, len(data) - 1, len(data), len(data) + 5):
            assert b"".join([chunk async for chunk in files.stream(KEY, offset)]) == data[offset:]

    async def test_an_upload_that_breaks_off_leaves_nothing(self, files: Files) -> None:
        with pytest.raises(ConnectionError):
            await files.put(KEY, parts(b"x" * 10_000, fail_at=5000))
        assert await files.size(KEY) is None
        assert [key async for key in files.keys("")] == []

    @pytest.mark.parametrize("in_parts", [False, True])
    async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(self, files: Files, in_parts: bool) -> None:
        data = b"x" * 10_001
        with pytest.raises(TooLarge) as refused:
            await files.put(KEY, parts(data) if in_parts else data, limit=10_000)
        assert refused.value.code == "file_too_large"
        assert await files.size(KEY) is None

    async def test_keys_are_listed_by_folder_and_deleted(self, files: Files) -> None:
        for key in ("dossier/a/1", "dossier/a/2", "dossier/b/1"):
            await files.put(key, b"x")
        assert sorted([key async for key in files.keys("dossier/a")]) == ["dossier/a/1", "dossier/a/2"]
        await files.delete("dossier/a/1")
        await files.delete("dossier/a/1")
        await files.move("dossier/a/2", "dossier/c/9")
        assert sorted([key async for key in files.keys("")]) == ["dossier/b/1", "dossier/c/9"]

    async def test_a_file_of_20_mib_in_small_parts_comes_back_and_goes_on_from_its_middle(self, files: Files) -> None:
        data = sha256(KEY.encode()).digest() * (20 * 1024 * 1024 // 32)
        stored = await files.put(KEY, parts(data, 64 * 1024), limit=len(data))
        assert (stored.sha256, stored.size) == (sha256(data).hexdigest(), len(data))
        assert b"".join([chunk async for chunk in files.stream(KEY, 11_000_001)]) == data[11_000_001:]

    async def test_an_upload_under_way_is_not_to_be_seen(self, files: Files) -> None:
        seen: list[object] = []

        async def looking() -> AsyncIterator[bytes]:
            async for chunk in parts(b"x" * 12_000_000, 1_000_000):
                yield chunk
                seen.extend([await files.size(KEY), *[key async for key in files.keys("")]])

        await files.put(KEY, looking())
        assert set(seen) == {None}
        assert [key async for key in files.keys("")] == [KEY]

    async def test_two_who_put_the_same_key_at_once_leave_one_whole_file(self, files: Files) -> None:
        data = bytes(range(256)) * 2000
        await asyncio.gather(*(files.put(KEY, parts(data, 10_000)) for _ in range(5)), files.put(KEY, data))
        assert await files.read(KEY) == data
        assert [key async for key in files.keys("")] == [KEY]

    async def test_what_a_killed_process_left_is_swept_when_it_is_old(self, files: Files) -> None:
        await files.put(KEY, b"x")
        await files.put("partial/left", b"half")
        assert await files.sweep(timedelta(hours=48)) == 0
        assert await files.size("partial/left") == 4
        assert await files.sweep(timedelta(seconds=-5)) == 1
        assert await files.size("partial/left") is None
        assert await files.size(KEY) == 1

    async def test_a_missing_file_says_so(self, files: Files) -> None:
        assert await files.size(KEY) is None
        with pytest.raises(FileNotFoundError):
            await files.read(KEY)

    @pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.b", "a\0b", "a b", "a" * 501])
    async def test_a_key_cannot_leave_the_store(self, files: Files, key: str) -> None:
        with pytest.raises(ValueError, match="key"):
            await files.put(key, b"x")
        with pytest.raises(ValueError, match="key"):
            await files.size(key)


class TestAway:
    async def test_a_store_that_is_away_is_unavailable_whatever_is_asked(self) -> None:
        files = Files.on_s3(f"http://127.0.0.1:{free_port()}/bucket", credentials=("somebody", "secret"))
        asked = (
            files.put(KEY, b"x"),
            files.put(KEY, parts(b"x" * 5000)),
            files.size(KEY),
            files.read(KEY),
            files.delete(KEY),
            files.move(KEY, KEY + "b"),
            files.sweep(timedelta()),
        )
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(answer, Unavailable), answer
            assert answer.code == "files_unavailable"
            assert answer.retry_after

    async def test_a_wrong_secret_or_bucket_is_unavailable_too(self, minio: Minio) -> None:
        name, secret = minio.credentials
        for address, credentials in ((minio.url("none-such"), (name, secret)), (minio.url("x-y"), (name, "wrong"))):
            with pytest.raises(Unavailable):
                await Files.on_s3(address, credentials=credentials).put(KEY, b"x")

    @pytest.mark.parametrize("url", ["", "s3://bucket", "http://host", "http:///bucket", "https://host/"])
    def test_an_address_without_server_or_bucket_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="address"):
            Files.on_s3(url, credentials=("a", "b"))

    def test_credentials_come_from_files_or_are_asked_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(ValueError, match="AWS_ACCESS_KEY_ID"):
            Files.on_s3("http://host/bucket")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            (tmp_path / name).write_text("kept\n")
            monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
        Files.on_s3("http://host/bucket")

    async def test_a_server_killed_in_the_middle_of_an_upload_keeps_what_was_there_and_nothing_else(
        self, tmp_path: Path
    ) -> None:
        server = Minio(tmp_path, free_port())
        start(server)
        try:
            server.make_bucket()
            files = Files.on_s3(server.url(), credentials=server.credentials)
            await files.put("dossier/a/1", b"kept")

            async def killing() -> AsyncIterator[bytes]:
                for number in range(40):
                    if number == 30:
                        server.kill()
                    yield bytes(512 * 1024)

            with pytest.raises(Unavailable):
                await files.put(KEY, killing())
            with pytest.raises(Unavailable):
                await files.size("dossier/a/1")
            server.start()
            assert [key async for key in files.keys("")] == ["dossier/a/1"]
            assert await files.read("dossier/a/1") == b"kept"
            assert await files.size(KEY) is None
        finally:
            server.kill()


class TestContent:
    @pytest.mark.parametrize("kind", TYPES)
    def test_a_whole_file_is_known_and_passes(self, kind: str) -> None:
        assert sniff(WHOLE[kind]) == kind
        check_structure(WHOLE[kind], kind)

    @pytest.mark.parametrize("kind", TYPES)
    def test_a_file_cut_in_the_middle_is_broken(self, kind: str) -> None:
        with pytest.raises(Invalid) as refused:
            check_structure(WHOLE[kind][: len(WHOLE[kind]) // 2 + 10], kind)
        assert refused.value.code == "file_broken"

    def test_a_picture_with_a_flipped_byte_is_broken(self) -> None:
        data = bytearray(WHOLE["image/png"])
        data[len(data) // 2] ^= 0xFF
        with pytest.raises(Invalid):
            check_structure(bytes(data), "image/png")

    @pytest.mark.parametrize("data", [b"MZ\x90\x00", b"<html>", b"PK\x03\x04", b"GIF89a", b"\x00" * 64, b"x"])
    def test_other_types_are_not_taken(self, data: bytes) -> None:
        assert sniff(data) is None
        with pytest.raises(Invalid) as refused:
            check_structure(data, "application/pdf")
        assert refused.value.code == "file_type_not_taken"

    def test_a_name_does_not_make_a_type(self) -> None:
        with pytest.raises(Invalid) as refused:
            check_structure(PDF, "image/png")
        assert refused.value.code == "file_type_not_taken"

    @pytest.mark.parametrize("entry", [b"/Encrypt 5 0 R", b"/Encrypt<</Filter/Standard>>"])
    def test_a_pdf_with_a_password_is_refused_with_what_to_do(self, entry: bytes) -> None:
        with pytest.raises(Invalid) as refused:
            check_structure(PDF.replace(b"startxref", b"trailer\n<<" + entry + b">>\nstartxref"), "application/pdf")
        assert refused.value.code == "file_encrypted"

    def test_an_empty_file_is_refused(self) -> None:
        with pytest.raises(Invalid) as refused:
            check_structure(b"", "image/png")
        assert refused.value.code == "empty_file"

    @given(st.sampled_from(TYPES), st.binary(max_size=300))
    def test_nothing_that_follows_a_good_beginning_breaks_the_check(self, kind: str, rest: bytes) -> None:
        try:
            check_structure(WHOLE[kind][:24] + rest, kind)
        except Invalid as refused:
            assert refused.code in ("file_broken", "file_type_not_taken")

    def test_a_picture_without_pixels_is_broken(self) -> None:
        end = b"\x00\x00\x00\x00IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
        with pytest.raises(Invalid):
            check_structure(b"\x89PNG\r\n\x1a\n" + end, "image/png")
