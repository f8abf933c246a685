"""Filing: choose the place, then one question a page, saved at every step, resumed at will."""

import secrets
from typing import Any

from starlette.responses import Response

from portal.forms import conditions
from portal.forms.values import Posted, one
from portal.pages import carrying, doubting
from portal.pages.carrying import answered, held, shown_at
from portal.pages.draft import PROBE, Draft, cookie_name, forget_token, keep_token, load
from portal.pages.items import group_of, item_sheet, show_list, take_list
from portal.pages.problem import route
from portal.pages.question import Files, Sheet, show_page, take_page
from portal.pages.visit import DAY, Visit, posted
from portal.public_api import ApiProblem


async def choose_place(visit: Visit) -> Response:
    """Ask where the person lives, show which office will decide and why, and offer to begin."""
    procedure = await visit.api.call("procedure", {"code": visit.part("code")})
    if not procedure["fileable"]:
        return visit.page("file_closed.html", 409, procedure=procedure)
    return await _place_page(visit, procedure)


async def _place_page(visit: Visit, procedure: dict[str, Any], *, error: str = "", status: int = 200) -> Response:
    query, ward = visit.query("q"), visit.query("place", 10)
    found = await visit.api.get_or(None, "places", q=query, page_size=8) if query else {"results": []}
    place = await visit.api.get_or(None, "place", {"ward": ward}) if ward else None
    office = None
    if place:
        office = await visit.api.get_or(None, "resolve", procedure=procedure["code"], place=ward)
    probing = bool(place) and not visit.signed_in
    if not error and found is not None:
        error = _what_is_missing(visit, bool(query), bool(ward), bool(place))
    response = visit.page(
        "file_place.html",
        status,
        procedure=procedure,
        q=query,
        places=(found or {}).get("results", []),
        searched=bool(query),
        away=found is None,
        place=place,
        office=office,
        key=secrets.token_urlsafe(18),
        error=error,
        probing=probing,
    )
    if probing:
        visit.set_cookie(response, PROBE, "1", path="/file", max_age=DAY)
    return response


def _what_is_missing(visit: Visit, typed: bool, chosen: bool, known: bool) -> str:
    """Return what to do on the page of places: nothing was typed, nothing chosen, or what was chosen is no place."""
    if chosen:
        return "" if known else visit.t("filing.place_unknown")
    if visit.query("choosing", 2):
        return visit.t("filing.choose_place")
    return "" if typed or "q" not in visit.request.query_params else visit.t("filing.place_empty")


async def begin(visit: Visit) -> Response:
    """Begin a draft and go to its first question; pressing twice begins one."""
    texts, _ = await posted(visit)
    code, place = visit.part("code"), (texts.get("place") or [""])[-1]
    if not place:
        return visit.go(f"/file/{code}")
    key = (texts.get("key") or [""])[-1][:80] or None
    try:
        made = await visit.api.call("new_draft", json={"procedure": code, "place": place}, key=key)
    except ApiProblem as refused:
        if refused.status == 409:
            procedure = await visit.api.call("procedure", {"code": code})
            return visit.page("file_closed.html", 409, procedure=procedure, detail=refused.detail)
        if refused.status == 422:
            procedure = await visit.api.call("procedure", {"code": code})
            return await _place_page(visit, procedure, error=visit.t("filing.place_unknown"), status=422)
        raise
    token, first = made.get("token"), f"/file/draft/{made['id']}"
    blocked = bool(token) and bool(one(texts, "probe")) and PROBE not in visit.request.cookies
    response = (await shown_at(visit, made, token, first) if blocked else None) or visit.go(first)
    keep_token(visit, response, made, token)
    return response


async def resume(visit: Visit) -> Response:
    """Go on where the draft was left: the first page with something to answer, else the summary."""
    draft = await load(visit)
    if draft.code:
        return visit.go(draft.receipt)
    missing = conditions.missing(draft.form, draft.answers)
    pages = conditions.pages(draft.form, draft.answers)
    if not draft.answers and pages:
        return visit.go(draft.address(str(pages[0]["id"])))
    return visit.go(draft.address(missing[0][0] if missing else "check"))


