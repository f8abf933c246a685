"""A dossier's code on paper: its shape, the check that catches a slip of the pen, the QR that carries both."""

import io
import re

import segno
from stdnum.iso7064 import mod_97_10

OURS = r"H\d{2}-\d{6}-\d{4,6}"
OFFICIAL = r"(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3}){0,3})-\d{6}-\d{4,6}"
SHAPE = re.compile(rf"^(?:{OURS}|{OFFICIAL})$")
PAPER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PAPER_LENGTH = 16
DASHES = str.maketrans("–—−‐‑_", "------")


def normal(typed: str) -> str:
    """Return a code as it is stored: capitals, plain hyphens, no spaces; O for 0 and I or L for 1 are mended."""
    code = re.sub(r"\s+", "", typed.upper().translate(DASHES))[:64]
    if not code or SHAPE.match(code):
        return code
    mended = code[0] + code[1:].replace("O", "0").replace("I", "1").replace("L", "1")
    bare = re.fullmatch(r"(H\d{2})-?(\d{6})-?(\d{4,6})", mended)
    return "-".join(bare.groups()) if bare else mended


def well_formed(code: str) -> bool:
    """Tell whether ``code`` has one of the published shapes (exact forms of TT 01/2018 and of this portal)."""
    return bool(SHAPE.match(code))


def check(code: str) -> str:
    """Return the two check characters of a code (ISO 7064, MOD 97-10, over its letters and digits)."""
    return str(mod_97_10.calc_check_digits(re.sub(r"[^0-9A-Z]", "", code)))


def normal_paper(typed: str) -> str:
    """Return the code of a paper without grouping, in capitals; nothing is guessed, every character must be right."""
    return re.sub(r"[^0-9A-Z]", "", typed.upper())[:40]


def never_on_paper(code: str) -> list[str]:
    """Return the characters of ``code`` that no paper's code has (0, 1, I, L, O, U), each once."""
    return sorted(set(code) - set(PAPER_ALPHABET))


def grouped_paper(code: str) -> str:
    """Return a paper's code as it is printed: four groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def lookup_address(public_url: str, code: str) -> str:
    """Return what the QR holds: the look-up page with the code and its check, and no personal data."""
    return f"{public_url}/lookup/{code}?k={check(code)}"


def qr_svg(text: str, title: str) -> str:
    """Return ``text`` as an SVG element with ``title`` for those who do not see it."""
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, svgns=False, omitsize=True, svgclass="qr", lineclass=None, title=title)
    return out.getvalue().decode()
