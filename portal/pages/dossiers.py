"""Following a dossier: where it is, what comes next, why that date; and the receipt that can be printed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from kernel.workdays import Calendar
from portal import codes
from portal.forms.answers import display, masked
from portal.i18n import Words, days_between, moment
from portal.pages.naming import in_english, office_names
from portal.pages.problem import route
from portal.pages.submitting import place_names
from portal.pages.visit import Visit

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
AHEAD = {
    1: ("accepted", "processing", "returned"),
    2: ("processing", "returned"),
    4: ("returned",),
    5: ("processing", "returned"),
    6: ("processing", "returned"),
    9: ("returned",),
}


async def mine(visit: Visit) -> Response:
    """List the person's dossiers, newest first."""
    found = await visit.api.call("dossiers", query={"cursor": visit.query("cursor", 500)})
    await in_english(visit, found["results"])
    return visit.page("dossiers.html", private=True, found=found, kinds=KINDS)


async def follow(visit: Visit) -> Response:
    """Show one dossier: the plain sentence, what is asked, the timeline, the date with its sum, the result."""
    dossier, timeline = await _load(visit)
    left = time_left(dossier, visit.now, visit.calendar, visit.t)
    return visit.page(
        "dossier.html",
        private=True,
        dossier=dossier,
        kind=KINDS.get(dossier["status"], "now"),
        where=whereabouts(dossier),
        ended=dossier["status"] in ENDED,
        steps=steps(dossier, timeline, visit.t, await office_names(visit, timeline)),
        ahead=ahead(dossier),
        open_asks=[ask for ask in dossier["asks"] if ask["state"] == "open"],
        waiting=[request for request in dossier["requests"] if request["state"] == "open"],
        declined=[request for request in dossier["requests"] if request["state"] in ("declined", "closed")],
        left=left,
        late=bool(left) and moment(dossier["due"]["at"]) < visit.now,
        sent=visit.query("sent", 20),
    )


async def answers(visit: Visit) -> Response:
    """Show what was filed, with identity numbers masked."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    form = await visit.api.call("form", {"code": dossier["procedure"]}, query={"revision": dossier["revision"]})
    places = await place_names(visit, form, dossier.get("answers") or {})
    files = {file["sha256"]: str(file.get("name") or "") for file in dossier.get("files") or ()}
    rows = []
    for page in form["pages"]:
        for name in page["fields"]:
            value = (dossier.get("answers") or {}).get(name)
            if value is None:
                continue
            spec = form["fields"][name]
            shown = (
                masked(str(value))
                if spec["widget"] == "id_number"
                else display(spec, value, visit.t, places=places, files=files)
            )
            rows.append((visit.t.pick(spec["label"]), shown))
    seen = (await visit.api.get_or({"results": []}, "accesses", {"code": dossier["code"]}))["results"]
    return visit.page(
        "dossier_answers.html",
        private=True,
        dossier=dossier,
        rows=rows,
        accesses=seen,
        offices=await office_names(visit, seen),
    )


async def receipt(visit: Visit) -> Response:
    """Show the receipt: code, office, date with its sum, QR; for the screen, A4 and 80 mm paper."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    address = codes.lookup_address(visit.settings.public_url, dossier["code"])
    return visit.page(
        "receipt.html",
        private=True,
        dossier=dossier,
        address=address,
        check=codes.check(dossier["code"]),
        qr=Markup(codes.qr_svg(address, visit.t("following.qr_title", code=dossier["code"]))),
        paper="80" if visit.query("paper", 3) == "80" else "a4",
    )


async def _load(visit: Visit) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    code = {"code": visit.part("code")}
    dossier = await visit.api.call("dossier", code)
    await in_english(visit, [dossier])
    rows: list[Mapping[str, Any]] = []
    cursor = None
    for _ in range(10):
        found = await visit.api.call("timeline", code, query={"cursor": cursor})
        rows += found["results"]
        cursor = found.get("next_cursor")
        if not cursor:
            break
    return dossier, sorted(rows, key=lambda row: int(row["n"]))


