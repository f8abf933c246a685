"""What was typed when the session ended: shown once more to be sent again after signing in."""

from functools import wraps

from starlette.responses import Response

from portal.pages.problem import PageHandler
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem


def kept(handler: PageHandler) -> PageHandler:
    """Return ``handler`` such that nothing typed is lost when the session ended: sign in, then send the same again."""

    @wraps(handler)
    async def page(visit: Visit) -> Response:
        try:
            return await handler(visit)
        except ApiProblem as refused:
            if refused.status != 401 or visit.request.method != "POST":
                raise
            texts, files = await posted(visit)
            lost = {"files_lost": ["yes"]} if files else {}
            return visit.page(
                "session_over.html", 401, private=True, texts={**texts, **lost}, back=visit.request.url.path, lost=lost
            )

    return page
