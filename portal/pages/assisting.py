"""Helping somebody to file: what for, where, for whom and how they agreed; then the receipt with its claim code."""

import secrets
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from portal import codes
from portal.forms.answers import place_name
from portal.forms.card import Card, Unread, read_card
from portal.forms.values import Posted, one, read_id_number, read_phone
from portal.pages import mirroring
from portal.pages.naming import in_english, with_titles
from portal.pages.problem import route
from portal.pages.reaching import reach
from portal.pages.standing import KINDS
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

WAYS, ALLOWS = ("spoken", "signed", "fingerprint"), ("nothing", "follow", "act")
TOLD_BY = ("phone", "phone_call", "relative", "relative_call")
WISHES = ("for_name", "for_id_number", "consent_way", "consent_note", "allows", "told_by", "contact")

FROM_CARD = ("card_birth_date", "card_gender", "card_address")


async def helping(visit: Visit) -> Response:
    """List whom the helper helps now; who is no helper learns what the page is for."""
    if not visit.signed_in:
        return visit.sign_in("/assist")
    try:
        found = await visit.api.call("assists", query={"cursor": visit.query("cursor", 500)})
    except ApiProblem as refused:
        if refused.status == 403:
            return visit.page("assist_none.html", 403, private=True)
        raise
    await with_titles(visit, found["results"])
    return visit.page("assists.html", private=True, found=found, ended=visit.query("ended", 2))


async def begin(visit: Visit) -> Response:
    """Ask what for, then where, then for whom; one thing a page."""
    if not visit.signed_in:
        return visit.sign_in("/assist/new")
    code, ward, query = visit.query("procedure", 40), visit.query("place", 10), visit.query("q")
    procedure = await visit.api.get_or(None, "procedure", {"code": code}) if code else None
    if procedure is None or not procedure["fileable"]:
        found = await visit.api.get_or(None, "search", q=query, page_size=20) if query else None
        fileable = [item for item in (found or {}).get("results", []) if item.get("fileable")]
        asked = procedure is not None
        return visit.page("assist_what.html", private=True, q=query, found=fileable, searched=bool(query), closed=asked)
    place = await visit.api.get_or(None, "place", {"ward": ward}) if ward else None
    if place is None:
        found = await visit.api.get_or(None, "places", q=query, page_size=8) if query else None
        places = (found or {}).get("results", [])
        return visit.page("assist_where.html", private=True, procedure=procedure, q=query, places=places)
    return await _whom(visit, procedure, place, {"allows": ["follow"], "told_by": ["neighbour"]}, [])


async def _whom(
    visit: Visit, procedure: Mapping[str, Any], place: Mapping[str, Any], texts: Posted, errors: list[tuple[str, str]]
) -> Response:
    return visit.page(
        "assist_whom.html",
        422 if errors else 200,
        private=True,
        procedure=procedure,
        place=place,
        place_text=place_name(place),
        said={name: one(texts, name) for name in (*WISHES, *FROM_CARD)},
        key=one(texts, "key") or secrets.token_urlsafe(18),
        errors=errors,
    )


async def start(visit: Visit) -> Response:
    """Open the draft for the person who agreed and go to its first question."""
    texts, _ = await posted(visit)
    code, ward = one(texts, "procedure"), one(texts, "place")
    procedure = await visit.api.call("procedure", {"code": code})
    place = await visit.api.call("place", {"ward": ward})
    if one(texts, "switch"):
        return await _whom(visit, procedure, place, texts, [])
    if scanned := one(texts, "card"):
        return await _from_card(visit, procedure, place, texts, read_card(scanned))
    profile = await visit.api.get_or({}, "profile")
    wish, errors = _wish(visit, texts, profile)
    if not errors:
        helper_name = str(profile.get("name") or visit.t("assist.a_helper"))
        wish |= {"procedure": code, "place": ward, "helper_name": helper_name}
        try:
            made = await visit.api.call("start_assist", json=wish, key=one(texts, "key")[:80] or None)
            await _say_how_to_tell(visit, str(made["owner"]), wish)
            await _fill_in(visit, code, str(made["draft"]), texts)
        except ApiProblem as refused:
            if refused.status != 422:
                raise
            errors = [(str(wrong["path"]).rpartition(".")[2], str(wrong["detail"])) for wrong in refused.fields]
            errors = errors or [("for_name", refused.detail)]
        else:
            return visit.go(f"/assist/{made['id']}?begun=1{'&seen=1' if made.get('contact_seen') else ''}")
    return await _whom(visit, procedure, place, texts, errors)


async def _from_card(
    visit: Visit, procedure: Mapping[str, Any], place: Mapping[str, Any], texts: Posted, card: Card | Unread
) -> Response:
    """Show the boxes again, filled from the card, or with what is wrong with the text; the text itself is not kept."""
    if isinstance(card, Unread):
        return await _whom(visit, procedure, place, texts, [("card", visit.t(f"screen.card_{card.why}"))])
    said = {"for_name": card.name, "for_id_number": card.number}
    said |= {"card_birth_date": card.birth_date.isoformat(), "card_gender": card.gender, "card_address": card.address}
    return await _whom(visit, procedure, place, {**texts, **{name: [text] for name, text in said.items()}}, [])


