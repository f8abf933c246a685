"""Every call the pages make: the public API, with the caller's own token. There is no other way out of this room.

``ENDPOINTS`` is the whole list; a test holds it against ``/openapi.json``.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from kernel.auth import ACTING_FOR
from kernel.digest import digest_bytes
from kernel.errors import Unavailable
from kernel.telemetry import trace_id
from kernel.web import Reply, Upstream


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the public API and the service that answers it."""

    service: str
    method: str
    path: str


CATALOG, SEARCH, DOSSIERS, ME = "/api/catalog/v1", "/api/search/v1", "/api/dossiers/v1", "/api/me/v1"

ENDPOINTS: Mapping[str, Endpoint] = {
    "top": Endpoint("catalog", "GET", f"{CATALOG}/top"),
    "fields": Endpoint("catalog", "GET", f"{CATALOG}/fields"),
    "agencies": Endpoint("catalog", "GET", f"{CATALOG}/agencies"),
    "participants": Endpoint("catalog", "GET", f"{CATALOG}/participants"),
    "codes": Endpoint("catalog", "GET", f"{CATALOG}/codes"),
    "changes": Endpoint("catalog", "GET", f"{CATALOG}/changes"),
    "life_events": Endpoint("catalog", "GET", f"{CATALOG}/life-events"),
    "life_event": Endpoint("catalog", "GET", f"{CATALOG}/life-events/{{id}}"),
    "guides": Endpoint("catalog", "GET", f"{CATALOG}/guides"),
    "guide": Endpoint("catalog", "GET", f"{CATALOG}/guides/{{id}}"),
    "lines": Endpoint("catalog", "GET", f"{CATALOG}/lines"),
    "questions": Endpoint("catalog", "GET", f"{CATALOG}/questions"),
    "essential": Endpoint("catalog", "GET", f"{CATALOG}/essential-services"),
    "provinces": Endpoint("catalog", "GET", f"{CATALOG}/provinces"),
    "offices": Endpoint("catalog", "GET", f"{CATALOG}/offices"),
    "office": Endpoint("catalog", "GET", f"{CATALOG}/offices/{{id}}"),
    "stops": Endpoint("catalog", "GET", f"{CATALOG}/stops"),
    "procedure": Endpoint("catalog", "GET", f"{CATALOG}/procedures/{{code}}"),
    "form": Endpoint("catalog", "GET", f"{CATALOG}/procedures/{{code}}/form"),
    "revisions": Endpoint("catalog", "GET", f"{CATALOG}/procedures/{{code}}/revisions"),
    "proposals": Endpoint("catalog", "GET", f"{CATALOG}/proposals"),
    "proposal": Endpoint("catalog", "GET", f"{CATALOG}/proposals/{{code}}"),
    "begin_proposal": Endpoint("catalog", "PUT", f"{CATALOG}/proposals/{{code}}"),
    "save_proposal": Endpoint("catalog", "PATCH", f"{CATALOG}/proposals/{{code}}"),
    "drop_proposal": Endpoint("catalog", "DELETE", f"{CATALOG}/proposals/{{code}}"),
    "motions": Endpoint("catalog", "GET", f"{CATALOG}/motions"),
    "ask_to_publish": Endpoint("catalog", "PUT", f"{CATALOG}/motions/{{code}}/publish"),
    "ask_to_withdraw": Endpoint("catalog", "PUT", f"{CATALOG}/motions/{{code}}/withdraw"),
    "approve_motion": Endpoint("catalog", "POST", f"{CATALOG}/motions/{{code}}/approve"),
    "drop_motion": Endpoint("catalog", "DELETE", f"{CATALOG}/motions/{{code}}"),
    "places": Endpoint("catalog", "GET", f"{CATALOG}/places"),
    "place": Endpoint("catalog", "GET", f"{CATALOG}/places/{{ward}}"),
    "resolve": Endpoint("catalog", "GET", f"{CATALOG}/resolve"),
    "search": Endpoint("search", "GET", f"{SEARCH}/query"),
    "suggest": Endpoint("search", "GET", f"{SEARCH}/suggest"),
    "missed": Endpoint("search", "GET", f"{SEARCH}/missed"),
    "say_not_this": Endpoint("search", "PUT", f"{SEARCH}/missed"),
    "new_draft": Endpoint("dossiers", "POST", f"{DOSSIERS}/drafts"),
    "drafts": Endpoint("dossiers", "GET", f"{DOSSIERS}/drafts"),
    "draft": Endpoint("dossiers", "GET", f"{DOSSIERS}/drafts/{{id}}"),
    "save_draft": Endpoint("dossiers", "PATCH", f"{DOSSIERS}/drafts/{{id}}"),
    "drop_draft": Endpoint("dossiers", "DELETE", f"{DOSSIERS}/drafts/{{id}}"),
    "draft_file": Endpoint("dossiers", "POST", f"{DOSSIERS}/drafts/{{id}}/files"),
    "see_draft_file": Endpoint("dossiers", "GET", f"{DOSSIERS}/drafts/{{id}}/files/{{sha256}}"),
    "wish": Endpoint("dossiers", "GET", f"{DOSSIERS}/drafts/{{id}}/exemption"),
    "ask_exemption": Endpoint("dossiers", "PUT", f"{DOSSIERS}/drafts/{{id}}/exemption"),
    "prove": Endpoint("dossiers", "PUT", f"{DOSSIERS}/drafts/{{id}}/exemption/proof"),
    "exemption": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}/exemption"),
    "prove_late": Endpoint("dossiers", "PUT", f"{DOSSIERS}/dossiers/{{code}}/exemption/proof"),
    "exemptions": Endpoint("dossiers", "GET", f"{DOSSIERS}/exemptions"),
    "exemption_proof": Endpoint("dossiers", "GET", f"{DOSSIERS}/exemptions/{{code}}"),
    "decide_exemption": Endpoint("dossiers", "PUT", f"{DOSSIERS}/exemptions/{{code}}/decision"),
    "submit": Endpoint("dossiers", "POST", f"{DOSSIERS}/drafts/{{id}}/submit"),
    "dossiers": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers"),
    "dossier": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}"),
    "timeline": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}/timeline"),
    "accesses": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}/accesses"),
    "dossier_file": Endpoint("dossiers", "POST", f"{DOSSIERS}/dossiers/{{code}}/files"),
    "new_request": Endpoint("dossiers", "POST", f"{DOSSIERS}/dossiers/{{code}}/requests"),
    "start_payment": Endpoint("dossiers", "POST", f"{DOSSIERS}/dossiers/{{code}}/payments"),
    "check_payment": Endpoint("dossiers", "POST", f"{DOSSIERS}/dossiers/{{code}}/payments/{{id}}/check"),
    "lookup": Endpoint("dossiers", "GET", f"{DOSSIERS}/lookup/{{code}}"),
    "paper": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}/paper"),
    "correct": Endpoint("dossiers", "POST", f"{DOSSIERS}/dossiers/{{code}}/correction"),
    "rating": Endpoint("dossiers", "GET", f"{DOSSIERS}/dossiers/{{code}}/rating"),
    "rate": Endpoint("dossiers", "PUT", f"{DOSSIERS}/dossiers/{{code}}/rating"),
    "ratings": Endpoint("dossiers", "GET", f"{DOSSIERS}/ratings"),
    "verify": Endpoint("dossiers", "GET", f"{DOSSIERS}/verify/{{paper_code}}"),
    "verify_file": Endpoint("dossiers", "POST", f"{DOSSIERS}/verify/files"),
    "roots": Endpoint("dossiers", "GET", f"{DOSSIERS}/roots"),
    "profile": Endpoint("citizen", "GET", f"{ME}/profile"),
    "notices": Endpoint("citizen", "GET", f"{ME}/notices"),
    "read_notice": Endpoint("citizen", "POST", f"{ME}/notices/{{id}}/read"),
    "colleagues": Endpoint("citizen", "GET", f"{ME}/colleagues"),
    "my_accesses": Endpoint("citizen", "GET", f"{ME}/accesses"),
    "preferences": Endpoint("citizen", "GET", f"{ME}/preferences"),
    "choose_preferences": Endpoint("citizen", "PUT", f"{ME}/preferences"),
    "tell_helped": Endpoint("citizen", "PUT", f"{ME}/contacts/{{owner}}"),
    "papers": Endpoint("dossiers", "GET", f"{DOSSIERS}/papers"),
    "reuse_paper": Endpoint("dossiers", "POST", f"{DOSSIERS}/drafts/{{id}}/papers"),
    "assists": Endpoint("dossiers", "GET", f"{DOSSIERS}/assists"),
    "assist": Endpoint("dossiers", "GET", f"{DOSSIERS}/assists/{{id}}"),
    "start_assist": Endpoint("dossiers", "POST", f"{DOSSIERS}/assists"),
    "claim_code": Endpoint("dossiers", "POST", f"{DOSSIERS}/assists/{{id}}/claim-code"),
    "open_screen": Endpoint("dossiers", "POST", f"{DOSSIERS}/assists/{{id}}/screen"),
    "note_screen": Endpoint("dossiers", "PUT", f"{DOSSIERS}/assists/{{id}}/screen"),
    "end_screen": Endpoint("dossiers", "DELETE", f"{DOSSIERS}/assists/{{id}}/screen"),
    "look_at_screen": Endpoint("dossiers", "POST", f"{DOSSIERS}/screens/look"),
    "end_assist": Endpoint("dossiers", "POST", f"{DOSSIERS}/assists/{{id}}/end"),
    "helpers": Endpoint("dossiers", "GET", f"{DOSSIERS}/helpers"),
    "end_helper": Endpoint("dossiers", "POST", f"{DOSSIERS}/helpers/{{id}}/end"),
    "look_at_claim": Endpoint("dossiers", "POST", f"{DOSSIERS}/claims/look"),
    "claim": Endpoint("dossiers", "POST", f"{DOSSIERS}/claims"),
    "end_help": Endpoint("dossiers", "POST", f"{DOSSIERS}/claims/end-help"),
    "end_contact": Endpoint("dossiers", "POST", f"{DOSSIERS}/claims/end-contact"),
}


