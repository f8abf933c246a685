"""The helper's side of the second screen: opening it, telling it where the helper is, ending it."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from portal import codes
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

COOKIE = "screen"
HOURS = 12 * 3600


def held_code(visit: Visit, assist: str) -> str:
    """Return the code of the second screen that this helper opened for a helping, empty for none."""
    id, _, code = visit.request.cookies.get(COOKIE, "").partition(".")
    return code[:40] if id == assist else ""


async def open_for(visit: Visit, assist: str) -> Response:
    """Open the second screen of a helping and go back to the helper's page, which shows its code."""
    made = await visit.api.call("open_screen", {"id": assist})
    answer = visit.go(f"/assist/{assist}#second-screen")
    visit.set_cookie(answer, COOKIE, f"{assist}.{made['code']}", path="/", max_age=HOURS)
    return answer


async def end_for(visit: Visit, assist: str) -> Response:
    """End the second screen of a helping."""
    await visit.api.call("end_screen", {"id": assist})
    answer = visit.go(f"/assist/{assist}")
    visit.set_cookie(answer, COOKIE, "", path="/", max_age=0)
    return answer


def offered(visit: Visit, assist: str) -> dict[str, Any]:
    """Return what the helper's page says of the second screen: its code, address and QR, or nothing yet."""
    code, address = held_code(visit, assist), visit.whole("/screen")
    if not code:
        return {"code": "", "address": address, "qr": ""}
    qr = codes.qr_svg(f"{address}?c={code}", visit.t("screen.qr_title"))
    return {"code": code, "address": address, "qr": Markup(qr)}


async def note(visit: Visit, draft: Mapping[str, Any]) -> None:
    """Tell the second screen of a helped draft which page is open now; a draft without one costs nothing."""
    helping = draft.get("assist")
    if not helping or not held_code(visit, str(helping["id"])):
        return
    path = visit.request.url.path
    page = str(visit.request.path_params.get("page") or ("check" if path.endswith(("/check", "/submit")) else ""))
    try:
        await visit.api.call("note_screen", {"id": str(helping["id"])}, json={"page": page[:60]})
    except ApiProblem as refused:
        if refused.status not in (404, 503):
            raise
