"""/screen: the helped person reads along on a second device, in big print, by a short-lived code and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from portal.forms import conditions
from portal.forms.answers import display, masked, place_name
from portal.forms.values import one
from portal.pages.problem import route
from portal.pages.submitting import place_names
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

COOKIE = "read_along"
HALF_AN_HOUR = 1800
Rows = list[tuple[str, str]]


async def screen(visit: Visit) -> Response:
    """Show what is filled in now, or ask for the code; the code of a QR leaves the address at once."""
    if scanned := visit.query("c", 40):
        return _with_code(visit, scanned)
    code = visit.request.cookies.get(COOKIE, "")[:40]
    if not code:
        return _ask(visit)
    try:
        shown = await visit.api.call("look_at_screen", json={"code": code})
    except ApiProblem as refused:
        if refused.status != 404:
            raise
        answer = _ask(visit, visit.t("screen.over"), 404)
        visit.set_cookie(answer, COOKIE, "", path="/screen", max_age=0)
        return answer
    return await _shown(visit, shown)


async def enter(visit: Visit) -> Response:
    """Take the code that was typed, or leave the screen."""
    texts, _ = await posted(visit)
    if one(texts, "act") == "leave":
        answer = visit.go("/screen")
        visit.set_cookie(answer, COOKIE, "", path="/screen", max_age=0)
        return answer
    code = one(texts, "code")[:40]
    if not code:
        return _ask(visit, visit.t("screen.code_missing"), 422)
    try:
        await visit.api.call("look_at_screen", json={"code": code})
    except ApiProblem as refused:
        if refused.status not in (404, 422):
            raise
        return _ask(visit, visit.t("screen.wrong"), 404)
    return _with_code(visit, code)


def _with_code(visit: Visit, code: str) -> Response:
    answer = visit.go("/screen")
    visit.set_cookie(answer, COOKIE, code, path="/screen", max_age=HALF_AN_HOUR * 8)
    return answer


def _ask(visit: Visit, error: str = "", status: int = 200) -> Response:
    return visit.page("screen_code.html", status, private=True, error=error)


async def _shown(visit: Visit, shown: Mapping[str, Any]) -> Response:
    code = {"code": str(shown["procedure"])}
    form = await visit.api.call("form", code, query={"revision": shown["revision"]})
    procedure = await visit.api.call("procedure", code, query={"revision": shown["revision"]})
    place = await visit.api.get_or(None, "place", {"ward": str(shown["place"])})
    office = await visit.api.get_or(None, "resolve", procedure=code["code"], place=shown["place"])
    answers, places = shown["answers"], await place_names(visit, form, shown["answers"])
    pages = conditions.pages(form, answers)
    now = next((page for page in pages if page["id"] == shown["page"]), None)
    whole = now is None and (shown["page"] == "check" or shown["filed"] is not None)
    return visit.page(
        "screen.html",
        private=True,
        shown=shown,
        procedure=procedure,
        place=place_name(place) if place else "",
        office=(shown["filed"] or {}).get("office", {}).get("name") or ((office or {}).get("office") or {}).get("name"),
        now=now,
        step=pages.index(now) + 1 if now else 0,
        steps=len(pages) + 1,
        rows=list(_rows(visit, form, now, answers, places, hide=False)) if now else [],
        summary=[
            (visit.t.pick(page["title"]), list(_rows(visit, form, page, answers, places, hide=True))) for page in pages
        ]
        if whole
        else [],
        still=visit.query("stop", 1) == "1",
    )


def _rows(
    visit: Visit,
    form: conditions.Form,
    page: Mapping[str, Any],
    answers: Mapping[str, Any],
    places: Mapping[str, str],
    *,
    hide: bool,
) -> Iterator[tuple[str, str]]:
    """Yield label and words of each question of a page; in the summary identity numbers are masked."""
    for name in page["fields"]:
        spec, value = form["fields"][name], answers.get(name)
        if spec["widget"] == "former" or not conditions.applies(form, name, answers):
            continue
        words = display(spec, value, visit.t, places=places, files={})
        if hide and spec["widget"] == "id_number" and value:
            words = masked(str(value))
        yield visit.t.pick(spec["label"]), words


ROUTES = [*route("/screen", screen, also=("/man-hinh",)), *route("/screen", enter, "POST")]
