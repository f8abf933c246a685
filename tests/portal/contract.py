"""Small services that speak the public contract, so that pages are tested without the real ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from kernel.errors import Conflict, FieldProblem, Invalid, NotFound, Text, TooLarge, Unauthenticated
from kernel.web import AsgiUpstream, Upstream, make_app
from tests.portal.contract_desk import Editing, add_editing
from tests.portal.contract_exemptions import EXTRA, Exemptions, add_exemptions
from tests.portal.contract_information import information
from tests.portal.contract_paying import add_paying
from tests.portal.contract_search import search
from tests.portal.contract_space import add_helping, add_preferences
from tests.portal.samples import DOSSIERS, FORM, PLACES, PROCEDURES, TIMELINE

GONE = NotFound("not_found", Text("Không tìm thấy.", "Not found."))
NO_DRAFT = NotFound("no_such_draft", Text("Không tìm thấy bản nháp này.", "There is no such draft."))
SIGN_IN = Unauthenticated("sign_in_to_submit", Text("Bạn đăng nhập để nộp.", "Sign in to submit."))
NOW = datetime(2026, 11, 21, 3, 42, tzinfo=UTC)


def services() -> "Services":
    """Return a fresh set of services."""
    return Services()


class Services(Editing):
    """Four apps and what they hold; ``calls`` lists every ``METHOD /path`` they were asked.

    ``keys`` are those with which drafts were submitted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[str, dict[str, Any]] = {}
        self.dossiers: dict[str, dict[str, Any]] = {code: dict(one) for code, one in DOSSIERS.items()}
        self.requests: list[dict[str, Any]] = []
        self.request_waits = False
        self.submits = 0
        self.payments: dict[str, dict[str, Any]] = {}
        self.ratings: dict[str, dict[str, Any]] = {}
        self.figure: dict[str, Any] = {"count": 0, "average": None}
        self.exemptions = Exemptions()
        self.calls: list[str] = []
        self.keys: list[str] = []
        self.uploads: dict[str, dict[str, Any]] = {}
        self.away: set[str] = set()
        self.apps = {
            "catalog": catalogue(self),
            "search": search(),
            "dossiers": dossiers(self),
            "citizen": citizen(),
        }

    def upstreams(self) -> dict[str, Upstream]:
        """Return what the portal is given."""
        return {name: self._recorded(name, app) for name, app in self.apps.items()}

    def _recorded(self, name: str, app: FastAPI) -> Upstream:
        async def recording(scope: Any, receive: Any, send: Any) -> None:
            if name in self.away:
                raise OSError("away")
            self.calls.append(f"{scope['method']} {scope['path']}")
            await app(scope, receive, send)

        return AsgiUpstream(recording)


def catalogue(editing: Editing | None = None) -> FastAPI:
    """Return the catalogue."""
    app = make_app(title="catalog", prefix="/api/catalog/v1")

    @app.get("/top")
    async def top() -> Any:
        return {"results": list(PROCEDURES.values())}

    @app.get("/fields")
    async def fields() -> Any:
        return {"results": [{"name": "Hộ tịch", "count": 41}, {"name": "Lý lịch tư pháp", "count": 6}]}

    information(app)
    add_editing(app, editing or Editing())

    @app.get("/participants")
    async def participants() -> Any:
        one = {"id": "H26", "name": "Hà Nội", "kind": "province", "successor_name": "Hà Nội", "lanes": ["H26"]}
        return {"results": [one]}

    @app.get("/procedures/{code}")
    async def procedure(code: str, revision: int | None = None) -> Any:
        if code not in PROCEDURES | EXTRA:
            raise GONE
        return (PROCEDURES | EXTRA)[code]

    @app.get("/procedures/{code}/form")
    async def form(code: str, revision: int | None = None) -> Any:
        if not (PROCEDURES | EXTRA).get(code, {}).get("fileable"):
            raise GONE
        return FORM

    @app.get("/places")
    async def places(q: str | None = None, page_size: int = 20) -> Any:
        found = [_found_by(q, place) for place in PLACES.values() if q and _named(q, place)]
        return {"results": found, "next_cursor": None}

    @app.get("/places/{ward}")
    async def place(ward: str) -> Any:
        if ward not in PLACES:
            raise GONE
        return PLACES[ward]

    @app.get("/resolve")
    async def resolve(procedure: str, place: str) -> Any:
        office = {"id": f"H26.{place}", "name": f"Bộ phận một cửa {PLACES[place]['name']}"}
        return {
            "lane": "H26",
            "office": office,
            "why": {"vi": "Việc này do xã giải quyết.", "en": "The commune decides."},
        }

    return app


