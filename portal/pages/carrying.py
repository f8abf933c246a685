"""A draft in a browser that sends no cookie: its token goes from form to form, and pages come as answers to them.

An address holds no secret, so a link cannot open such a draft; the pages have buttons in their place (docs/adr/0021).
"""

from collections.abc import Mapping
from functools import wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from portal.forms.values import one
from portal.pages.draft import Draft, forget_token, keep_token, load
from portal.pages.problem import PageHandler, route
from portal.pages.visit import CARRIED, Visit, posted
from portal.public_api import ApiProblem

HOPS = 4


def held(handler: PageHandler) -> PageHandler:
    """Return ``handler``; who holds no key to the draft learns why that may be and how to go on."""

    @wraps(handler)
    async def asked(visit: Visit) -> Response:
        try:
            return await handler(visit)
        except ApiProblem as refused:
            if refused.code != "no_such_draft":
                raise
            response = visit.page("draft_away.html", 404, private=True, back=visit.request.url.path)
            forget_token(visit, response, visit.part("id"))
            return response

    return asked


async def answered(visit: Visit, draft: Draft, response: Response) -> Response:
    """Return the answer to a form of a draft: its cookie again, and where none came, the page that would follow."""
    if draft.carried and response.status_code == 303:
        response = await shown_at(visit, draft.raw, draft.token, response.headers["location"]) or response
    keep_token(visit, response, draft.raw, draft.token)
    return response


async def shown_at(visit: Visit, raw: Mapping[str, Any], token: str | None, address: str) -> Response | None:
    """Return the page of a draft at ``address``, opened by ``token``; None for another place."""
    base = f"/file/draft/{raw['id']}"
    for _ in range(HOPS):
        path, _, query = address.partition("?")
        if path != base and not path.startswith(f"{base}/"):
            return None
        asked: dict[str, Any] = {"method": "GET", "path": path, "query_string": query.encode(), "path_params": {}}
        scope = {**visit.request.scope, **asked, CARRIED: token}
        found = ((at, *at.matches(scope)) for at in visit.request.app.routes)
        at, child = next((at, child) for at, match, child in found if match is Match.FULL)
        page: Response = await at.endpoint(Request({**scope, **child}, visit.request.receive))
        if page.status_code != 303:
            keep_token(visit, page, raw, token)
            return page
        address = page.headers["location"]
    return None


async def open_page(visit: Visit) -> Response:
    """Open the page of the draft that a button names, as a link would."""
    texts, _ = await posted(visit)
    draft = await load(visit, one(texts, "draft_token") or None)
    if draft.code:
        return visit.go(draft.receipt)
    to = one(texts, "to")
    return await answered(visit, draft, visit.go(to if to.startswith(f"{draft.address()}/") else draft.address()))


ROUTES = route("/file/draft/{id}/open", held(open_page), "POST")
