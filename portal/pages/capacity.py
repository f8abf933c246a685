"""Choosing for whom one works: oneself, or one's organisation. Neither sees what belongs to the other."""

from urllib.parse import quote

from starlette.responses import Response

from portal.capacity import COOKIE, NAME_COOKIE
from portal.forms.values import one
from portal.pages.problem import route
from portal.pages.visit import OWN, Visit, posted

HOURS = 12 * 3600


async def choose(visit: Visit) -> Response:
    """Take the choice and go on where it was made; from a page of one's own to the other's space."""
    texts, _ = await posted(visit)
    wanted = one(texts, "for")
    answer = visit.go(_back(one(texts, "back")))
    if wanted == "organisation" and visit.capacity.org:
        profile = await visit.api.get_or({}, "profile")
        name = str(profile.get("org_name") or "")
        visit.set_cookie(answer, COOKIE, visit.capacity.org, path="/", max_age=HOURS)
        visit.set_cookie(answer, NAME_COOKIE, quote(name), path="/", max_age=HOURS)
    else:
        for cookie in (COOKIE, NAME_COOKIE):
            visit.set_cookie(answer, cookie, "", path="/", max_age=0)
    return answer


def _back(address: str) -> str:
    public = address.startswith("/") and not address.startswith(("//", "/\\")) and not address.startswith(OWN)
    return address if public else "/my"


ROUTES = route("/my/acting", choose, "POST", also=("/my/lam-viec-cho",))