def _found_by(q: str, place: dict[str, Any]) -> dict[str, Any]:
    """Return the place; its old name only when it was found by that."""
    return {**place, "matched": None} if q.split(",")[0].lower() in place["name"].lower() else place


def _named(q: str, place: dict[str, Any]) -> bool:
    return q.split(",")[0].lower() in f"{place['name']} {place['matched']}".lower()


def dossiers(services: Services) -> FastAPI:
    """Return drafts and dossiers."""
    app = make_app(title="dossiers", prefix="/api/dossiers/v1", body_limit=30_000_000)
    _drafts(app, services)
    _dossiers(app, services)
    add_helping(app)
    add_exemptions(app, services.exemptions)
    return app


def _drafts(app: FastAPI, services: Services) -> None:
    def opened(request: Request, draft_id: str) -> dict[str, Any]:
        draft = services.drafts.get(draft_id)
        if draft is None or not (request.headers.get("authorization") or request.headers.get("draft-token") == "t0ken"):
            raise NO_DRAFT
        return draft

    @app.post("/drafts")
    async def begin(request: Request) -> Response:
        asked = await request.json()
        if not (PROCEDURES | EXTRA)[asked["procedure"]]["fileable"]:
            raise Conflict("not_fileable_here", Text("Chưa nộp được ở đây.", "Cannot be filed here."))
        key = request.headers.get("idempotency-key", "")
        for draft in services.drafts.values():
            if draft["_key"] == key:
                return JSONResponse(draft, 201)
        draft_id = f"d{len(services.drafts) + 1}"
        draft = {
            "id": draft_id,
            "procedure": asked["procedure"],
            "revision": 1,
            "place": asked["place"],
            "answers": {},
            "version": 1,
            "saved_at": NOW.isoformat(),
            "expires_at": "2026-12-21T03:42:00Z",
            "submitted_code": None,
            "submit_requested": False,
            "_key": key,
        }
        services.drafts[draft_id] = draft
        token = {} if request.headers.get("authorization") else {"token": "t0ken"}
        return JSONResponse({**draft, **token}, 201)

    @app.get("/drafts")
    async def mine(cursor: str = "", page_size: int = 20) -> Any:
        return {"results": list(services.drafts.values()), "next_cursor": None}

    @app.get("/drafts/{draft_id}")
    async def show(draft_id: str, request: Request) -> Any:
        draft = opened(request, draft_id)
        named = draft["answers"].get("photo", ())
        return {**draft, "files": [services.uploads[digest] for digest in named if digest in services.uploads]}

    @app.get("/drafts/{draft_id}/files/{sha256}")
    async def see(draft_id: str, sha256: str, request: Request) -> Response:
        opened(request, draft_id)
        headers = {"content-disposition": "inline", "cache-control": "private, no-store"}
        return Response(b"\xff\xd8", media_type="image/jpeg", headers=headers)

    @app.delete("/drafts/{draft_id}", status_code=204)
    async def drop(draft_id: str, request: Request) -> None:
        opened(request, draft_id)
        del services.drafts[draft_id]

    @app.patch("/drafts/{draft_id}")
    async def save(draft_id: str, request: Request) -> Any:
        draft = opened(request, draft_id)
        answers = (await request.json())["answers"]
        if answers.get("child_name") == "123":
            text = Text("Tên không có chữ số. Viết như trên giấy tờ.", "A name has no digits.")
            raise Invalid("invalid_answers", text, [FieldProblem("answers.child_name", "pattern", text)])
        for at, member in enumerate(answers.get("members") or ()):
            if member["member_name"] == "123":
                text = Text("Tên không có chữ số. Viết như trên giấy tờ.", "A name has no digits.")
                raise Invalid("invalid_answers", text, [FieldProblem(f"answers.members.{at}.member_name", "x", text)])
        merged = {**draft["answers"], **answers}
        draft["answers"] = {name: value for name, value in merged.items() if value is not None}
        return draft

    @app.post("/drafts/{draft_id}/files", status_code=201)
    async def keep(draft_id: str, request: Request) -> Any:
        opened(request, draft_id)
        async with request.form() as form:
            file: Any = form["file"]
            data = await file.read()
        if len(data) > 20_000_000:
            raise TooLarge("file_too_large", Text("Lớn quá.", "Too large."))
        if not data.startswith((b"\xff\xd8", b"%PDF")):
            raise Invalid("bad_file", Text("Gửi ảnh JPG hoặc PDF.", "Send a JPG or PDF."))
        kept = {"sha256": f"{len(data):064x}", "size": len(data), "type": "image/jpeg", "name": file.filename}
        services.uploads[kept["sha256"]] = kept
        return kept

    @app.post("/drafts/{draft_id}/submit")
    async def submit(draft_id: str, request: Request) -> Response:
        services.keys.append(request.headers["idempotency-key"])
        draft = opened(request, draft_id)
        if not request.headers.get("authorization"):
            draft["submit_requested"] = True
            raise SIGN_IN
        code = draft["submitted_code"] or "H26-261121-0001"
        services.submits += draft["submitted_code"] is None
        draft["submitted_code"] = code
        return JSONResponse(services.dossiers[code], 201)


