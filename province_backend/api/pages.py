"""The pages. Reading a case is noted for the citizen; every form carries the version that the officer saw."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from kernel.auth import Principal, SignedIn, Verifier, require_role
from kernel.errors import Conflict, Invalid, NotFound, Problem, Text, Unauthenticated
from kernel.web import make_app
from kernel.web.problems import INVALID, plain_problem, status_of
from province_backend.api.actions import action, field, number
from province_backend.api.render import language_of, page, problem_page
from province_backend.api.words import TEXTS, officer_mark, tag_of
from province_backend.clients.wording import facts
from province_backend.model.case import Case
from province_backend.model.steps import Actor, asked_before, possible
from province_backend.usecases import deciding, telling
from province_backend.usecases.books import Books
from province_backend.usecases.receiving import note_access

MIB = 1024 * 1024
PAGE = 50
TABS = ("desk", "calls", "citizen", "done")
Lang = Annotated[str | None, Query(max_length=8)]
SHOWN = ("image/jpeg", "image/png", "application/pdf")

router = APIRouter()


def make_pages(offices: Mapping[str, Books], verifier: Verifier) -> FastAPI:
    """Return the app of all officers' pages, under ``/office``. Forms may carry a PDF of 10 MiB."""
    app = make_app(title="Officers' pages", prefix="/office", body_limit=11 * MIB)
    app.state.verifier = verifier
    app.state.offices = offices
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.include_router(router)
    app.add_api_route("", go_to_own_office)
    return app


async def on_problem(request: Request, error: Exception) -> Response:
    """Show a problem as a page; what an officer typed before the session ended comes back to be sent again."""
    assert isinstance(error, Problem)
    if isinstance(error, Unauthenticated) and request.method == "POST":
        async with request.form(max_files=1, max_fields=20, max_part_size=64 * 1024) as form:
            typed = {name: value for name, value in form.items() if isinstance(value, str)}
            files = any(isinstance(value, UploadFile) and value.filename for value in form.values())
        return page(request, "office/session_over.html", 401, office=None, signed_in=False, typed=typed, files=files)
    return problem_page(request, error)


async def on_http(request: Request, error: Exception) -> Response:
    """Show a bare HTTP error as a page."""
    assert isinstance(error, HTTPException)
    return problem_page(request, plain_problem(error.status_code))


async def on_validation(request: Request, error: Exception) -> Response:
    """Show a wrong address or form as a page."""
    return problem_page(request, Invalid("invalid_request", INVALID))


@router.get("/")
async def go_to_own_office(principal: SignedIn) -> Response:
    """Send an officer to their own office."""
    require_role(principal, "officer", "province_admin")
    return RedirectResponse(f"/office/{principal.participant}", 303)


@router.get("/{participant}")
@router.get("/{participant}/")
async def list_work(
    request: Request,
    participant: str,
    principal: SignedIn,
    tab: str = "desk",
    skip: Annotated[int, Query(ge=0, le=100_000)] = 0,
    lang: Lang = None,
) -> Response:
    """Show one tab of the office's work, first due first."""
    books = office(request, participant, principal)
    if tab not in TABS:
        raise _nothing()
    cases, counts = await deciding.list_work(books=books, place=tab, skip=skip, limit=PAGE + 1)
    rows = [{"case": case, "tag": tag_of(case), "due": due_of(books, case)} for case in cases[:PAGE]]
    return page(
        request,
        "office/list.html",
        office=books,
        signed_in=True,
        tab=tab,
        tabs=TABS,
        counts=counts,
        rows=rows,
        now=books.clock.now(),
        before=max(skip - PAGE, 0) if skip else None,
        after=skip + PAGE if len(cases) > PAGE else None,
    )


@router.get("/{participant}/cases/{code}")
async def show_case(
    request: Request,
    participant: str,
    code: str,
    principal: SignedIn,
    done: Annotated[str | None, Query(max_length=40)] = None,
    lang: Lang = None,
) -> Response:
    """Show one case with everything that was filed and the steps that can be taken."""
    books = office(request, participant, principal)
    return await case_page(request, books, principal, code, done=done if f"step.{done}" in TEXTS else None)


@router.post("/{participant}/cases/{code}/told")
async def tell_person(request: Request, participant: str, code: str, principal: SignedIn) -> Response:
    """Close what was to be told by telephone, with a note that the citizen reads."""
    books = office(request, participant, principal)
    async with request.form(max_files=0, max_fields=5, max_part_size=64 * 1024) as form:
        note = field(form, "note")
    try:
        await telling.close_tasks(books=books, code=code, actor=actor_of(books, principal), note=note)
    except (Conflict, Invalid) as problem:
        typed = {"note": note}
        return await case_page(request, books, principal, code, problem=problem, step="told", typed=typed)
    return RedirectResponse(f"/office/{participant}/cases/{code}?done=told", 303)


