"""My space: dossiers, drafts, notices, wallet, preferences, helpers, what is known about me and who looked at it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from kernel.locale import telephone
from portal.forms.answers import place_name
from portal.forms.values import Posted, one, read_phone
from portal.pages.kept import kept
from portal.pages.naming import in_english, office_names, with_titles
from portal.pages.problem import route
from portal.pages.standing import KINDS
from portal.pages.visit import YEAR, Visit, posted
from portal.public_api import ApiProblem

ORDERS = ("mail", "sms,mail", "zalo,sms,mail", "zalo,mail", "sms", "zalo", "")
HELD = (
    *("name", "birth_date", "gender", "id_number", "nationality"),
    *("ward", "address", "phone", "email", "org_name"),
)
HOURS = tuple(f"{hour:02}:00" for hour in range(24))


async def space(visit: Visit) -> Response:
    """Show the way to everything of one's own; asks to sign in first."""
    if not visit.signed_in:
        return visit.sign_in("/my")
    dossiers = await visit.api.call("dossiers", query={"page_size": 5})
    drafts = await visit.api.get_or(None, "drafts", page_size=3)
    await in_english(visit, [*dossiers["results"], *(drafts or {}).get("results", [])])
    notices = await visit.api.get_or(None, "notices")
    profile = await visit.api.get_or(None, "profile")
    helping = await visit.api.get_or(None, "assists", page_size=1)
    return visit.page(
        "space.html",
        private=True,
        dossiers=dossiers["results"],
        more_dossiers=bool(dossiers.get("next_cursor")),
        kinds=KINDS,
        drafts=[draft for draft in (drafts or {}).get("results", []) if not draft.get("submitted_code")],
        more_drafts=bool((drafts or {}).get("next_cursor")),
        unread=sum(1 for notice in (notices or {}).get("results", []) if not notice.get("read_at")),
        notices_away=notices is None,
        profile=profile,
        held=await _held(visit, profile),
        is_helper=helping is not None,
    )