def whereabouts(dossier: Mapping[str, Any]) -> tuple[str, str]:
    """Return the mark of the plain sentence on top and the key of its text: who has the dossier, what it waits for."""
    status = dossier["status"]
    kind = KINDS.get(status, "now")
    if status == 1 and not dossier.get("delivered_at"):
        return kind, "sent"
    asks = {ask["kind"]: ask for ask in dossier["asks"] if ask["state"] == "open"}
    answered = {request["ask_no"] for request in dossier["requests"] if request["state"] == "open"}
    for name in {5: ("papers",), 6: ("money",), 4: ("confirm",)}.get(status, ()):
        if name in asks:
            waits = asks[name]["ask_no"] not in answered
            return ("yours", "preview" if name == "confirm" else str(status)) if waits else ("now", "checking")
    return kind, str(status)


def steps(
    dossier: Mapping[str, Any], timeline: list[Mapping[str, Any]], t: Words, offices: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the history in words: each step with its mark (done, now, yours, refused, ended), time, office, handler.

    ``offices`` names offices by their code.

    That a request was accepted is left out: the office's own step beside it says so.
    """
    rows = [row for row in timeline if not (row["type"] == "request_answered" and row.get("verdict") == "accepted")]
    told = []
    for at, row in enumerate(rows):
        kind = KINDS.get(dossier["status"], "now") if at == len(rows) - 1 else "done"
        key = _step_key(row, t)
        told.append(
            {
                "kind": "done"
                if row["type"] in ("submitted", "delivered", "owner_changed") and kind == "now"
                else kind,
                "what": t(key),
                "explain": t(f"{key}_explain") if t.known(f"{key}_explain") else "",
                "row": row,
                "office": _office(dossier, row, offices),
                "same_day": at > 0 and str(rows[at - 1]["at"])[:10] == str(row["at"])[:10],
            }
        )
    return told


def _step_key(row: Mapping[str, Any], t: Words) -> str:
    for key in (f"following.step_{row['type']}_{row.get('kind')}", f"following.step_{row['type']}"):
        if t.known(key):
            return key
    return "following.step_other"


def _office(dossier: Mapping[str, Any], row: Mapping[str, Any], offices: Mapping[str, str]) -> str:
    """Return the name of the office that took a step; nothing for what the portal or the citizen did."""
    if row["type"] in ("submitted", "request_filed") or not row.get("office"):
        return ""
    own = row["office"] == dossier["office"]["id"]
    return str(dossier["office"]["name"]) if own else offices.get(str(row["office"]), "")


def ahead(dossier: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the steps that are still to come, in order."""
    coming = AHEAD.get(dossier["status"], ())
    wants_preview = "confirm" in dossier.get("can", ()) or dossier.get("wants_draft")
    if wants_preview and not dossier.get("draft_result") and "returned" in coming:
        return (*coming[:-1], "preview", "returned")
    return coming


def time_left(dossier: Mapping[str, Any], now: datetime, calendar: Calendar, t: Words) -> str:
    """Return how long is left until the appointment, or by how much it has passed; empty when the clock does not run.

    Working days are counted from tomorrow to the day of the appointment.
    """
    due = dossier.get("due")
    if not due or dossier["status"] in (*ENDED, 9) or dossier.get("held_by") == "citizen":
        return ""
    at = moment(due["at"])
    last = at.astimezone(now.tzinfo).date() if isinstance(at, datetime) else at
    ahead_days = [now.date() + timedelta(days=n) for n in range(1, days_between(now.date(), last) + 1)]
    if isinstance(at, datetime) and at < now:
        return t("following.late", n=max(days_between(last, now.date()), 1))
    if not ahead_days:
        return t("following.due_today")
    if due["unit"] == "days":
        return t("following.left_days", n=len(ahead_days))
    return t("following.left_working", n=max(sum(map(calendar.is_workday, ahead_days)), 1))


ROUTES = [
    *route("/dossiers", mine, also=("/ho-so",)),
    *route("/dossiers/{code}", follow, also=("/ho-so/{code}",)),
    *route("/dossiers/{code}/answers", answers),
    *route("/dossiers/{code}/receipt", receipt),
]
