"""Dates in three boxes, day first, and everything people paste into the first one."""

import calendar
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

FIRST, LAST = 1850, 2200
SEPARATORS = re.compile(r"[\s./\-,]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value could not be read: ``code`` has the text ``filing.bad_{code}``; ``boxes`` are at fault."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    boxes: tuple[str, ...] = ()


def split(day: str, month: str, year: str) -> tuple[str, str, str]:
    """Return the three parts; a whole date in the first box (``1/2/26``, ``1.2.2026``, ``2026-02-01``) is split."""
    if month or year or not SEPARATORS.search(day):
        return day, month, year
    words = [
        part for part in SEPARATORS.split(day.lower()) if part not in ("", "ngày", "tháng", "năm", "ngay", "thang")
    ]
    if len(words) == 2:
        return ("", words[0], words[1])
    if len(words) != 3:
        return day, month, year
    return (words[2], words[1], words[0]) if len(words[0]) == 4 else (words[0], words[1], words[2])


def full_year(year: int, today: date) -> int:
    """Return a four-digit year: two digits mean the latest such year that is not after this one."""
    if year >= 100:
        return year
    near = today.year // 100 * 100 + year
    return near if near <= today.year else near - 100


def read_date(day: str, month: str, year: str, *, partial: bool, today: date) -> str | Problem | None:
    """Return ``YYYY-MM-DD`` (``YYYY-MM``, ``YYYY`` where ``partial``), None for empty boxes, or the problem."""
    parts = split(day, month, year)
    if not any(parts):
        return None
    absent = tuple(box for box, part in zip("dmy", parts, strict=True) if not part)
    if absent and not (partial and absent in (("d",), ("d", "m"))):
        return Problem("date_part", boxes=absent)
    if not all(part.isdecimal() and len(part) <= 4 for part in parts if part):
        return Problem("date", boxes=tuple(b for b, p in zip("dmy", parts, strict=True) if p and not p.isdecimal()))
    if len(parts[2]) not in (2, 4):
        return Problem("year", boxes=("y",))
    y = full_year(int(parts[2]), today)
    if not FIRST <= y <= LAST:
        return Problem("year_range", {"first": FIRST, "last": LAST}, ("y",))
    return _within_year(parts[0], parts[1], y)


def _within_year(day: str, month: str, y: int) -> str | Problem:
    if not month:
        return f"{y:04}"
    m = int(month)
    if not 1 <= m <= 12:
        return Problem("month", boxes=("m",))
    if not day:
        return f"{y:04}-{m:02}"
    d, last = int(day), calendar.monthrange(y, m)[1]
    if not 1 <= d <= last:
        return Problem("day", {"month": m, "year": y, "last": last}, ("d",))
    return f"{y:04}-{m:02}-{d:02}"
