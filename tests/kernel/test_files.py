"""Files: whole or not at all, and what they are by their content."""

import io
import zlib
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kernel.errors import Invalid, TooLarge
from kernel.files import TYPES, Files, check_structure, sniff

KEY = "dossier/H26-261121-0001/" + "a" * 64
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"
HEIC = b"\x00\x00\x00\x14ftypheic\x00\x00\x00\x00mif1" + b"\x00\x00\x00\x0cmetaxxxx" + b"\x00\x00\x00\x09mdatx"


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 30), 50).convert("RGB").save(out, kind)
    return out.getvalue()


WHOLE = {"image/jpeg": picture("JPEG"), "image/png": picture("PNG"), "application/pdf": PDF, "image/heic": HEIC}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.in_folder(str(tmp_path / "files"))


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