async def question_page(visit: Visit) -> Response:
    """Show one page of questions, the list of a page that repeats, or one item of it."""
    draft = await load(visit)
    if draft.code:
        return visit.go(draft.receipt)
    page = draft.page(visit.part("page"))
    if page is None:
        return visit.go(draft.address())
    group = group_of(draft, page)
    if not group:
        return await show_page(visit, Sheet(draft, page))
    if "item" not in visit.request.path_params:
        return await show_list(visit, draft, page, group)
    sheet = item_sheet(draft, page, group, visit.part("item"))
    return await show_page(visit, sheet) if sheet else visit.go(draft.address(str(page["id"])))


async def answer_page(visit: Visit) -> Response:
    """Take the answers of one page and go on; what cannot be read stays in the boxes with a reason."""
    texts, files = await posted(visit)
    token = (texts.get("draft_token") or [""])[-1] or None
    try:
        draft = await load(visit, token)
    except ApiProblem as refused:
        if refused.status in (401, 404) and not visit.signed_in:
            back = visit.request.url.path
            return visit.page("session_over.html", 401, private=True, texts=texts, back=back, lost=bool(files))
        raise
    if draft.code:
        return visit.go(draft.receipt)
    return await answered(visit, draft, await _taken(visit, draft, texts, files))


async def _taken(visit: Visit, draft: Draft, texts: Posted, files: Files) -> Response:
    page = draft.page(visit.part("page"))
    if page is None:
        return visit.go(draft.address())
    group = group_of(draft, page)
    if not group:
        return await take_page(visit, Sheet(draft, page), texts, files)
    if "item" not in visit.request.path_params:
        return await take_list(visit, draft, page, group, texts)
    sheet = item_sheet(draft, page, group, visit.part("item"))
    return await take_page(visit, sheet, texts, files) if sheet else visit.go(draft.address(str(page["id"])))


async def drop(visit: Visit) -> Response:
    """Ask before a draft is thrown away, then do it."""
    if visit.request.method == "GET":
        draft = await load(visit)
        return visit.page("draft_drop.html", private=True, draft=draft)
    texts, _ = await posted(visit)
    draft = await load(visit, (texts.get("draft_token") or [""])[-1] or None)
    if draft.code:
        return visit.go(f"/dossiers/{draft.code}")
    await visit.api.call("drop_draft", {"id": draft.id}, draft_token=draft.token)
    response = visit.go("/my" if visit.signed_in else "/")
    forget_token(visit, response, draft.id)
    return response


async def see_file(visit: Visit) -> Response:
    """Show one file of the draft to whoever holds it; nothing keeps a copy."""
    kept = visit.request.cookies.get(cookie_name(visit.part("id")))
    parts = {"id": visit.part("id"), "sha256": visit.part("sha256")}
    reply = await visit.api.file("see_draft_file", parts, draft_token=kept)
    passed = ("content-type", "content-disposition", "cache-control")
    return Response(reply.body, headers={name: reply.headers[name] for name in passed})


ROUTES = [
    *route("/file/draft/{id}/files/{sha256}", held(see_file)),
    *route("/file/draft/{id}", held(resume)),
    *route("/file/draft/{id}/drop", held(drop), "GET", "POST"),
    *carrying.ROUTES,
    *doubting.ROUTES,
    *route("/file/draft/{id}/q/{page}", held(question_page)),
    *route("/file/draft/{id}/q/{page}", answer_page, "POST"),
    *route("/file/draft/{id}/q/{page}/{item}", held(question_page)),
    *route("/file/draft/{id}/q/{page}/{item}", answer_page, "POST"),
    *route("/file/{code}", choose_place, also=("/nop/{code}",)),
    *route("/file/{code}", begin, "POST", also=("/nop/{code}",)),
]