class ApiProblem(Exception):
    """The API refused: its status, stable code, sentence for the reader, and the fields it names."""

    def __init__(self, status: int, body: Mapping[str, Any], retry_after: int = 0) -> None:
        super().__init__(f"{status} {body.get('code', '')}")
        self.retry_after = retry_after
        self.status = status
        self.code = str(body.get("code", ""))
        self.detail = str(body.get("detail", ""))
        self.fields: list[Mapping[str, Any]] = list(body.get("errors") or ())
        self.body = body


class PublicApi:
    """The public API as one caller sees it: their token, their language.

    ``asker`` is the network address that the gateway saw; search alone is told, to count one asker once.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        authorization: str | None,
        lang: str,
        organisation: str = "",
        asker: str = "",
    ) -> None:
        self._upstreams = upstreams
        self._lang = lang
        self._authorization = authorization
        self._organisation = organisation
        self._asker = asker

    async def call(
        self,
        name: str,
        parts: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        draft_token: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Call one endpoint of the list; return its JSON (None for an empty answer).

        ``parts`` fills the path, empty values of ``query`` are left out, ``key`` names what the person pressed:
        with what is sent it makes the Idempotency-Key, so that sent again it is one, and changed it is another.
        Raises ``ApiProblem`` for every answer of 400 and above, a service that is away included (503).
        """
        body = b"" if json is None else orjson.dumps(json)
        kind = None if json is None else "application/json"
        return await self._send(name, parts, query, body, kind, draft_token=draft_token, key=key)

    async def get_or(self, missing: Any, name: str, parts: Mapping[str, str] | None = None, **query: Any) -> Any:
        """Return what an endpoint answers, or ``missing`` when it refuses or is away: parts a page can do without."""
        try:
            return await self.call(name, parts, query=query)
        except ApiProblem:
            return missing

    async def upload(
        self,
        name: str,
        parts: Mapping[str, str],
        *,
        filename: str,
        content_type: str,
        data: bytes,
        draft_token: str | None = None,
    ) -> Any:
        """Send one file as multipart/form-data; return the JSON that names it. Raises ``ApiProblem``."""
        boundary = secrets.token_hex(16)
        plain = filename.replace('"', "'").replace("\r", " ").replace("\n", " ")
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{plain}"\r\n'
            f"Content-Type: {content_type or 'application/octet-stream'}\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return await self._send(name, parts, None, body, kind, draft_token=draft_token)

    async def file(self, name: str, parts: Mapping[str, str], *, draft_token: str | None = None) -> Reply:
        """Return a file as the API sends it, with its headers. Raises ``ApiProblem``."""
        reply = await self._reply(name, parts, None, b"", None, draft_token=draft_token)
        if reply.status >= 400:
            _content(reply)
        return reply

    async def answers(self, service: str, path: str) -> int:
        """Return the status with which a service answers ``path`` (0 when it is away); for the status page."""
        try:
            return (await self._upstreams[service].request("GET", path, self._headers(None))).status
        except Unavailable:
            return 0

    async def _send(self, *asked: Any, draft_token: str | None = None, key: str | None = None) -> Any:
        return _content(await self._reply(*asked, draft_token=draft_token, key=key))

    async def _reply(
        self,
        name: str,
        parts: Mapping[str, str] | None,
        query: Mapping[str, Any] | None,
        body: bytes,
        kind: str | None,
        *,
        draft_token: str | None = None,
        key: str | None = None,
    ) -> Reply:
        endpoint = ENDPOINTS[name]
        path = endpoint.path.format(**{k: quote(v, safe="") for k, v in (parts or {}).items()})
        asked = {k: v for k, v in (query or {}).items() if v not in (None, "")}
        headers = self._headers(kind)
        if draft_token:
            headers["draft-token"] = draft_token
        if key:
            headers["idempotency-key"] = digest_bytes(b"\0".join((key.encode(), body)))
        if self._asker and endpoint.service == "search":
            headers["x-forwarded-for"] = self._asker
        target = f"{path}?{urlencode(asked, doseq=True)}" if asked else path
        try:
            reply = await self._upstreams[endpoint.service].request(endpoint.method, target, headers, body)
        except Unavailable as away:
            raise ApiProblem(503, {"code": away.code, "detail": away.text.in_language(self._lang)}) from None
        return reply

    def _headers(self, kind: str | None) -> dict[str, str]:
        headers = {"accept": "application/json", "accept-language": self._lang}
        if kind:
            headers["content-type"] = kind
        if self._authorization:
            headers["authorization"] = self._authorization
            if self._organisation:
                headers[ACTING_FOR] = self._organisation
        if trace := trace_id.get():
            headers["traceparent"] = f"00-{trace}-{secrets.token_hex(8)}-01"
        return headers


def _content(reply: Reply) -> Any:
    try:
        content = orjson.loads(reply.body) if reply.body else None
    except orjson.JSONDecodeError:
        content = None
    if reply.status >= 400:
        wait = reply.headers.get("retry-after", "")
        seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 0
        raise ApiProblem(reply.status, content if isinstance(content, Mapping) else {}, seconds)
    return content
