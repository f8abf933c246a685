"""A HEIC photo becomes an upright JPEG without its place; one that cannot be decoded loses at least its place."""

import io
import struct

import pillow_heif
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dossier_service.usecases.heic import without_metadata
from dossier_service.usecases.pictures import Pictures
from kernel.files import check_structure

PICTURE, PLACE, XMP = b"PICTURE" * 9, b"\x00\x00\x00\x06Exif\x00\x00MM 21.02N", b"<x:xmpmeta>21.02N</x:xmpmeta>"


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def infe(item: int, kind: bytes, more: bytes = b"") -> bytes:
    return box(b"infe", b"\x02\x00\x00\x00" + struct.pack(">HH4s", item, 0, kind) + more)


def photo(version: int = 1) -> bytes:
    """Return a file of three items, each with one extent: the picture, Exif and XMP data."""
    items = infe(1, b"hvc1") + infe(2, b"Exif") + infe(3, b"mime", b"\x00application/rdf+xml\x00")
    iinf = box(b"iinf", b"\x00\x00\x00\x00" + struct.pack(">H", 3) + items)
    ftyp = box(b"ftyp", b"heic\x00\x00\x00\x00mif1")

    def meta(offset: int) -> bytes:
        rows = b""
        for item, content in ((1, PICTURE), (2, PLACE), (3, XMP)):
            method = struct.pack(">H", 0) if version else b""
            rows += struct.pack(">H", item) + method + struct.pack(">HHII", 0, 1, offset, len(content))
            offset += len(content)
        iloc = bytes([version, 0, 0, 0]) + struct.pack(">HH", 0x4400, 3) + rows
        return box(b"meta", b"\x00\x00\x00\x00" + iinf + box(b"iloc", iloc))

    begin = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(begin) + box(b"mdat", PICTURE + PLACE + XMP)


def test_detail_16_a_heic_photo_loses_its_place_and_keeps_its_picture() -> None:
    for version in (0, 1):
        data = photo(version)
        check_structure(data, "image/heic")
        kept = without_metadata(data)
        assert len(kept) == len(data) and PICTURE in kept
        assert b"21.02N" not in kept and kept.endswith(bytes(len(PLACE + XMP)))
        check_structure(kept, "image/heic")


@given(st.binary(max_size=300), st.integers(0, 250))
def test_whatever_the_boxes_say_the_length_stays_and_nothing_breaks(noise: bytes, at: int) -> None:
    whole = photo()
    for data in (noise, whole[:at] + noise + whole[at + len(noise) :], whole[:at]):
        assert len(without_metadata(data)) == len(data)


def taken(*, turned: int = 6, wide: int = 3000, high: int = 2000) -> bytes:
    """Return a HEIC photo that the camera held turned, red on the left as it was held, with a place."""
    picture, exif, out = Image.new("RGB", (wide, high), "blue"), Image.Exif(), io.BytesIO()
    picture.paste("red", (0, 0, wide // 2, high))
    exif[0x0112] = turned
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "21.0285N"
    heif = pillow_heif.from_pillow(picture)
    heif.save(out, exif=exif.tobytes(), quality=60)
    return out.getvalue()


async def test_detail_16_a_heic_photo_becomes_an_upright_small_jpeg_without_its_place() -> None:
    worker = Pictures()
    try:
        data = taken()
        check_structure(data, "image/heic")
        kept, type = await worker.clean(data, "image/heic")
        check_structure(kept, type)
        with Image.open(io.BytesIO(kept)) as picture:
            assert (type, picture.format, picture.size) == ("image/jpeg", "JPEG", (1733, 2600))
            assert not picture.getexif() and b"21.0285N" not in kept
            top, bottom = picture.getpixel((800, 300)), picture.getpixel((800, 2300))
        assert isinstance(top, tuple) and isinstance(bottom, tuple)
        assert top[0] > 200 > 60 > bottom[0], "red was on the left, and the camera was turned to the right"
        assert await worker.clean(photo(), "image/heic") == (without_metadata(photo()), "image/heic")
    finally:
        await worker.close()
