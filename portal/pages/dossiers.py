"""Following a dossier: where it is, what comes next, why that date; and the receipt that can be printed."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from portal import codes
from portal.forms.answers import display, masked
from portal.pages.exemption import fee_of
from portal.pages.naming import filed_by, in_english, office_names
from portal.pages.problem import route
from portal.pages.reaching import reach
from portal.pages.standing import ENDED, KINDS, ahead, choices, days_off, standing, steps
from portal.pages.submitting import place_names
from portal.pages.visit import Visit
from portal.public_api import ApiProblem


async def mine(visit: Visit) -> Response:
    """List the person's dossiers, newest first."""
    found = await visit.api.call("dossiers", query={"cursor": visit.query("cursor", 500)})
    await in_english(visit, found["results"])
    return visit.page("dossiers.html", private=True, found=found, kinds=KINDS)


async def follow(visit: Visit) -> Response:
    """Show one dossier: the plain sentence, what is asked, the timeline, the date with its sum, the result.

    A message's link leads here: who has not signed in sees how far it is, as anybody with the code, and signs in for
    the rest.
    """
    if not visit.signed_in:
        return visit.go(f"/lookup/{quote(visit.part('code'), safe='')}")
    dossier, timeline = await _load(visit)
    given = dossier["status"] in (9, 10) and bool(dossier["results"])
    ended = dossier["status"] in ENDED
    code = {"code": dossier["code"]}
    return visit.page(
        "dossier.html",
        private=True,
        dossier=dossier,
        kind=KINDS.get(dossier["status"], "now"),
        standing=standing(dossier, timeline, visit.now, visit.calendar, visit.t),
        choices=choices(dossier),
        ended=ended,
        steps=steps(dossier, timeline, visit.t, await office_names(visit, timeline)),
        ahead=ahead(dossier),
        open_asks=[ask for ask in dossier["asks"] if ask["state"] == "open"],
        waiting=[request for request in dossier["requests"] if request["state"] == "open"],
        declined=[request for request in dossier["requests"] if request["state"] in ("declined", "closed")],
        off=days_off(dossier["due"], visit.calendar),
        paper=await visit.api.get_or(None, "paper", code) if given else None,
        facts=await known_facts(visit, dossier) if given else [],
        rating=await visit.api.get_or(None, "rating", code) if ended else None,
        exemption=await visit.api.get_or(None, "exemption", code),
        sent=visit.query("sent", 20),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


async def known_facts(visit: Visit, dossier: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return ``filed_rows``, or nothing while the catalogue is away: a page can do without."""
    try:
        return await filed_rows(visit, dossier)
    except ApiProblem:
        return []


async def answers(visit: Visit) -> Response:
    """Show what was filed, with identity numbers masked, and who looked at it."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    seen = (await visit.api.get_or({"results": []}, "accesses", {"code": dossier["code"]}))["results"]
    return visit.page(
        "dossier_answers.html",
        private=True,
        dossier=dossier,
        rows=await filed_rows(visit, dossier),
        accesses=seen,
        filed_by=await filed_by(visit, dossier),
        offices=await office_names(visit, seen),
    )


async def filed_rows(visit: Visit, dossier: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return label and words of every answer that was filed, in the order of the form; identity numbers are masked."""
    form = await visit.api.call("form", {"code": dossier["procedure"]}, query={"revision": dossier["revision"]})
    filed = dossier.get("answers") or {}
    places = await place_names(visit, form, filed)
    files = {file["sha256"]: str(file.get("name") or "") for file in dossier.get("files") or ()}
    rows = []
    for name in (name for page in form["pages"] for name in page["fields"]):
        value, spec = filed.get(name), form["fields"][name]
        if value is None:
            continue
        if spec["widget"] == "id_number":
            rows.append((visit.t.pick(spec["label"]), masked(str(value))))
        else:
            rows.append((visit.t.pick(spec["label"]), display(spec, value, visit.t, places=places, files=files)))
    return rows


async def receipt(visit: Visit) -> Response:
    """Show the receipt: code, office, date with its sum, QR; for the screen, A4 and 80 mm paper."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    address = codes.lookup_address(visit.settings.public_url, dossier["code"])
    exemption, fee = await fee_of(visit, dossier)
    return visit.page(
        "receipt.html",
        private=True,
        dossier=dossier,
        exemption=exemption,
        fee=fee,
        off=days_off(dossier["due"], visit.calendar),
        address=address,
        check=codes.check(dossier["code"]),
        qr=Markup(codes.qr_svg(address, visit.t("following.qr_title", code=dossier["code"]))),
        paper="80" if visit.query("paper", 3) == "80" else "a4",
        person=await reach(visit, str(dossier["office"]["id"])),
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


ROUTES = [
    *route("/dossiers", mine, also=("/ho-so",)),
    *route("/dossiers/{code}", follow, also=("/ho-so/{code}",)),
    *route("/dossiers/{code}/answers", answers),
    *route("/dossiers/{code}/receipt", receipt),
]
