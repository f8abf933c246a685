"""Two languages: how days, times, money and sizes are written. Vietnamese is the default everywhere."""

from datetime import date, datetime
from typing import Literal

from kernel.clock import VIETNAM

Lang = Literal["vi", "en"]

DAYS = {
    "vi": ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def negotiate(accept_language: str | None) -> Lang:
    """Return the language to answer in (RFC 9110 12.5.4); Vietnamese unless English is preferred to it."""
    best: dict[str, float] = {}
    for part in (accept_language or "")[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        if language in ("vi", "en", "*"):
            best[language] = max(best.get(language, 0.0), _quality(parameters))
    vietnamese = best.get("vi", best.get("*", 0.0))
    return "en" if best.get("en", 0.0) > vietnamese else "vi"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def long_date(day: date, lang: str) -> str:
    """Return ``Thứ Hai, 30/11/2026`` or ``Monday, 30 November 2026``; a datetime is read in Viet Nam's time."""
    day = _local(day)
    if lang == "en":
        return f"{DAYS['en'][day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{DAYS['vi'][day.weekday()]}, {day:%d/%m/%Y}"


def short_date(day: date, lang: str) -> str:
    """Return ``30/11/2026`` or ``30 Nov 2026``; a datetime is read in Viet Nam's time."""
    day = _local(day)
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}" if lang == "en" else f"{day:%d/%m/%Y}"


def clock_time(at: datetime) -> str:
    """Return ``15:20``, Viet Nam's time, in both languages."""
    return f"{at.astimezone(VIETNAM):%H:%M}"


def date_time(at: datetime, lang: str) -> str:
    """Return ``15:20 Thứ Hai, 16/11/2026`` or ``15:20, Monday, 16 November 2026`` (Viet Nam's time)."""
    return f"{clock_time(at)}{',' if lang == 'en' else ''} {long_date(at, lang)}"


def money(vnd: int, lang: str) -> str:
    """Return ``1.234.567 đ`` or ``1,234,567 VND``; the space does not break."""
    grouped = f"{vnd:,}"
    return f"{grouped}\u00a0VND" if lang == "en" else f"{grouped.replace(',', '.')}\u00a0đ"


def size(count: int, lang: str) -> str:
    """Return a size of ``count`` bytes: ``1,5 MB`` or ``1.5 MB`` (1 MB = 1,000,000 bytes)."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    text = f"{amount:.0f}" if unit == "B" or amount >= 99.5 else f"{amount:.1f}".removesuffix(".0")
    return f"{text if lang == 'en' else text.replace('.', ',')}\u00a0{unit}"


def _local(day: date) -> date:
    return day.astimezone(VIETNAM).date() if isinstance(day, datetime) else day
