"""Names that machines call pages, questions and choices by: made from words once, never shown to be typed."""

import re
import unicodedata
from collections.abc import Iterable


def new_name(text: str, taken: Iterable[str], mark: str = "_") -> str:
    """Return a name for something that is called ``text``, which none of ``taken`` has."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    base = mark.join(re.findall(r"[a-z0-9]+", plain))[:36].strip(mark) or "x"
    base = base if base[0].isalpha() else f"q{mark}{base}"
    used, name, number = set(taken), base, 2
    while name in used:
        name, number = f"{base}{mark}{number}", number + 1
    return name