async def _fill_in(visit: Visit, code: str, draft: str, texts: Posted) -> None:
    """Answer the questions that the card answers too; what the form does not take is left to be asked."""
    told = {name.removeprefix("card_"): one(texts, name) for name in FROM_CARD}
    form = await visit.api.get_or(None, "form", {"code": code}) if any(told.values()) else None
    for name, spec in (form or {"fields": {}})["fields"].items():
        fact = str(spec.get("source") or "").removeprefix("profile.")
        if told.get(fact):
            try:
                await visit.api.call("save_draft", {"id": draft}, json={"answers": {name: told[fact]}})
            except ApiProblem as refused:
                if refused.status != 422:
                    raise


async def _say_how_to_tell(visit: Visit, owner: str, wish: Mapping[str, Any]) -> None:
    """Say how news reach the person; a second press of the button says the same again."""
    way = "voice" if str(wish["told_by"]).endswith("_call") else "sms"
    phone = None if wish["told_by"] == "neighbour" else wish["contact"]
    await visit.api.call("tell_helped", {"owner": owner}, json={"phone": phone, "way": way})


def _wish(visit: Visit, texts: Posted, profile: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    t, errors = visit.t, []
    wish: dict[str, Any] = {name: one(texts, name) for name in WISHES}
    if len(wish["for_name"]) < 2:
        errors.append(("for_name", t("assist.name_missing")))
    number = read_id_number(wish["for_id_number"], {}) if wish["for_id_number"] else None
    if number is not None and (number.problem or len(str(number.value)) not in (9, 12)):
        errors.append(("for_id_number", t("assist.id_wrong")))
    wish["for_id_number"] = number.value if number is not None and not number.problem else None
    if wish["consent_way"] not in WAYS:
        errors.append(("consent_way-0", t("assist.way_missing")))
    if wish["consent_way"] == "spoken" and not wish["consent_note"]:
        errors.append(("consent_note", t("assist.note_missing")))
    if wish["allows"] not in ALLOWS:
        wish["allows"] = "nothing"
    if wish["told_by"] in TOLD_BY:
        phone = read_phone(wish["contact"], {})
        if phone.problem:
            errors.append(("contact", t("assist.contact_wrong")))
        elif phone.value == profile.get("phone"):
            errors.append(("contact", t("assist.contact_own")))
        wish["contact"] = phone.value if not phone.problem else ""
    else:
        wish["told_by"] = "neighbour"
        if not wish["contact"].strip("+ "):
            errors.append(("contact", t("assist.teller_missing")))
        elif wish["contact"].startswith("+"):
            wish["contact"] = wish["contact"].lstrip("+ ")
    return wish, errors


async def one_helping(visit: Visit) -> Response:
    """Show one helping: what to read out before the form, or after filing what the person allows to be seen."""
    if not visit.signed_in:
        return visit.sign_in(visit.request.url.path)
    found = await visit.api.call("assist", {"id": visit.part("id")})
    return await _shown(visit, found)


async def _shown(visit: Visit, found: Mapping[str, Any], refused: str = "") -> Response:
    procedure = await visit.api.get_or(None, "procedure", {"code": str(found["procedure"])})
    filed = found.get("dossier")
    return visit.page(
        "assist.html",
        409 if refused else 200,
        private=True,
        found=found,
        procedure=procedure or {"title": found["procedure"]},
        filed=filed,
        kind=KINDS.get((filed or {}).get("status", 1), "now"),
        refused=refused,
        person=await reach(visit, filed["office"]["id"]) if filed else None,
        begun=bool(visit.query("begun", 2)),
        seen=bool(visit.query("seen", 2)),
        screen=mirroring.offered(visit, str(found["id"])),
    )


async def print_receipt(visit: Visit) -> Response:
    """Make a fresh claim code and show the receipt with it, this once, to be printed."""
    id = {"id": visit.part("id")}
    found = await visit.api.call("assist", id)
    try:
        issued = await visit.api.call("claim_code", id, json={"screen": mirroring.held_code(visit, id["id"])})
    except ApiProblem as refused:
        if refused.status != 409:
            raise
        return await _shown(visit, found, refused.detail)
    filed = {**found["dossier"], "procedure": found["procedure"]}
    await in_english(visit, [filed])
    address = visit.whole("/claim")
    return visit.page(
        "assist_receipt.html",
        private=True,
        found=found,
        filed=filed,
        issued=issued,
        exemption=(await visit.api.get_or({}, "wish", {"id": found["draft"]})).get("exemption"),
        address=address,
        check=codes.check(str(found["code"])),
        qr=Markup(codes.qr_svg(address, visit.t("assist.qr_title"))),
        person=await reach(visit, filed["office"]["id"]),
    )


async def open_screen(visit: Visit) -> Response:
    """Open a second screen for the person who is helped."""
    return await mirroring.open_for(visit, visit.part("id"))


async def end_screen(visit: Visit) -> Response:
    """End the second screen."""
    return await mirroring.end_for(visit, visit.part("id"))


async def end(visit: Visit) -> Response:
    """Give the right back."""
    await visit.api.call("end_assist", {"id": visit.part("id")})
    return visit.go("/assist?ended=1")


ROUTES = [
    *route("/assist", helping, also=("/lam-ho",)),
    *route("/assist/new", begin),
    *route("/assist/new", start, "POST"),
    *route("/assist/{id}", one_helping),
    *route("/assist/{id}/receipt", print_receipt, "POST"),
    *route("/assist/{id}/end", end, "POST"),
    *route("/assist/{id}/screen", open_screen, "POST"),
    *route("/assist/{id}/screen/end", end_screen, "POST"),
]
