"""A draft as the filing pages see it: its form, its answers, the token that opens it without signing in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from kernel.clock import real_now
from portal.forms import conditions
from portal.i18n import moment
from portal.pages import mirroring
from portal.pages.visit import Visit

THIRTY_DAYS = 30 * 24 * 3600
PROBE = "kept"


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft with the form of its revision."""

    raw: Mapping[str, Any]
    form: conditions.Form
    procedure: Mapping[str, Any]
    token: str | None
    carried: bool = False  # no cookie came: only the forms of its pages hold the token

    @property
    def id(self) -> str:
        """The draft's id."""
        return str(self.raw["id"])

    @property
    def answers(self) -> Mapping[str, Any]:
        """The answers saved so far."""
        return self.raw.get("answers") or {}

    @property
    def code(self) -> str | None:
        """The dossier's code once the draft was submitted."""
        return self.raw.get("submitted_code")

    @property
    def helping(self) -> Mapping[str, Any] | None:
        """For whom somebody fills this in: id, name and number as they were told; None for one's own."""
        return self.raw.get("assist")

    @property
    def receipt(self) -> str:
        """Where the receipt is once the draft was submitted; a helper has a page of their own."""
        return f"/assist/{self.helping['id']}" if self.helping else f"/dossiers/{self.code}/receipt"

    @property
    def files(self) -> dict[str, str]:
        """Names of uploaded files by digest, as far as the API tells them."""
        return {str(file["sha256"]): str(file.get("name") or "") for file in self.raw.get("files") or ()}

    def page(self, page_id: str) -> Mapping[str, Any] | None:
        """Return the page ``page_id`` if it applies to the answers."""
        return next((page for page in conditions.pages(self.form, self.answers) if page["id"] == page_id), None)

    def address(self, page: str = "") -> str:
        """Return the address of a question page, of ``check``, or of the draft itself."""
        base = f"/file/draft/{quote(self.id, safe='')}"
        if not page:
            return base
        own = page in ("check", "submit", "finish", "drop", "better", "open")
        return f"{base}/{page}" if own else f"{base}/q/{quote(page, safe='')}"


def cookie_name(draft_id: str) -> str:
    """Return the name of the cookie that opens a draft."""
    return f"draft_{draft_id}"


def cookie_path(draft_id: str) -> str:
    """Return the only path that gets the cookie."""
    return f"/file/draft/{quote(draft_id, safe='')}"


def token_age(raw: Mapping[str, Any], visit: Visit) -> int:
    """Return for how many seconds the browser keeps the token: as long as the draft lives."""
    expires = moment(raw["expires_at"]) if raw.get("expires_at") else None
    if not isinstance(expires, datetime):
        return THIRTY_DAYS
    return max(int((expires - min(real_now(), visit.clock.now())).total_seconds()), 3600)


async def load(visit: Visit, posted_token: str | None = None) -> Draft:
    """Return the draft the address names, opened by the session or by its token. Raises ``ApiProblem``."""
    draft_id = visit.part("id")
    kept = visit.request.cookies.get(cookie_name(draft_id))
    token = posted_token or visit.draft_token or kept
    raw = await visit.api.call("draft", {"id": draft_id}, draft_token=token)
    await mirroring.note(visit, raw)
    code = {"code": str(raw["procedure"])}
    form = await visit.api.call("form", code, query={"revision": raw.get("revision")})
    procedure = await visit.api.call("procedure", code, query={"revision": raw.get("revision")})
    return Draft(raw, form, procedure, token, carried=token is not None and token != kept and not visit.signed_in)


def keep_token(visit: Visit, response: Response, raw: Mapping[str, Any], token: str | None) -> None:
    """Give the browser the cookie that opens a draft, unless it has it."""
    draft_id = str(raw["id"])
    if token is None or visit.request.cookies.get(cookie_name(draft_id)) == token:
        return
    age = token_age(raw, visit)
    visit.set_cookie(response, cookie_name(draft_id), token, path=cookie_path(draft_id), max_age=age)
    visit.note_unfinished(response, draft_id, begun=True)


def forget_token(visit: Visit, response: Response, draft_id: str) -> None:
    """Take the cookie of a draft away that was filed or dropped."""
    response.delete_cookie(cookie_name(draft_id), path=cookie_path(draft_id))
    visit.note_unfinished(response, draft_id, begun=False)
