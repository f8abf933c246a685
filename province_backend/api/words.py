"""What the pages say, in both languages, and how a case is put into words."""

import json
from datetime import datetime
from pathlib import Path

from kernel import locale
from kernel.clock import VIETNAM
from kernel.digest import digest_bytes
from province_backend.model.case import Case, State

TEXTS: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))


class Words:
    """Texts, dates and money in one language; templates call it ``t``."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with its ``{names}`` filled in. Raises ``KeyError`` for an unknown key."""
        text = TEXTS[key][self.lang]
        return text.format(**values) if values else text

    def __contains__(self, key: str) -> bool:
        """Tell whether ``key`` has a text."""
        return key in TEXTS

    def step(self, kind: str) -> str:
        """Return a history step in words; one we have no words for keeps its name."""
        known = TEXTS.get(f"step.{kind}")
        return known[self.lang] if known else kind.replace("_", " ")

    def date_time(self, at: datetime) -> str:
        """Return ``15:20 Thứ Hai, 16/11/2026``, Viet Nam's time."""
        return locale.date_time(at, self.lang)

    def day(self, at: datetime) -> str:
        """Return ``16/11/2026``, Viet Nam's time."""
        return locale.short_date(at, self.lang)

    def size(self, count: int) -> str:
        """Return a file's size."""
        return locale.size(count, self.lang)

    def money(self, vnd: int) -> str:
        """Return an amount of đồng."""
        return locale.money(vnd, self.lang)

    def due(self, at: datetime | None, now: datetime) -> str:
        """Return when something is due, as one says it: late since, today, tomorrow, or the day."""
        if at is None:
            return self("due.none")
        days = (at.astimezone(VIETNAM).date() - now.astimezone(VIETNAM).date()).days
        if at < now:
            return self("due.late", when=locale.short_date(at, self.lang))
        if days == 0:
            return self("due.today", time=locale.clock_time(at))
        return self("due.tomorrow", time=locale.clock_time(at)) if days == 1 else locale.short_date(at, self.lang)


def tag_of(case: Case) -> str:
    """Return the shape of a case's state tag."""
    if case.state in (State.REFUSED, State.STOPPED):
        return "refused"
    if case.ended:
        return "done" if case.state is State.RETURNED else "ended"
    return "yours" if case.citizen_holds else "now"


def officer_mark(sub: str) -> str:
    """Return a short mark by which an officer who is not on the list of staff can be told from others."""
    return f"#{digest_bytes(sub.encode())[:6]}"
