"""Pages for what went wrong: what happened, what was saved, what to do now, and the code to quote."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.pages.visit import Visit
from portal.public_api import ApiProblem

logger = structlog.get_logger()

PageHandler = Callable[[Visit], Awaitable[Response]]
WAIT = 10
KNOWN = (400, 403, 404, 405, 409, 413, 429, 500, 503)


def problem_page(visit: Visit, status: int, detail: str = "", wait: int = 0) -> Response:
    """Return the page for ``status``; ``detail`` is the API's own sentence when it has one, ``wait`` in seconds."""
    kind = status if status in KNOWN else (500 if status >= 500 else 400)
    wait = (wait or WAIT) if status in (429, 503) else 0
    back = _came_from(visit) if status == 429 else ""
    response = visit.page(
        "problem.html", status, kind=kind, detail=detail, wait=wait, minutes=-(-wait // 60), back=back
    )
    if wait:
        response.headers["retry-after"] = str(wait)
    return response


def _came_from(visit: Visit) -> str:
    """Return the page that the person was on: this one when it was only opened, else the one that sent the form."""
    if visit.request.method == "GET":
        return visit.here()
    parts = urlsplit(visit.request.headers.get("referer", ""))
    return quote(parts.path) if parts.path.startswith("/") and not parts.path.startswith(("//", "/\\")) else ""


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what routing and reading a body raise."""
    assert isinstance(error, HTTPException)
    return problem_page(Visit(request), error.status_code)


async def on_api_problem(request: Request, error: Exception) -> Response:
    """Answer a refusal of the API that the page itself does not know how to show."""
    assert isinstance(error, ApiProblem)
    visit = Visit(request)
    if error.status == 401:
        back = visit.here() if request.method == "GET" else request.headers.get("referer", "/").partition("://")[2]
        return visit.sign_in(back if back.startswith("/") else f"/{back.partition('/')[2]}")
    status = 503 if error.status in (502, 503, 504) else error.status
    return problem_page(visit, status, error.detail if status < 500 else "", error.retry_after)


def own_fault(visit: Visit, error: Exception) -> Response:
    """Answer our own fault with a page; the log gets the kind of error, never what the person sent."""
    logger.error("page_failed", page=visit.request.scope["path"].split("/")[1], error=type(error).__name__)
    return problem_page(visit, 500)


def route(path: str, handler: PageHandler, *methods: str, also: tuple[str, ...] = ()) -> list[Route]:
    """Return the routes of one page: its address and its other (Vietnamese) addresses. Whatever it raises is a page."""

    async def endpoint(request: Request) -> Response:
        if refused := request.scope.get("portal.refused"):
            raise HTTPException(refused)
        visit = Visit(request)
        visit.primary = quote(path.format(**request.path_params))
        try:
            return await handler(visit)
        except (HTTPException, ApiProblem):
            raise
        except Exception as error:
            return own_fault(visit, error)
        finally:
            await request.close()

    return [Route(at, endpoint, methods=list(methods or ("GET",)), name=handler.__name__) for at in (path, *also)]
