"""A PDF loses who made it and where; a signed or doubtful one stays as it came; a hostile one harms nobody."""

import io
import time
import zlib
from collections.abc import AsyncIterator

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

from dossier_service.usecases import pictures
from dossier_service.usecases.bindery import bare_jpeg, bare_pdf
from dossier_service.usecases.pictures import Pictures
from kernel.errors import Invalid
from kernel.files import check_structure

MAKER, PLACE = b"Nguyen Van A", b"21.0285N"


@pytest.fixture
async def worker() -> AsyncIterator[Pictures]:
    it = Pictures()
    yield it
    await it.close()


def photo() -> bytes:
    """Return a JPEG with Exif data, XMP data, a remark and a second picture behind it."""
    picture, exif, out = Image.effect_noise((40, 20), 60).convert("RGB"), Image.Exif(), io.BytesIO()
    exif[0x010E] = PLACE.decode()
    picture.save(out, "JPEG", exif=exif, xmp=b"<x>" + PLACE + b"</x>", comment=PLACE, progressive=True)
    return out.getvalue() + b"\xff\xd8" + PLACE


def page(pdf: Pdf, picture: Stream) -> None:
    pdf.add_blank_page(page_size=(200, 100))
    pdf.pages[-1].Resources = Dictionary(XObject=Dictionary(Im0=picture))
    pdf.pages[-1].Contents = pdf.make_stream(b"q 200 0 0 100 0 0 cm /Im0 Do Q")


def scan(*, packed: bool = False, signed: bool = False, attached: bytes = b"") -> bytes:
    """Return a PDF of one photo with information, XMP data of the document and of the picture."""
    pdf, out = Pdf.new(), io.BytesIO()
    pdf.docinfo["/Author"] = MAKER.decode()
    pdf.Root.Metadata = pdf.make_stream(b"<x>" + MAKER + b"</x>", Type=Name.Metadata, Subtype=Name.XML)
    data = zlib.compress(photo()) if packed else photo()
    coding = Array([Name.FlateDecode, Name.DCTDecode]) if packed else Name.DCTDecode
    picture = Stream(pdf, attached or data, Type=Name.XObject, Subtype=Name.Image, Width=40, Height=20)
    picture.ColorSpace, picture.BitsPerComponent, picture.Filter = Name.DeviceRGB, 8, coding
    picture.Metadata = pdf.make_stream(b"<x>" + PLACE + b"</x>", Type=Name.Metadata, Subtype=Name.XML)
    page(pdf, pdf.make_indirect(picture))
    if signed:
        field = pdf.make_indirect(Dictionary(FT=Name.Sig, T=pikepdf.String("s")))
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]), SigFlags=3)
    pdf.save(out, compress_streams=False, fix_metadata_version=False)
    return out.getvalue()


def drawn(pdf: Pdf) -> bytes:
    """Return the photo of the first page as pixels."""
    image = pdf.pages[0].Resources.XObject.Im0
    assert isinstance(image, Stream)
    return pikepdf.PdfImage(image).as_pil_image().tobytes()


@pytest.mark.parametrize("packed", [False, True])
async def test_detail_16_a_pdf_loses_its_maker_and_its_photos_their_place(worker: Pictures, packed: bool) -> None:
    data = scan(packed=packed)
    assert MAKER in data
    kept, type = await worker.clean(data, "application/pdf")
    assert type == "application/pdf"
    check_structure(kept, type)
    assert MAKER not in kept and PLACE not in kept
    with Pdf.open(io.BytesIO(kept)) as pdf, Pdf.open(io.BytesIO(data)) as before:
        assert "/Info" not in pdf.trailer and "/Metadata" not in pdf.Root
        pictures = [drawn(each) for each in (pdf, before)]
        assert pictures[0] == pictures[1]
    assert await worker.clean(data, "application/pdf") == (kept, type), "the same file twice is one file"


def test_a_signed_pdf_stays_byte_for_byte() -> None:
    assert bare_pdf(scan(signed=True)) is None
    assert bare_pdf(scan() + b"%/ByteRange [0 1 2 3]\n") is None


def test_a_damaged_or_protected_pdf_stays_as_it_came() -> None:
    whole, out = scan(), io.BytesIO()
    with Pdf.open(io.BytesIO(whole)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=""), fix_metadata_version=False)
    assert bare_pdf(out.getvalue()) is None
    for data in (whole[: len(whole) // 2], whole.replace(b"xref", b"xxxx"), whole[:200] + whole[260:], b"%PDF-1.7\n"):
        assert bare_pdf(data) is None


def test_a_pdf_with_a_password_is_refused_with_what_to_do() -> None:
    for user in ("", "123456"):
        out = io.BytesIO()
        with Pdf.open(io.BytesIO(scan())) as pdf:
            pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=user), fix_metadata_version=False)
        with pytest.raises(Invalid) as refused:
            check_structure(out.getvalue(), "application/pdf")
        assert refused.value.code == "file_encrypted"
        assert "mật khẩu" in refused.value.text.vi and "Remove it" in refused.value.text.en


def test_a_jpeg_that_cannot_be_followed_is_left_alone() -> None:
    whole = photo()
    assert bare_jpeg(b"GIF89a") is None
    assert bare_jpeg(b"\xff\xd8\x00\x00\x00\x00") is None
    for cut in range(2, len(whole), 7):
        bare_jpeg(whole[:cut])


def deep(levels: int = 400_000) -> bytes:
    """Return a PDF whose first object is nested deeper than any reader should follow."""
    body = b"[" * levels + b"]" * levels
    head = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/X " + body + b">>\nendobj\n"
    second = len(head)
    head += b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    rows = b"0000000000 65535 f \n0000000009 00000 n \n%010d 00000 n \n" % second
    end = b"xref\n0 3\n" + rows + b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(head)
    return head + end


def bomb() -> bytes:
    """Return a PDF whose object stream unpacks to 4 GB."""
    packer = zlib.compressobj(9)
    begin = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = begin + again * 4095 + packer.flush()
    head = b"%%PDF-1.5\n1 0 obj\n<</Type/ObjStm/N 2/First 10/Filter/FlateDecode/Length %d>>stream\n" % len(stream)
    head += stream + b"\nendstream\nendobj\n"
    rows = b"".join(bytes(row) for row in ((0, 0, 0, 0), (1, 0, 9, 0), (2, 0, 1, 0), (2, 0, 1, 1)))
    end = b"4 0 obj\n<</Type/XRef/Size 4/W[1 2 1]/Root 2 0 R/Length %d>>stream\n" % len(rows)
    return head + end + rows + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)


async def test_a_hostile_pdf_stays_as_it_came_and_the_next_paper_is_cleaned(worker: Pictures) -> None:
    packed = zlib.compress(bytes(200 * 1024 * 1024), 9)
    for data in (deep(), bomb(), scan(packed=True, attached=packed)):
        began = time.monotonic()
        await worker.clean(data, "application/pdf")
        assert time.monotonic() - began < 2 * pictures.SECONDS
    kept, _ = await worker.clean(scan(), "application/pdf")
    assert MAKER not in kept
