"""PDF files in the worker of ``pictures``, the only module that loads pikepdf: who, with what and where stays out.

The document's information, XMP data, private data of programs and the metadata inside JPEG pictures go; pages stay byte
for byte. A file that carries a signature, or a field for one, is kept as it came, because any change breaks it. So is
one that is damaged, protected, or not understood in any other way: a paper with its metadata is better than none.
Pictures in other codings, and files attached to the PDF, are not looked into.
"""

import io
import re
import zlib
from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Pdf, PdfError, Stream, StreamDecodeLevel

MOST_UNPACKED = 64 * 1024 * 1024
SOI, SOS, EOI = 0xD8, 0xDA, 0xD9
NAMELESS = ("/Metadata", "/PieceInfo", "/LastModified")
SEALED = (("/FT", "/Sig"), ("/Type", "/Sig"), ("/Type", "/DocTimeStamp"))
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def bare_pdf(data: bytes) -> bytes | None:
    """Return the PDF without metadata, or None when it should stay as it came."""
    try:
        with Pdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
            if pdf.is_encrypted or b"/ByteRange" in data or any(map(_sealed, _dictionaries(pdf))):
                return None
            _strip(pdf)
            if pdf.get_warnings():
                return None
            out = io.BytesIO()
            pdf.save(
                out,
                object_stream_mode=ObjectStreamMode.preserve,
                compress_streams=False,
                stream_decode_level=StreamDecodeLevel.none,
                deterministic_id=True,
                fix_metadata_version=False,
            )
    except (PdfError, RuntimeError, ValueError, TypeError, KeyError, IndexError, MemoryError, zlib.error):
        return None
    return out.getvalue()


def _dictionaries(pdf: Pdf) -> Iterator[Object]:
    return (each for each in pdf.objects if isinstance(each, Dictionary | Stream))


def _sealed(each: Object) -> bool:
    return "/ByteRange" in each or any(each.get(key) == Name(value) for key, value in SEALED)


def _strip(pdf: Pdf) -> None:
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    for each in _dictionaries(pdf):
        for key in NAMELESS:
            if key in each:
                del each[key]
        if isinstance(each, Stream):
            if each.get("/Type") == Name.Metadata:
                each.write(b"")
            elif each.get("/Subtype") == Name.Image:
                _strip_photo(each)


def _strip_photo(stream: Stream) -> None:
    filters, parms = _listed(stream.get("/Filter")), _listed(stream.get("/DecodeParms"))
    raw = stream.read_raw_bytes()
    if filters == [Name.FlateDecode, Name.DCTDecode] and (not parms or not isinstance(parms[0], Dictionary)):
        whole = zlib.decompressobj()
        raw = whole.decompress(raw, MOST_UNPACKED)
        filters, parms = filters[1:], parms[1:]
        if not whole.eof:
            return
    if filters == [Name.DCTDecode]:
        bare = bare_jpeg(raw)
        if bare is not None and bare != raw:
            kept = parms[0] if parms and isinstance(parms[0], Dictionary) else None
            stream.write(bare, filter=Name.DCTDecode, decode_parms=kept)


def _listed(value: Object | None) -> list[Object]:
    if value is None:
        return []
    return list(value) if isinstance(value, Array) else [value]


def bare_jpeg(data: bytes) -> bytes | None:
    """Return a JPEG without Exif, XMP, IPTC data and remarks, its picture byte for byte; None for what is none.

    The colour profile and what a decoder needs stay. What follows the picture (a second one with data of its own) goes.
    """
    if data[:2] != bytes((0xFF, SOI)):
        return None
    out, at = bytearray(data[:2]), 2
    while at + 4 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0:
            return None
        if marker == 0xFF:
            at += 1
            continue
        if marker == EOI:
            return bytes(out + data[at : at + 2])
        end = at + 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        if marker == SOS:
            found = AFTER_SCAN.search(data, end)
            end = found.start() if found else len(data)
        if _needed(marker, data[at + 4 : at + 16]):
            out += data[at:end]
        at = end
    return bytes(out + data[at : at + 2])


def _needed(marker: int, begin: bytes) -> bool:
    if marker == 0xE2:
        return begin.startswith(b"ICC_PROFILE")
    return marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE)
