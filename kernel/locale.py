"""How days, times, money and sizes are written in a language. Vietnamese is the default everywhere.

Names of days and months, separators and plural forms come from the CLDR through Babel; the order of a date's parts is
ours for Vietnamese and English, since the administration's letters write ``Thứ Hai, 30/11/2026``.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Literal

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from kernel.clock import VIETNAM

Lang = Literal["vi", "en"]

LONG = {"vi": "EEEE, dd/MM/yyyy", "en": "EEEE, d MMMM yyyy"}
SHORT = {"vi": "dd/MM/yyyy", "en": "d MMM yyyy"}

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
ONES_AFTER_TENS = {1: "mốt", 4: "tư", 5: "lăm"}
BELOW_TWENTY = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def preferred(accept_language: str | None, available: Sequence[str]) -> str:
    """Return which of ``available`` a reader prefers (RFC 9110 12.5.4); the first one where nothing else is wished."""
    best: dict[str, float] = {}
    for part in (accept_language or "")[:500].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        if language in available or language == "*":
            best[language] = max(best.get(language, 0.0), _quality(parameters))
    wishes = {language: best.get(language, 0.0) for language in available}
    wishes[available[0]] = best.get(available[0], best.get("*", 0.0))
    return max(available, key=lambda language: wishes[language])


def negotiate(accept_language: str | None) -> Lang:
    """Return the language to answer in; Vietnamese unless English is preferred to it."""
    return "en" if preferred(accept_language, ("vi", "en")) == "en" else "vi"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


@cache
def conventions(lang: str) -> Locale:
    """Return the CLDR's conventions of ``lang``; Vietnam's for a language that the CLDR does not know."""
    try:
        return Locale.parse(lang, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("vi")


def plural_form(n: int, lang: str) -> str:
    """Return the CLDR's plural category of ``n``: ``one``, ``few``, ``other``…"""
    return str(conventions(lang).plural_form(n))


def long_date(day: date, lang: str) -> str:
    """Return ``Thứ Hai, 30/11/2026`` or ``Monday, 30 November 2026``; a datetime is read in Viet Nam's time."""
    return format_date(_local(day), LONG.get(lang, "full"), conventions(lang))


def short_date(day: date, lang: str) -> str:
    """Return ``30/11/2026`` or ``30 Nov 2026``; a datetime is read in Viet Nam's time."""
    return format_date(_local(day), SHORT.get(lang, "medium"), conventions(lang))


def clock_time(at: datetime) -> str:
    """Return ``15:20``, Viet Nam's time, in every language."""
    return f"{at.astimezone(VIETNAM):%H:%M}"


def date_time(at: datetime, lang: str) -> str:
    """Return ``15:20 Thứ Hai, 16/11/2026`` or ``15:20, Monday, 16 November 2026`` (Viet Nam's time)."""
    return f"{clock_time(at)}{'' if lang == 'vi' else ','} {long_date(at, lang)}"


def number(value: int, lang: str) -> str:
    """Return a whole number with its groups of three."""
    return format_decimal(value, locale=conventions(lang))


def money(vnd: int, lang: str) -> str:
    """Return ``1.234.567 đ`` or ``1,234,567 VND``; the space does not break."""
    return f"{number(vnd, lang)}\u00a0{'đ' if lang == 'vi' else 'VND'}"


def money_in_words(vnd: int, lang: str) -> str:
    """Return ``Một triệu hai trăm linh năm nghìn đồng`` or ``One million two hundred and five thousand dong``.

    ``vnd`` is not negative. Languages other than English show the Vietnamese words, which are those of the law.
    """
    words = f"{_spelled(vnd)} dong" if lang == "en" else f"{_read_out(vnd)} đồng"
    return words[0].upper() + words[1:]


def _read_out(value: int, *, inside: bool = False) -> str:
    """Return a number in Vietnamese words; ``inside`` another number its hundreds are said even where they are 0."""
    for size, name in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn")):
        if value >= size:
            count, rest = divmod(value, size)
            tail = f" {_read_out(rest, inside=True)}" if rest else ""
            return f"{_read_out(count, inside=inside and count < 1000)} {name}{tail}"
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    parts = [f"{DIGITS[hundreds]} trăm"] if hundreds or inside else []
    if tens > 1:
        parts.append(f"{DIGITS[tens]} mươi")
    elif tens:
        parts.append("mười")
    elif ones and parts:
        parts.append("linh")
    if ones or not parts:
        after = ONES_AFTER_TENS if tens > 1 else {5: "lăm"} if tens else {}
        parts.append(after.get(ones, DIGITS[ones]))
    return " ".join(parts)


def _spelled(value: int) -> str:
    """Return a number in English words."""
    for size, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if value >= size:
            count, rest = divmod(value, size)
            tail = f"{' and' if rest < 100 else ''} {_spelled(rest)}" if rest else ""
            return f"{_spelled(count)} {name}{tail}"
    if value >= 100:
        return f"{BELOW_TWENTY[value // 100]} hundred" + (f" and {_spelled(value % 100)}" if value % 100 else "")
    if value < 20:
        return BELOW_TWENTY[value]
    return TENS[value // 10] + (f"-{BELOW_TWENTY[value % 10]}" if value % 10 else "")


def size(count: int, lang: str) -> str:
    """Return a size of ``count`` bytes: ``1,5 MB`` or ``1.5 MB`` (1 MB = 1,000,000 bytes)."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    digits = 0 if unit == "B" or amount >= 99.5 else 1
    return f"{format_decimal(round(amount, digits), locale=conventions(lang))}\u00a0{unit}"


def _local(day: date) -> date:
    return day.astimezone(VIETNAM).date() if isinstance(day, datetime) else day


def telephone(value: str) -> str:
    """Return an E.164 number as it is dialled at home: ``0912 345 678``; a foreign one as from here."""
    try:
        number = phonenumbers.parse(value, "VN")
    except phonenumbers.NumberParseException:
        return value
    home = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 84
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, home)
