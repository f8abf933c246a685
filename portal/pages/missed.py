"""What search did not answer: the public list by week, and saying that none of the results is the right one."""

from urllib.parse import urlencode

from starlette.responses import Response

from portal.forms.values import one
from portal.pages.problem import route
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

ADDRESS = "/search/missed"
LONGEST = 200


async def missed(visit: Visit) -> Response:
    """List a week's questions with what they find since; a POST takes note of one and goes back to its results."""
    if visit.request.method == "POST":
        texts, _ = await posted(visit)
        asked = one(texts, "q").strip()[:LONGEST]
        if not asked:
            return visit.go("/search")
        await visit.api.call("say_not_this", json={"text": asked})
        return visit.go(f"/search?{urlencode({'q': asked, 'noted': '1'})}")
    try:
        listed = await visit.api.call("missed", query={"week": visit.query("week", 8)})
    except ApiProblem as refused:
        if refused.status != 422:
            raise
        listed = await visit.api.call("missed")
    return visit.page("missed.html", listed=listed)


ROUTES = route(ADDRESS, missed, "GET", "POST", also=("/tim-kiem/chua-co",))
