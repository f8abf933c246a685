"""The portal as one ASGI app: routes, templates, static files, and what every answer carries."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount

from kernel.auth import origin_of
from kernel.clock import Clock
from kernel.web import Upstream
from kernel.workdays import Calendar
from portal.app.assets import Assets
from portal.app.edge import PageEdge
from portal.i18n import sentence_case
from portal.pages import (
    about,
    assisting,
    capacity,
    claiming,
    components,
    desk,
    dossiers,
    eligibility,
    exemption,
    filing,
    front,
    information,
    lookup,
    machines,
    missed,
    offices,
    paying,
    procedure,
    rating,
    requests,
    search,
    second_screen,
    sections,
    space,
    submitting,
    verify,
)
from portal.pages.problem import on_api_problem, on_http
from portal.pages.reaching import Reachable
from portal.public_api import ApiProblem
from portal.settings import PortalSettings

ROOM = Path(__file__).parents[1]
PAGES = (
    front,
    search,
    missed,
    procedure,
    eligibility,
    filing,
    exemption,
    submitting,
    lookup,
    dossiers,
    requests,
    paying,
    rating,
    verify,
    space,
    assisting,
    claiming,
    sections,
    information,
    offices,
    machines,
    about,
    components,
    desk,
    capacity,
    second_screen,
)


def routes() -> list[BaseRoute]:
    """Return every page's route; the accessibility tests walk this list."""
    return [route for module in PAGES for route in module.ROUTES]


def sign_in_origin(settings: PortalSettings) -> str:
    """Return where forms may lead besides this site: an identity provider with an address of its own."""
    return settings.sign_in_origin or (origin_of(settings.identity) if settings.identity else "")


def make_portal(settings: PortalSettings, *, upstreams: Mapping[str, Upstream], clock: Clock) -> Starlette:
    """Return the app. ``upstreams`` names ``catalog``, ``search``, ``dossiers`` and ``citizen``."""
    assets = Assets(ROOM / "static")
    app = Starlette(
        routes=[Mount("/static", assets), *routes()],
        middleware=[
            Middleware(PageEdge, body_limit=settings.max_file_bytes * 2, sign_in_origin=sign_in_origin(settings)),
            Middleware(GZipMiddleware, minimum_size=500, compresslevel=6),
        ],
        exception_handlers={HTTPException: on_http, ApiProblem: on_api_problem},
    )
    app.router.redirect_slashes = True
    app.state.settings = settings
    app.state.upstreams = upstreams
    app.state.clock = clock
    app.state.calendar = Calendar.load()
    app.state.assets = assets
    app.state.templates = templates()
    app.state.reachable = Reachable()
    return app


def templates() -> Environment:
    """Return the templates: everything is escaped; what an answer leaves out is shown as absent."""
    found = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters["sentence"] = sentence_case
    return found
