"""The languages of the pages: their texts, how a language is chosen, and how things are written in it.

A language is a folder ``locales/{tag}/`` of JSON files; ``language.json`` holds its own name. The key of a text is
``file.key``. A text is never built from pieces of sentences. ``{name}`` marks what is filled in; where ``n`` is filled
in, a key that ends in the CLDR's plural category (``_one``, ``_few``) is used instead of the plain one.

``names/{tag}.json`` says what a language calls the fields and agencies of the catalogue, as far as it is known.

Vietnamese and English are complete. Another language may lack texts: each missing one is shown in Vietnamese with a
mark, and every page says that the translation is not complete.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from kernel import locale
from kernel.clock import VIETNAM

FOLDER = Path(__file__).parent / "locales"
NAMES = Path(__file__).parent / "names"
MARK = "[vi] "


class Languages:
    """The languages below one folder; Vietnamese is first and stands in for what another one lacks."""

    def __init__(self, folder: Path = FOLDER) -> None:
        own = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.is_dir()}
        self.tags = ("vi", *(tag for tag in own if tag != "vi"))
        self.complete = {tag for tag in self.tags if own[tag].keys() >= own["vi"].keys()}
        marked = {key: MARK + text for key, text in own["vi"].items()}
        self._texts = {tag: own[tag] if tag in self.complete else {**marked, **own[tag]} for tag in self.tags}

    def texts(self, lang: str) -> Mapping[str, str]:
        """Return every text of ``lang`` by its key; what it lacks is the marked Vietnamese one."""
        return self._texts[lang]

    def name(self, lang: str) -> str:
        """Return what speakers of ``lang`` call it."""
        return self._texts[lang]["language.name"]

    def choose(self, asked: str | None, remembered: str | None, accept_language: str | None) -> str:
        """Return the language of a page: what the address asks for, then the cookie, then what the browser prefers."""
        for wish in (asked, remembered):
            if wish in self.tags:
                return str(wish)
        return locale.preferred(accept_language, self.tags)


def _read(folder: Path) -> dict[str, str]:
    return {
        f"{path.stem}.{key}": text
        for path in sorted(folder.glob("*.json"))
        for key, text in json.loads(path.read_text("utf-8")).items()
    }


@cache
def installed() -> Languages:
    """Return the languages that this portal comes with."""
    return Languages()


class Words:
    """Texts and ways of writing in one language; what templates call ``t``."""

    def __init__(self, lang: str, languages: Languages | None = None) -> None:
        languages = languages or installed()
        self.lang = lang
        self.complete = lang in languages.complete
        self._texts = languages.texts(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``values`` filled in. Raises ``KeyError`` for an unknown key."""
        n = values.get("n")
        if isinstance(n, int):
            plural = f"{key}_{locale.plural_form(n, self.lang)}"
            key = plural if plural in self._texts else key
        return self._texts[key].format(**values) if values else self._texts[key]

    def html(self, key: str, **values: object) -> Markup:
        """Return the text of ``key`` as markup; ``values`` are escaped unless they are markup already."""
        return Markup(escape(self._texts[key])).format(**values)

    def known(self, key: str) -> bool:
        """Tell whether ``key`` has a text."""
        return key in self._texts

    def pick(self, text: Any) -> str:
        """Return the side of an API text (``{vi, en}`` or a plain string) that this language shows; None is empty.

        The API speaks Vietnamese and English: other languages show its Vietnamese with the mark.
        """
        if isinstance(text, Mapping):
            own, vietnamese = text.get(self.lang), str(text.get("vi") or "")
            return str(own) if own else (MARK if vietnamese and self.lang not in text else "") + vietnamese
        return "" if text is None else str(text)

    def vietnamese(self, text: str | None) -> str:
        """Return what exists in Vietnamese only: with the mark where another language is shown."""
        return f"{MARK}{text}" if text and self.lang != "vi" else text or ""

    def named(self, name: str | None) -> str:
        """Return what this language calls a field or an agency, by ``names/{lang}.json``; else the marked Vietnamese.

        A name that ends in ``*`` there stands for all that begin so.
        """
        if not name or self.lang == "vi":
            return name or ""
        own, starts = _names(self.lang)
        if name in own:
            return own[name]
        for start, text in starts:
            if name.startswith(start):
                return text.replace("*", name.removeprefix(start))
        return self.vietnamese(name)

    def day(self, value: str | date | None) -> str:
        """Return a long date (``Thứ Hai, 30/11/2026``) of an RFC 3339 time or a date."""
        return locale.long_date(moment(value), self.lang) if value else ""

    def short_day(self, value: str | date | None) -> str:
        """Return ``30/11/2026`` of an RFC 3339 time or a date."""
        return locale.short_date(moment(value), self.lang) if value else ""

    def time(self, value: str | datetime | None) -> str:
        """Return ``15:20``, Viet Nam's time."""
        at = moment(value) if value else None
        return locale.clock_time(at) if isinstance(at, datetime) else ""

    def day_time(self, value: str | datetime | None) -> str:
        """Return ``15:20 Thứ Hai, 16/11/2026``, Viet Nam's time."""
        at = moment(value) if value else None
        return locale.date_time(at, self.lang) if isinstance(at, datetime) else self.day(value)

    def money(self, vnd: int) -> str:
        """Return an amount of đồng."""
        return locale.money(vnd, self.lang)

    def money_in_words(self, vnd: int) -> str:
        """Return an amount of đồng in words."""
        return locale.money_in_words(vnd, self.lang)

    def size(self, count: int) -> str:
        """Return a size in bytes."""
        return locale.size(count, self.lang)

    def number(self, value: int) -> str:
        """Return a whole number with its groups of three."""
        return locale.number(value, self.lang)

    def term(self, term: Mapping[str, Any]) -> str:
        """Return a time limit with its unit, never a bare number."""
        return self(f"frame.{term['unit']}", n=term["amount"])


@cache
def _names(lang: str) -> tuple[Mapping[str, str], tuple[tuple[str, str], ...]]:
    file = NAMES / f"{lang}.json"
    listed: Mapping[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return listed, tuple((name[:-1], text) for name, text in listed.items() if name.endswith("*"))


def moment(value: str | date) -> date:
    """Return the date or the aware time that a JSON value or a date means; a time without zone is Viet Nam's."""
    if isinstance(value, date):
        return value
    if len(value) == 10:
        return date.fromisoformat(value)
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=VIETNAM)


def sentence_case(title: str) -> str:
    """Return an official title without capitals for emphasis; a title that is not all capitals stays as it is."""
    return title.capitalize() if title.isupper() and len(title) > 6 else title


def days_between(start: date, end: date) -> int:
    """Return how many calendar days ``end`` is after ``start`` (negative when it is before)."""
    return (end - start) // timedelta(days=1)
