"""Pages from templates: the language is what the address asks for, then the cookie, then the browser's wish."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernel.errors import Problem, Unauthenticated
from kernel.locale import negotiate
from kernel.web.problems import TITLES, status_of
from province_backend.api.words import Words

YEAR = 365 * 86400
PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
POLICY = "default-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'"


def language_of(request: Request) -> str:
    """Return the page's language, ``vi`` or ``en``."""
    for wish in (request.query_params.get("lang"), request.cookies.get("lang")):
        if wish in ("vi", "en"):
            return str(wish)
    return negotiate(request.headers.get("accept-language"))


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page. Officers' pages are never kept by anybody else."""
    lang = language_of(request)
    other = "vi" if lang == "en" else "en"
    text = PAGES.get_template(template).render(
        t=Words(lang), lang=lang, other=other, here=str(request.url.path), **values
    )
    headers = {
        "cache-control": "no-store",
        "content-language": lang,
        "vary": "Accept-Language, Cookie",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
    }
    response = HTMLResponse(text, status, headers)
    if request.query_params.get("lang") in ("vi", "en"):
        response.set_cookie("lang", lang, max_age=YEAR, httponly=True, samesite="lax", path="/")
    return response


def problem_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page; who is not signed in is sent to sign in and comes back here."""
    if isinstance(problem, Unauthenticated) and request.method in ("GET", "HEAD"):
        return RedirectResponse(f"/auth/login?next={request.url.path}", 303, {"cache-control": "no-store"})
    lang, status = language_of(request), status_of(problem)
    title = TITLES.get(status, TITLES[422]).in_language(lang)
    values: Mapping[str, Any] = {"title": title, "detail": problem.text.in_language(lang), "status_code": status}
    return page(request, "office/problem.html", status, office=None, signed_in=False, **values)
