"""My dossiers: list, one with everything, its timeline, its accesses, requests."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from dossier_service.api.parts import Code, DeskOf, IdempotencyKey
from dossier_service.api.shapes import (
    FileRequest,
    at,
    dossier_shape,
    entry_shape,
    listed_shape,
    paged,
    request_shape,
)
from dossier_service.usecases.reading import list_dossiers, read_accesses, read_dossier, read_timeline
from dossier_service.usecases.requests import request_of_citizen
from kernel.auth import SignedIn
from kernel.idempotency import once
from kernel.web import PageCursor, PageSize, decode_cursor, encode_cursor, etagged, moment_and_id

ROUTER = APIRouter(tags=["dossiers"])


@ROUTER.get("/dossiers")
async def get_dossiers(
    desk: DeskOf, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return my dossiers, newest filing first."""
    rows = await list_dossiers(desk=desk, principal=principal, size=page_size, before=moment_and_id(cursor))
    page, more = paged(rows, page_size)
    following = encode_cursor([page[-1].submitted_at, page[-1].code]) if more else None
    return {"results": [listed_shape(row) for row in page], "next_cursor": following}


@ROUTER.get("/dossiers/{code}")
async def get_dossier(request: Request, desk: DeskOf, code: Code, principal: SignedIn) -> Response:
    """Return my dossier. The ETag is its event_no: it names what was decided, not the running clocks.

    Where there are ``payments`` their changes count too.
    """
    view = await read_dossier(desk=desk, principal=principal, code=code)
    etag = ".".join(map(str, (view.dossier.event_no, *(payment.change_no for payment in view.payments))))
    return etagged(request, dossier_shape(view), etag=etag, private=True)


@ROUTER.get("/dossiers/{code}/timeline")
async def get_timeline(request: Request, desk: DeskOf, code: Code, principal: SignedIn) -> Response:
    """Return every step of my dossier with the hash that chains it to the step before."""
    rows = await read_timeline(desk=desk, principal=principal, code=code)
    shape = {"results": [entry_shape(row) for row in rows], "next_cursor": None}
    return etagged(request, shape, etag=str(len(rows)), private=True)


@ROUTER.get("/dossiers/{code}/accesses")
async def get_accesses(
    desk: DeskOf, code: Code, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return who opened my dossier at the office, when and why, newest first."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else None
    rows = await read_accesses(desk=desk, principal=principal, code=code, size=page_size, before=before)
    page, more = paged(rows, page_size)
    results = [{"role": row.role, "office": row.office, "why": row.why, "at": at(row.at)} for row in page]
    return {"results": results, "next_cursor": encode_cursor([page[-1].no]) if more else None}


@ROUTER.post("/dossiers/{code}/requests", status_code=201)
async def post_request(
    desk: DeskOf, code: Code, body: FileRequest, principal: SignedIn, key: IdempotencyKey
) -> Response:
    """File a request: supplement, confirmation or withdrawal. The office answers it exactly once."""
    content = body.model_dump(mode="json") | {"code": code}
    async with desk.database.begin() as tx:

        async def make() -> dict[str, Any]:
            return request_shape(
                await request_of_citizen(
                    tx=tx,
                    desk=desk,
                    principal=principal,
                    code=code,
                    kind=body.kind,
                    ask_no=body.ask_no,
                    answers=body.answers,
                    digests=body.files,
                    text=body.text,
                )
            )

        first = await once(tx, subject=f"requests/{principal.sub}", key=key, body=content, status=201, make=make)
    return JSONResponse(first.response, first.status, {"cache-control": "no-store"})
