"""The dossier code (TT 01/2018 Art. 19 gives the official styles; ours is ``H26-261121-0001``)."""

import re
from datetime import date

OURS = re.compile(r"^(H\d{2})-(\d{6})-(\d{4,6})$")
OFFICIAL = re.compile(r"^(?:\d{3}\.\d{2}\.\d{2}\.([A-Z]\d{2})|([A-Z]\d{2})(?:\.\d{1,3}){0,3})-(\d{6})-(\d{4,6})$")


def dossier_code(lane: str, day: date, number: int) -> str:
    """Return the code of the ``number``-th dossier of ``day`` (Asia/Ho_Chi_Minh) on ``lane``; widens after 9999."""
    return f"{lane}-{day:%y%m%d}-{number:04d}"


def normal_code(text: str) -> str | None:
    """Return our code for what a person typed, or None.

    Accepts ours and the two official styles (``000.00.01.H26-…``, ``H26.12.3-…``), any case, spaces around.
    """
    found = OFFICIAL.match(text.strip().upper().replace(" ", ""))
    if found is None:
        return None
    agency = found.group(1) or found.group(2)
    return f"{agency}-{found.group(3)}-{found.group(4)}"
