"""Where a dossier stands, in plain words: who has it, what happens next, how long is left, every step so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.workdays import Calendar
from portal.i18n import Words, days_between, moment

Dossier = Mapping[str, Any]
Row = Mapping[str, Any]

KINDS = {
    1: "now",
    2: "now",
    3: "refused",
    4: "now",
    5: "yours",
    6: "yours",
    7: "ended",
    8: "ended",
    9: "done",
    10: "done",
}
ENDED = (3, 7, 8, 10)
ASKED = {5: "papers", 6: "money", 4: "confirm"}
AHEAD = {
    1: ("accepted", "processing", "returned"),
    2: ("processing", "returned"),
    4: ("returned",),
    5: ("processing", "returned"),
    6: ("processing", "returned"),
    9: ("returned",),
}
PASSED = (
    *("submitted", "delivered", "owner_changed", "dossier_claimed", "help_ended", "payment_refunded"),
    *("contact_ended", "task_opened", "task_closed", "rating_asked", "ask_reminded"),
    *("exemption_granted", "exemption_refused", "exemption_to_prove"),
)
BESIDE = (
    *("contact_ended", "dossier_claimed", "help_ended", "payment_refunded", "rating_asked", "ask_reminded"),
    *("task_closed", "task_opened", "exemption_granted", "exemption_refused", "exemption_to_prove"),
)
OWN_STEPS = ("submitted", "request_filed")


@dataclass(frozen=True, slots=True)
class Standing:
    """The plain sentences on top: who has the dossier, and how long is left. ``mark`` colours them.

    ``late`` = the appointment has passed while the office has the dossier; ``clock`` then says by how much.
    """

    mark: str
    where: str
    clock: str
    late: bool

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.where} {self.clock}".rstrip()


def standing(dossier: Dossier, timeline: Sequence[Row], now: datetime, calendar: Calendar, t: Words) -> Standing:
    """Return what stands on top of a dossier's page at ``now``."""
    mark, key = whereabouts(dossier)
    handler = _handler(dossier, timeline)
    key = f"following.where_{key}"
    if handler and t.known(f"{key}_by"):
        key = f"{key}_by"
    where = t(key, office=dossier["office"]["name"], handler=handler)
    if mark == "yours":
        return Standing(mark, where, _your_time(dossier, now, t), late=False)
    late = _is_late(dossier, now)
    return Standing(mark, where, time_left(dossier, now, calendar, t), late)


def whereabouts(dossier: Dossier) -> tuple[str, str]:
    """Return the mark of the plain sentence on top and the key of its text: who has the dossier, what it waits for."""
    status = dossier["status"]
    kind = KINDS.get(status, "now")
    if status == 1 and not dossier.get("delivered_at"):
        return kind, "sent"
    ask = open_ask(dossier)
    if ask is None:
        return kind, str(status)
    if answered(dossier, ask):
        return "now", "checking"
    return "yours", "preview" if ask["kind"] == "confirm" else str(status)


def open_ask(dossier: Dossier) -> Row | None:
    """Return the ask that the dossier's state is about, or None."""
    wanted = ASKED.get(dossier["status"])
    return next((ask for ask in dossier["asks"] if ask["state"] == "open" and ask["kind"] == wanted), None)


def answered(dossier: Dossier, ask: Row) -> bool:
    """Tell whether the person has sent an answer to ``ask`` that the office has not looked at yet."""
    return any(one["state"] == "open" and one["ask_no"] == ask["ask_no"] for one in dossier["requests"])


def _handler(dossier: Dossier, timeline: Sequence[Row]) -> str:
    """Return who at the office took the last step; nothing when nobody was named."""
    rows = [row for row in timeline if row.get("handler") and row.get("office") == dossier["office"]["id"]]
    return str(rows[-1]["handler"]) if rows else ""


def _your_time(dossier: Dossier, now: datetime, t: Words) -> str:
    ask = open_ask(dossier)
    if ask is None or not ask.get("due"):
        return ""
    until = moment(ask["due"])
    passed = isinstance(until, datetime) and until < now
    return t("following.yours_passed" if passed else "following.yours_until", at=t.day_time(ask["due"]))


def _is_late(dossier: Dossier, now: datetime) -> bool:
    if not _runs(dossier):
        return False
    at = moment(dossier["due"]["at"])
    return isinstance(at, datetime) and at < now