def _dossiers(app: FastAPI, services: Services) -> None:
    def opened(request: Request, code: str) -> dict[str, Any]:
        if not request.headers.get("authorization"):
            raise Unauthenticated("sign_in", Text("Bạn cần đăng nhập.", "Sign in."))
        if code not in services.dossiers:
            raise GONE
        return services.dossiers[code]

    @app.get("/dossiers")
    async def mine(request: Request, cursor: str = "", page_size: int = 20) -> Any:
        opened(request, "H26-261121-0001")
        return {"results": list(services.dossiers.values()), "next_cursor": None}

    @app.get("/dossiers/{code}")
    async def show(code: str, request: Request) -> Any:
        return opened(request, code)

    @app.get("/dossiers/{code}/timeline")
    async def timeline(code: str, request: Request, cursor: str = "") -> Any:
        opened(request, code)
        return {"results": TIMELINE, "next_cursor": None}

    @app.get("/dossiers/{code}/accesses")
    async def accesses(code: str, request: Request) -> Any:
        opened(request, code)
        seen = {"at": NOW.isoformat(), "role": "officer", "office": "H26.00004", "why": "Xem hồ sơ được giao"}
        return {"results": [seen]}

    @app.post("/dossiers/{code}/files", status_code=201)
    async def keep(code: str, request: Request) -> Any:
        opened(request, code)
        async with request.form() as form:
            file: Any = form["file"]
            data = await file.read()
        return {"sha256": f"{len(data):064x}", "size": len(data), "type": "image/jpeg", "name": file.filename}

    @app.post("/dossiers/{code}/requests", status_code=201)
    async def request_filed(code: str, request: Request) -> Any:
        opened(request, code)
        if services.request_waits:
            raise Conflict("request_already_open", Text("Đang có một yêu cầu chờ.", "A request waits."))
        services.requests.append(await request.json())
        return {"request_no": len(services.requests)}

    _papers(app, services, opened)
    services.payments = add_paying(app, opened)

    @app.get("/lookup/{code}")
    async def lookup(code: str) -> Any:
        if code not in services.dossiers:
            raise GONE
        return {"code": code, "progress": 50}

    @app.get("/roots")
    async def roots() -> Any:
        return {"results": [{"date": "2026-11-20", "count": 1234, "root": "ab" * 32, "prev_root": "00" * 32}]}