@router.post("/{participant}/cases/{code}/{step}")
async def take_step(request: Request, participant: str, code: str, step: str, principal: SignedIn) -> Response:
    """Take one step; what is wrong is said on the case's page, with what was typed."""
    books = office(request, participant, principal)
    act = action(step)
    async with request.form(max_files=1, max_fields=20, max_part_size=64 * 1024) as form:
        typed = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
        try:
            case = await act(books, code, number(form, "seen"), actor_of(books, principal), form)
        except (Conflict, Invalid) as problem:
            return await case_page(request, books, principal, code, problem=problem, step=step, typed=typed)
    last = case.history[-1].step.type
    return RedirectResponse(f"/office/{participant}/cases/{code}?done={last}", 303)


@router.get("/{participant}/cases/{code}/files/{sha256}")
async def open_file(request: Request, participant: str, code: str, sha256: str, principal: SignedIn) -> Response:
    """Open a file of a case: what the citizen filed, a draft, a result. 404 while it has not arrived yet."""
    books = office(request, participant, principal)
    case, _ = await note_access(books=books, code=code, officer=principal.sub, name=name_of(books, principal))
    every = [*case.files, *case.results, *([case.draft_result] if case.draft_result else [])]
    ref = next((ref for ref in every if ref.sha256 == sha256), None)
    key = books.key(code, sha256)
    if ref is None or await books.files.size(key) is None:
        raise NotFound("file_not_here", Text("Tệp này chưa về đến nơi.", "This file has not arrived yet."))
    shown = "inline" if ref.type in SHOWN else "attachment"
    headers = {
        "content-disposition": f"{shown}; filename*=UTF-8''{quote(ref.name or sha256)}",
        "content-length": str(ref.size),
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    if ref.type != "application/pdf":
        # Browsers refuse to show a PDF in a sandbox; their viewers have one of their own.
        headers["content-security-policy"] = "default-src 'none'; sandbox"
    kind = ref.type if ref.type in SHOWN else "application/octet-stream"
    return StreamingResponse(books.files.stream(key), headers=headers, media_type=kind)


async def case_page(
    request: Request,
    books: Books,
    principal: Principal,
    code: str,
    *,
    done: str | None = None,
    problem: Problem | None = None,
    step: str | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Response:
    """Return a case's page; noting the access comes first, and an unknown code is 404."""
    name = name_of(books, principal)
    case, others = await note_access(books=books, code=code, officer=principal.sub, name=name)
    due = due_of(books, case)
    here = {ref.sha256 for ref in case.files if await books.files.size(books.key(code, ref.sha256)) is not None}
    return page(
        request,
        "office/case.html",
        status_of(problem) if problem else 200,
        office=books,
        signed_in=True,
        case=case,
        tag=tag_of(case),
        due=due,
        counted_from=books.calendar.counted_from(due.start) if due else None,
        answered=[request for request in case.requests if request not in case.waiting],
        now=books.clock.now(),
        facts=facts(case.filing, language_of(request)),
        steps=possible(case),
        asked_before=asked_before(case),
        others=others,
        tasks=await telling.tasks_of(books=books, code=code),
        here_files=here,
        done=done,
        problem=problem,
        step=step,
        typed=typed or {},
    )


def office(request: Request, participant: str, principal: Principal) -> Books:
    """Return the office's books for its own officer. Raises ``Forbidden`` without the role, else ``NotFound``."""
    require_role(principal, "officer", "province_admin")
    books: Books | None = request.app.state.offices.get(participant)
    if books is None or principal.participant != participant:
        raise _nothing()
    return books


def actor_of(books: Books, principal: Principal) -> Actor:
    """Return the officer as the citizen will read of them."""
    return Actor("officer", principal.office or books.participant, name_of(books, principal))


def name_of(books: Books, principal: Principal) -> str:
    """Return the officer's name as the office's list of staff has it: tokens carry no names."""
    known = books.settings.staff.get(principal.sub)
    return known or f"Công chức {officer_mark(principal.sub)}"


def due_of(books: Books, case: Case) -> Any:
    """Return the appointment, or the expected one of a case not yet taken in; None when no term is published."""
    return case.due or books.appoint(case.filing.submitted_at, case)


def _nothing() -> NotFound:
    return NotFound("not_found", Text("Không có gì ở địa chỉ này.", "There is nothing at this address."))