async def _held(visit: Visit, profile: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what is held of the person, which forms are filled in from; the identity number shows its end only."""
    if not profile:
        return []
    t, said = visit.t, []
    for name in HELD:
        value = str(profile.get(name) or "")
        if not value:
            continue
        match name:
            case "birth_date":
                value = t.day(value)
            case "id_number":
                value = "•" * (len(value) - 4) + value[-4:]
            case "ward":
                place = await visit.api.get_or(None, "place", {"ward": value})
                value = place_name(place) if place else value
            case "phone":
                value = telephone(value)
            case "gender" | "nationality" if t.known(f"own_data.{name}_{value}"):
                value = t(f"own_data.{name}_{value}")
        said.append((t(f"own_data.{name}"), value))
    return said


async def inbox(visit: Visit) -> Response:
    """List notices, newest first."""
    found = await visit.api.call("notices", query={"cursor": visit.query("cursor", 500)})
    return visit.page("inbox.html", private=True, found=found)


async def read_notice(visit: Visit) -> Response:
    """Mark a notice as read, then go to its dossier or back to the list."""
    texts, _ = await posted(visit)
    await visit.api.call("read_notice", {"id": visit.part("id")})
    code = (texts.get("code") or [""])[-1]
    return visit.go(f"/dossiers/{code}" if code and "/" not in code else "/inbox")


async def drafts(visit: Visit) -> Response:
    """List what is being filled in, last saved first, to go on with or to drop."""
    found = await visit.api.call("drafts", query={"cursor": visit.query("cursor", 500)})
    await with_titles(visit, found["results"])
    return visit.page("my_drafts.html", private=True, found=found)


async def wallet(visit: Visit) -> Response:
    """List results and papers of one's own dossiers, each once, to open or to use again."""
    kind = visit.query("kind", 10)
    asked = {"cursor": visit.query("cursor", 500), "kind": kind if kind in ("result", "paper") else ""}
    found = await visit.api.call("papers", query=asked)
    await in_english(visit, found["results"])
    return visit.page("wallet.html", private=True, found=found, kind=asked["kind"])


async def helpers(visit: Visit) -> Response:
    """List who helped with one's dossiers and what they may still see."""
    found = await visit.api.call("helpers", query={"cursor": visit.query("cursor", 500)})
    await in_english(visit, found["results"])
    return visit.page("my_helpers.html", private=True, found=found, done=visit.query("done", 5))


async def end_helper(visit: Visit) -> Response:
    """End a helper's right, at once."""
    await visit.api.call("end_helper", {"id": visit.part("id")})
    return visit.go("/my/helpers?done=1")


@kept
async def preferences(visit: Visit) -> Response:
    """Show how the person wants to be told, and change it."""
    if visit.request.method == "GET":
        return _preferences(visit, await visit.api.call("preferences"), saved=bool(visit.query("saved", 2)))
    texts, _ = await posted(visit)
    wish, errors = _wish(visit, texts)
    if not errors:
        try:
            await visit.api.call("choose_preferences", json=wish)
        except ApiProblem as refused:
            if refused.status != 422:
                raise
            errors = [("phone", visit.t("space.phone_wrong"))]
    if errors:
        known = await visit.api.call("preferences")
        return _preferences(visit, {**known, **wish, "phone": one(texts, "phone")}, errors=errors)
    response = visit.go(f"/my/preferences?saved=1&lang={wish['language']}")
    visit.set_cookie(response, "big", "1" if wish["big_print"] else "0", path="/", max_age=YEAR)
    return response


def _wish(visit: Visit, texts: Posted) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    typed = one(texts, "phone")
    phone = read_phone(typed, {}) if typed else None
    order, language = one(texts, "channels"), one(texts, "language")
    errors = []
    if language not in ("vi", "en"):
        errors.append(("language-vi", visit.t("own_data.language_wrong")))
    if order not in ORDERS or "channels" not in texts:
        errors.append(("channels-0", visit.t("own_data.channels_wrong")))
    if phone is not None and phone.problem:
        errors.append(("phone", visit.t("space.phone_wrong")))
    elif phone is None and order.startswith(("sms", "zalo")):
        errors.append(("phone", visit.t("space.phone_needed")))
    quiet = {name: one(texts, name) for name in ("quiet_from", "quiet_until")}
    errors += [(name, visit.t("own_data.time_wrong")) for name, hour in quiet.items() if hour not in HOURS]
    wish = {
        "language": language,
        "channels": [name for name in order.split(",") if name],
        "phone": phone.value if phone is not None else None,
        **quiet,
        "big_print": one(texts, "big_print") == "yes",
    }
    return wish, errors


def _preferences(
    visit: Visit, chosen: Mapping[str, Any], *, saved: bool = False, errors: list[tuple[str, str]] | None = None
) -> Response:
    offered = set(chosen.get("offered") or ())
    orders = [order for order in ORDERS if not order or set(order.split(",")) <= offered]
    return visit.page(
        "preferences.html",
        422 if errors else 200,
        private=True,
        chosen={**chosen, "phone": telephone(str(chosen["phone"])) if chosen.get("phone") else ""},
        order=",".join(chosen["channels"]),
        orders=orders,
        hours=HOURS,
        saved=saved,
        errors=errors or [],
    )


async def big_print(visit: Visit) -> Response:
    """Switch big print on or off for this browser and go back."""
    texts, _ = await posted(visit)
    back = one(texts, "back")
    response = visit.go(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    visit.set_cookie(response, "big", "1" if one(texts, "big") == "1" else "0", path="/", max_age=YEAR)
    return response


async def accesses(visit: Visit) -> Response:
    """Show who looked at one's data, when and why."""
    found = await visit.api.call("my_accesses", query={"cursor": visit.query("cursor", 500)})
    offices = await office_names(visit, found["results"])
    return visit.page("accesses.html", private=True, found=found, offices=offices)


ROUTES = [
    *route("/my", space, also=("/khong-gian-cua-toi",)),
    *route("/my/drafts", drafts, also=("/ho-so-dang-dien",)),
    *route("/my/wallet", wallet, also=("/vi-giay-to",)),
    *route("/my/preferences", preferences, "GET", "POST", also=("/tuy-chon",)),
    *route("/my/helpers", helpers),
    *route("/my/helpers/{id}/end", end_helper, "POST"),
    *route("/big-print", big_print, "POST"),
    *route("/inbox", inbox, also=("/thong-bao",)),
    *route("/inbox/{id}/read", read_notice, "POST"),
    *route("/my/accesses", accesses),
]