def _runs(dossier: Dossier) -> bool:
    """Tell whether the office's time is running: it has an appointment, the dossier, and no result yet."""
    return bool(dossier.get("due")) and dossier["status"] not in (*ENDED, 9) and dossier.get("held_by") != "citizen"


def time_left(dossier: Dossier, now: datetime, calendar: Calendar, t: Words) -> str:
    """Return how long is left until the appointment, or by how much it has passed; empty when the clock does not run.

    Working days are counted from tomorrow to the day of the appointment; hours are working hours.
    """
    if not _runs(dossier):
        return ""
    due = dossier["due"]
    at = moment(due["at"])
    last = at.astimezone(now.tzinfo).date() if isinstance(at, datetime) else at
    if isinstance(at, datetime) and at < now:
        days = days_between(last, now.date())
        return t("following.late", n=days) if days else t("following.late_today", at=t.time(at))
    if due["unit"] == "hours" and isinstance(at, datetime):
        hours = -(-calendar.working_seconds(now, at) // 3600)
        return t("following.left_hours", n=max(hours, 1))
    ahead_days = [now.date() + timedelta(days=n) for n in range(1, days_between(now.date(), last) + 1)]
    if not ahead_days:
        return t("following.due_today")
    if due["unit"] == "days":
        return t("following.left_days", n=len(ahead_days))
    return t("following.left_working", n=max(sum(map(calendar.is_workday, ahead_days)), 1))


def choices(dossier: Dossier) -> tuple[str, ...]:
    """Return what a person can really do about a late dossier, in order."""
    return ("ask", "complain", *(("withdraw",) if "withdraw" in dossier.get("can", ()) else ()))


def days_off(due: Mapping[str, Any] | None, calendar: Calendar) -> dict[str, dict[str, str]]:
    """Return why each day that the sum of a date skips is off, by the day."""
    why = {day: calendar.why_off(date.fromisoformat(day)) for day in (due or {}).get("skipped") or ()}
    return {day: {"vi": text.vi, "en": text.en} for day, text in why.items() if text is not None}


def steps(dossier: Dossier, timeline: Sequence[Row], t: Words, offices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the history in words: each step with its mark (done, now, yours, refused, ended), time, office, handler.

    ``offices`` names offices by their code. That a request was accepted is left out: the office's own step beside it
    says so. ``unnamed`` = an officer took the step and the office did not say who.
    """
    rows = [row for row in timeline if not (row["type"] == "request_answered" and row.get("verdict") == "accepted")]
    last = max((at for at, row in enumerate(rows) if row["type"] not in BESIDE), default=len(rows) - 1)
    told = []
    for at, row in enumerate(rows):
        kind = KINDS.get(dossier["status"], "now") if at == last else "done"
        key = _step_key(row, t)
        told.append(
            {
                "kind": "done" if row["type"] in PASSED and kind == "now" else kind,
                "what": t(key),
                "explain": t(f"{key}_explain") if t.known(f"{key}_explain") else "",
                "row": row,
                "office": _office(dossier, row, offices),
                "unnamed": row.get("role") == "officer" and not row.get("handler"),
                "told_late": _told_late(row),
                "same_day": at > 0 and str(rows[at - 1]["at"])[:10] == str(row["at"])[:10],
            }
        )
    return told


def _told_late(row: Row) -> bool:
    """Tell whether the portal learned of a step more than an hour after it was taken."""
    at, received = moment(row["at"]), moment(row.get("received_at") or row["at"])
    both = isinstance(at, datetime) and isinstance(received, datetime)
    return both and received - at > timedelta(hours=1)


def _step_key(row: Row, t: Words) -> str:
    for key in (f"following.step_{row['type']}_{row.get('kind')}", f"following.step_{row['type']}"):
        if t.known(key):
            return key
    return "following.step_other"


def _office(dossier: Dossier, row: Row, offices: Mapping[str, str]) -> str:
    """Return the name of the office that took a step; nothing for what the portal or the citizen did."""
    if row["type"] in OWN_STEPS or not row.get("office"):
        return ""
    own = row["office"] == dossier["office"]["id"]
    return str(dossier["office"]["name"]) if own else offices.get(str(row["office"]), "")


def ahead(dossier: Dossier) -> tuple[str, ...]:
    """Return the steps that are still to come, in order."""
    coming = AHEAD.get(dossier["status"], ())
    wants_preview = "confirm" in dossier.get("can", ()) or dossier.get("wants_draft")
    if wants_preview and not dossier.get("draft_result") and "returned" in coming:
        return (*coming[:-1], "preview", "returned")
    return coming
