"""Runs in the worker process: a tagged PDF from a typst template, signed with the office's demo seal (PAdES)."""

import io
import json
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst
from pikepdf import Pdf, PdfError
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError, PdfWriteError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

from province_backend.clients.seals import seal_of

FONTS = typst.Fonts(include_system_fonts=False)
TEMPLATE = typst.Compiler(str(Path(__file__).with_name("result.typ")), font_paths=FONTS)


def make_paper(request: dict[str, Any]) -> bytes:
    """Return the PDF of ``request`` (see ``Printer.make``): PDF/UA-1, Vietnamese, marked "BẢN DEMO".

    A draft is not signed. A result carries one invisible signature over the whole file (PAdES baseline B).
    """
    at = datetime.fromisoformat(request["at"]).replace(microsecond=0)
    content = {
        **request["content"],
        "qr": _qr(request["content"]),
        "facts": [[_breakable(part) for part in row] for row in request["content"]["facts"]],
    }
    made = TEMPLATE.compile(
        format="pdf",
        sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=at,
    )
    if not isinstance(made, bytes):
        raise TypeError("the template made no single PDF")
    return made if request["draft"] else _sealed(made, request)


def seal_upload(request: dict[str, Any]) -> bytes:
    """Return the officer's own PDF, ``data``, sealed by the office (see ``Printer.seal``).

    A page that says where the paper is checked is put behind it, unless it carries a signature that this would break.
    Raises ``ValueError`` for a file that cannot be written again.
    """
    data = bytes(request["data"])
    try:
        if not PdfFileReader(io.BytesIO(data)).embedded_signatures:
            data = _with_page(data, make_paper({**request, "draft": True}))
        return _sealed(data, request)
    except (PdfError, PdfReadError, PdfWriteError) as error:
        raise ValueError(f"this PDF cannot be sealed: {type(error).__name__}") from error


def _with_page(data: bytes, last: bytes) -> bytes:
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(data)) as paper, Pdf.open(io.BytesIO(last)) as page:
        paper.pages.extend(page.pages)
        paper.save(out)
    return out.getvalue()


def _sealed(made: bytes, request: dict[str, Any]) -> bytes:
    signer = seal_of(Path(request["folder"]), request["participant"], request["signer"])
    meta = signers.PdfSignatureMetadata(
        field_name=f"Seal{'' if b'/Sig' not in made else secrets.token_hex(4)}",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        reason="Kết quả giải quyết thủ tục hành chính (BẢN DEMO)",
        location=request["signer"],
    )
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(made)), meta, signer, output=out)
    return out.getvalue()


def _qr(content: dict[str, Any]) -> str:
    """Return the QR of the address where the paper is checked, as SVG: the code and no personal data."""
    if not content["check_code"]:
        return ""
    out = io.BytesIO()
    address = f"{content['check_at']}/{content['check_code'].replace('-', '')}"
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2)
    return out.getvalue().decode()


def _breakable(text: str) -> str:
    return re.sub(r"(\S{30})(?=\S)", "\\1\u200b", text)
