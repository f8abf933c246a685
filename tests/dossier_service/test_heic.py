"""A HEIC photo loses where it was taken, and keeps its picture byte for byte."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from dossier_service.usecases.heic import without_metadata
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