def _papers(app: FastAPI, services: Services, opened: Callable[[Request, str], dict[str, Any]]) -> None:
    paper = {"issuer": "Ủy ban nhân dân Phường Ba Đình", "number": "H26-261121-0004", "date": "2026-11-21"}

    @app.get("/dossiers/{code}/paper")
    async def own_paper(code: str, request: Request) -> Any:
        if not opened(request, code)["results"]:
            raise GONE
        none = dict.fromkeys(("corrects", "corrected_by", "correction_draft"))
        return {"paper_code": "7KQM-3T9X-HV2N-CDAB", **none}

    @app.post("/dossiers/{code}/correction", status_code=201)
    async def correct(code: str, request: Request) -> Any:
        if opened(request, code)["status"] != 10:
            raise Conflict("no_result_yet", Text("Hồ sơ này chưa có kết quả để sửa.", "There is no result yet."))
        services.drafts["d9"] = {"id": "d9", "procedure": "1.001193", "place": "00004", "answers": {}, "version": 2}
        return services.drafts["d9"]

    @app.get("/dossiers/{code}/rating")
    async def own_rating(code: str, request: Request) -> Any:
        opened(request, code)
        if code not in services.ratings:
            raise GONE
        return services.ratings[code]

    @app.put("/dossiers/{code}/rating")
    async def rate(code: str, request: Request) -> Any:
        opened(request, code)
        blank: dict[str, Any] = {"reasons": [], "text": None, "call_back": False, "settled": False}
        services.ratings[code] = {**blank, **(await request.json())}
        return services.ratings[code]

    @app.get("/ratings")
    async def figure(office: str = "", procedure: str = "") -> Any:
        return services.figure

    @app.get("/verify/{paper_code}")
    async def verify(paper_code: str) -> Any:
        if paper_code != "7KQM3T9XHV2NCDAB":
            raise GONE
        return {**paper, "standing": "valid"}

    @app.post("/verify/files")
    async def verify_file(request: Request) -> Any:
        async with request.form() as form:
            file: Any = form["file"]
            data = await file.read()
        word = "good" if data.startswith(b"%PDF-signed") else "changed" if data.startswith(b"%PDF") else "no_pdf"
        signed = {"signer": "Thành phố Hà Nội", "signed_at": NOW.isoformat()} if word == "good" else {}
        known = {**paper, "standing": "replaced"} if word == "good" else None
        return {"signature": word, "signer": None, "signed_at": None, **signed, "paper": known}


def citizen() -> FastAPI:
    """Return the citizen's own data."""
    app = make_app(title="citizen", prefix="/api/me/v1")
    add_preferences(app)

    def signed_in(request: Request) -> None:
        if not request.headers.get("authorization"):
            raise Unauthenticated("sign_in", Text("Bạn cần đăng nhập.", "Sign in."))

    @app.get("/profile")
    async def profile(request: Request) -> Any:
        signed_in(request)
        source = {"vi": "CSDL quốc gia về dân cư", "en": "the national population database"}
        return {
            "name": "Nguyễn Thị Ánh",
            "phone": "+84912345678",
            "id_number": "099194000017",
            "source": source,
            "as_of": "2026-11-01",
        }

    @app.get("/notices")
    async def notices(request: Request, cursor: str = "") -> Any:
        signed_in(request)
        one = {"id": "n1", "title": "Hồ sơ có thay đổi", "text": "Mở hồ sơ để xem.", "at": NOW.isoformat()}
        return {"results": [{**one, "dossier": "H26-261121-0001", "read_at": None}], "next_cursor": None}

    @app.post("/notices/{notice}/read", status_code=204)
    async def read(notice: str, request: Request) -> None:
        signed_in(request)

    @app.get("/accesses")
    async def accesses(request: Request, cursor: str = "") -> Any:
        signed_in(request)
        seen = {"at": NOW.isoformat(), "role": "officer", "office": "H26.00004", "why": "Xem hồ sơ được giao"}
        return {"results": [{**seen, "code": "H26-261121-0001"}], "next_cursor": None}

    return app
