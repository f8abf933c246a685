"""What every page knows about the one who asks: their language, whether they are signed in, the API as they see it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment
from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from kernel.clock import VIETNAM, Clock, real_now
from kernel.telemetry import trace_id
from kernel.workdays import Calendar
from portal.capacity import capacity_of, roles_in
from portal.forms.values import Posted
from portal.i18n import Words, installed, sentence_case
from portal.public_api import PublicApi
from portal.settings import PortalSettings

YEAR = 365 * 24 * 3600
DAY = 24 * 3600
CARRIED = "portal.draft_token"
UNFINISHED = "drafts"
MOST_UNFINISHED = 3
OWN = ("/my", "/inbox", "/dossiers", "/file", "/lookup/", "/desk", "/assist")


class Visit:
    """One request to one page."""

    def __init__(self, request: Request) -> None:
        state = request.app.state
        self.request = request
        self.settings: PortalSettings = state.settings
        self.clock: Clock = state.clock
        self.calendar: Calendar = state.calendar
        self._templates: Environment = state.templates
        asked = request.query_params.get("lang")
        languages = installed()
        self.lang = languages.choose(asked, request.cookies.get("lang"), request.headers.get("accept-language"))
        self.remember_language = asked in languages.tags and asked != request.cookies.get("lang")
        self.t = Words(self.lang)
        authorization = request.headers.get("authorization")
        self.signed_in = authorization is not None
        self.big = request.cookies.get("big") == "1"
        self.primary = ""
        self.draft_token: str | None = request.scope.get(CARRIED)
        self.capacity = capacity_of(request, authorization)
        self.roles = roles_in(authorization or "")
        asker = request.headers.get("x-forwarded-for", "")
        self.api = PublicApi(state.upstreams, authorization, self.lang, self.capacity.acting_for, asker)

    def query(self, name: str, limit: int = 200) -> str:
        """Return one query parameter, trimmed, at most ``limit`` characters; absent is empty."""
        return self.request.query_params.get(name, "").replace("\x00", "").strip()[:limit]

    def part(self, name: str) -> str:
        """Return one part of the page's address."""
        return str(self.request.path_params[name])

    @property
    def today(self) -> date:
        """The business day in Viet Nam."""
        return self.clock.today()

    @property
    def session_until(self) -> datetime | None:
        """When the person's session ends if they ask for nothing more, as the gateway says; None without one."""
        said = self.request.headers.get("session-until", "")
        return (
            datetime.fromtimestamp(int(said), VIETNAM) if said.isascii() and said.isdigit() and len(said) < 12 else None
        )

    @property
    def session_left(self) -> int:
        """How many seconds the session holds from now on (real time)."""
        until = self.session_until
        return max(int((until - real_now()).total_seconds()), 0) if until else 0

    @property
    def now(self) -> datetime:
        """Business time in Viet Nam."""
        return self.clock.now().astimezone(VIETNAM)

    def page(self, template: str, status: int = 200, *, private: bool = False, **values: Any) -> Response:
        """Return a page. ``private`` pages are never kept by any cache, the browser's Back included."""
        if private or status >= 400:
            self.primary = ""
        body = self.rendered(template, **values)
        response = HTMLResponse(body, status, {"content-language": self.lang, "vary": "Accept-Language, Cookie"})
        keep = "no-store" if private or self.signed_in or status >= 400 else "private, no-cache"
        response.headers["cache-control"] = keep
        if self.remember_language:
            self.set_cookie(response, "lang", self.lang, path="/", max_age=YEAR)
        return response

    def rendered(self, template: str, **values: Any) -> str:
        """Return a template filled in."""
        return self._templates.get_template(template).render(visit=self, t=self.t, **values)

    def canonical(self, lang: str | None = None) -> str:
        """Return the one whole address of this page in ``lang`` (None: as shown); a page of one's own has none."""
        if not self.primary or self.primary.startswith(OWN):
            return ""
        tag = lang or self.lang
        return self.whole(f"{self.primary}{'' if tag == 'vi' else f'?lang={tag}'}")

    def whole(self, path: str) -> str:
        """Return the whole address of a path of this site."""
        return f"{self.settings.public_url.rstrip('/')}{path}"

    def go(self, address: str) -> Response:
        """Return the answer that sends the browser to ``address`` with GET (303)."""
        return RedirectResponse(address, 303, {"cache-control": "no-store"})

    def sign_in(self, back_to: str) -> Response:
        """Return the answer that asks to sign in and then comes back to ``back_to``; who just said no goes home."""
        if self.query("sign_in", 10) == "cancelled":
            return self.go("/")
        return self.go(f"/auth/login?next={quote(back_to, safe='/')}")

    def set_cookie(self, response: Response, name: str, value: str, *, path: str, max_age: int) -> None:
        """Add a cookie that scripts cannot read and other sites cannot send."""
        response.set_cookie(
            name, value, max_age=max_age, path=path, httponly=True, samesite="lax", secure=self.settings.secure
        )

    @property
    def unfinished(self) -> list[str]:
        """The drafts that this browser may open without signing in, the newest first."""
        ids = self.request.cookies.get(UNFINISHED, "").split(".")
        return [one for one in ids if one and len(one) <= 64 and one.replace("-", "").isalnum()][:MOST_UNFINISHED]

    def note_unfinished(self, response: Response, draft_id: str, *, begun: bool) -> None:
        """Remember that a draft is open in this browser, or that it is no more."""
        others = [one for one in self.unfinished if one != draft_id]
        ids = [draft_id, *others][:MOST_UNFINISHED] if begun else others
        if ids != self.unfinished:
            self.set_cookie(response, UNFINISHED, ".".join(ids), path="/", max_age=30 * DAY if ids else 0)

    def here(self, **changes: str) -> str:
        """Return this page's address with query parameters changed; empty ones are left out."""
        kept = {**dict(self.request.query_params), **changes}
        asked = urlencode({name: value for name, value in kept.items() if value})
        return f"{quote(self.request.url.path)}?{asked}" if asked else quote(self.request.url.path)

    def title_of(self, procedure: Mapping[str, Any]) -> str:
        """Return the everyday title of a procedure, or its official one in sentence case; Vietnamese is marked."""
        english = procedure.get("plain_title_en") if self.lang == "en" else None
        return str(english or self.t.vietnamese(procedure.get("plain_title") or _official(procedure)))

    def official_of(self, procedure: Mapping[str, Any]) -> str:
        """Return the official title in sentence case where ``title_of`` shows another one, else ""."""
        official = _official(procedure)
        return "" if self.title_of(procedure) in (official, self.t.vietnamese(official)) else official

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """The languages this page can be switched to: tag and own name."""
        languages = installed()
        return [(tag, languages.name(tag)) for tag in languages.tags if tag != self.lang]

    @property
    def trace(self) -> str:
        """The code by which this request is found in the logs, in short."""
        return trace_id.get()[:12]

    def static(self, name: str) -> Markup:
        """Return the address of a static file, which changes whenever its content does."""
        return Markup(self.request.app.state.assets.address(name))


def _official(procedure: Mapping[str, Any]) -> str:
    return sentence_case(str(procedure["title"]))


async def posted(visit: Visit) -> tuple[Posted, dict[str, list[UploadFile]]]:
    """Return what a form sent: texts by name and files by name. Raises ``HTTPException`` for a body nobody can read."""
    form: FormData = await visit.request.form(max_files=20, max_fields=400, max_part_size=200_000)
    texts: dict[str, list[str]] = {}
    files: dict[str, list[UploadFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                files.setdefault(name, []).append(value)
        else:
            texts.setdefault(name, []).append(value.replace("\x00", ""))
    return texts, files
