"""Place and camera data of a HEIC photo, overwritten in the file as it is (ISO/IEC 14496-12 and 23008-12).

For the picture that libheif cannot decode (see ``darkroom``): it is kept as it came. Its turning is a property of the
picture, not of the Exif data, and stays.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MOST = 20_000
WORDS = {b"Exif": b"", b"mime": b"rdf+xml"}


@dataclass(slots=True)
class Reader:
    """Reads big-endian numbers one after the other."""

    data: bytes
    at: int

    def number(self, size: int) -> int:
        """Return the next ``size`` bytes as a number; none is 0. Raises ``IndexError`` past the end."""
        if self.at + size > len(self.data):
            raise IndexError("past the end")
        value = int.from_bytes(self.data[self.at : self.at + size], "big")
        self.at += size
        return value


def without_metadata(data: bytes) -> bytes:
    """Return the file with Exif and XMP data as zeros; a file whose boxes cannot be followed as it came."""
    out = bytearray(data)
    try:
        for begin, end in _metadata(data):
            out[begin:end] = bytes(max(min(end, len(data)) - begin, 0))
    except (IndexError, struct.error, KeyError):
        return data
    return bytes(out) if len(out) == len(data) else data


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, where its content begins, where it ends) of the boxes between ``at`` and ``end``."""
    while at + 8 <= end:
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        begin = at + 8
        if length == 1:
            (length,) = struct.unpack(">Q", data[begin : begin + 8])
            begin += 8
        stop = end if length == 0 else at + length
        if stop < begin or stop > end:
            raise IndexError("a box that does not fit")
        yield kind, begin, stop
        at = stop


def _metadata(data: bytes) -> Iterator[tuple[int, int]]:
    for kind, begin, end in _boxes(data, 0, len(data)):
        if kind == b"meta":
            inside = {each: (start, stop) for each, start, stop in _boxes(data, begin + 4, end)}
            wanted = set(_items(data, *inside[b"iinf"]))
            yield from _extents(data, inside[b"iloc"][0], wanted, inside.get(b"idat", (0, 0))[0])


def _items(data: bytes, begin: int, end: int) -> Iterator[int]:
    """Yield the ids of the items that are Exif or XMP data."""
    after = begin + (6 if data[begin] == 0 else 8)
    for kind, start, stop in _boxes(data, after, end):
        if kind != b"infe" or data[start] < 2:
            continue
        size = 2 if data[start] == 2 else 4
        type = data[start + 4 + size + 2 : start + 8 + size + 2]
        if type in WORDS and WORDS[type] in data[start:stop]:
            yield int.from_bytes(data[start + 4 : start + 4 + size], "big")


def _extents(data: bytes, begin: int, wanted: set[int], idat: int) -> Iterator[tuple[int, int]]:
    version, read = data[begin], Reader(data, begin + 4)
    sizes = read.number(2)
    of_offset, of_length, of_base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    of_index = sizes & 15 if version in (1, 2) else 0
    long = 4 if version == 2 else 2
    left = MOST
    for _ in range(read.number(long)):
        item = read.number(long)
        method = read.number(2) & 15 if version in (1, 2) else 0
        read.number(2)
        base = read.number(of_base) + (idat if method == 1 else 0)
        extents = read.number(2)
        left -= 1 + extents
        if left < 0:
            raise IndexError("more extents than a photo has")
        for _ in range(extents):
            read.number(of_index)
            start, length = base + read.number(of_offset), read.number(of_length)
            if item in wanted:
                yield start, start + length
