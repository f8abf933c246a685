"""The worker's side of ``seals``: the only module that loads pyHanko."""

import io
import logging
from pathlib import Path
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)


def looked_at(data: bytes, authorities: str) -> tuple[str, str, str]:
    """Return word, signer and the claimed time (ISO) of a PDF's last signature (runs in the worker)."""
    if not data.startswith(b"%PDF-"):
        return "no_pdf", "", ""
    try:
        signatures = PdfFileReader(io.BytesIO(data), strict=False).embedded_signatures
        if not signatures:
            return "none", "", ""
        status: Any = validate_pdf_signature(signatures[-1], _trust(Path(authorities)))
    except Exception:  # whatever a hostile or broken PDF makes the library raise, its signature does not hold
        return "changed" if b"/ByteRange" in data else "none", "", ""
    _, _, last, length = signatures[-1].byte_range
    if not (status.intact and status.valid and last + length == len(data)):
        return "changed", "", ""
    signer = str(status.signing_cert.subject.native.get("common_name") or "")
    at = status.signer_reported_dt.isoformat() if status.signer_reported_dt else ""
    return ("good" if status.trusted and status.bottom_line else "stranger"), signer, at


def _trust(path: Path) -> ValidationContext:
    roots = []
    if path.exists():
        roots = [x509.Certificate.load(der) for _, _, der in pem.unarmor(path.read_bytes(), multiple=True)]
    return ValidationContext(trust_roots=roots, allow_fetching=False)
