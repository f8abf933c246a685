"""Files that come in parts, in the shape of the tus protocol: POST begins, PATCH adds, HEAD and GET tell how far."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from dossier_service.api.parts import Code, DeskOf, DraftId, DraftToken, IdempotencyKey
from dossier_service.api.shapes import file_shape
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.resumable import (
    ForDossier,
    ForDraft,
    Incoming,
    Receiver,
    add_part,
    begin_upload,
    see_upload,
)
from kernel.auth import MaybeSignedIn, SignedIn
from kernel.digest import digest_bytes
from kernel.idempotency import once

ROUTER = APIRouter(tags=["files"])
UploadId = Annotated[str, Path(min_length=32, max_length=32, pattern="^[0-9a-f]{32}$")]
Offset = Annotated[int, Header(alias="upload-offset", ge=0, le=2**40)]


class BeginUpload(BaseModel):
    """``length`` in bytes; ``name`` as the person's device calls the file."""

    model_config = ConfigDict(extra="forbid")
    length: int = Field(ge=0, le=2**40)
    name: str = Field(default="", max_length=255)


@ROUTER.post("/drafts/{id}/uploads", status_code=201)
async def post_draft_upload(
    desk: DeskOf,
    id: DraftId,
    body: BeginUpload,
    principal: MaybeSignedIn,
    key: IdempotencyKey,
    token: DraftToken = None,
) -> Response:
    """Begin a file that comes in parts of at most 512 KB; the answer has its ``id``, ``offset`` and ``length`` (bytes).

    Errors: 413 ``file_too_large``, 422 ``empty_file`` or ``too_many_files``.
    """
    caller = principal.sub if principal else digest_bytes((token or "").encode())
    return await _begin(desk, ForDraft(id, principal, token), body, f"upload/{id}/{caller}", key)


@ROUTER.post("/dossiers/{code}/uploads", status_code=201)
async def post_dossier_upload(
    desk: DeskOf, code: Code, body: BeginUpload, principal: SignedIn, key: IdempotencyKey
) -> Response:
    """Begin a file for a later request on my dossier, in the same way as one for a draft.

    Errors: 404 ``no_such_dossier``, 413 ``file_too_large``, 422 ``empty_file`` or ``too_many_files``.
    """
    return await _begin(desk, ForDossier(code, principal), body, f"upload/{code}/{principal.sub}", key)


@ROUTER.get("/drafts/{id}/uploads/{upload}")
async def get_draft_upload(
    desk: DeskOf, id: DraftId, upload: UploadId, principal: MaybeSignedIn, token: DraftToken = None
) -> Response:
    """Tell how many bytes have come (``offset``) of how many (``length``); ``file`` once it is whole."""
    return _answer(await see_upload(desk=desk, to=ForDraft(id, principal, token), id=upload))


@ROUTER.get("/dossiers/{code}/uploads/{upload}")
async def get_dossier_upload(desk: DeskOf, code: Code, upload: UploadId, principal: SignedIn) -> Response:
    """Tell how many bytes have come (``offset``) of how many (``length``); ``file`` once it is whole."""
    return _answer(await see_upload(desk=desk, to=ForDossier(code, principal), id=upload))


@ROUTER.head("/drafts/{id}/uploads/{upload}")
async def head_draft_upload(
    desk: DeskOf, id: DraftId, upload: UploadId, principal: MaybeSignedIn, token: DraftToken = None
) -> Response:
    """Tell the same in ``Upload-Offset`` and ``Upload-Length``."""
    seen = await see_upload(desk=desk, to=ForDraft(id, principal, token), id=upload)
    return Response(headers=_headers(seen.offset, seen.length))


@ROUTER.head("/dossiers/{code}/uploads/{upload}")
async def head_dossier_upload(desk: DeskOf, code: Code, upload: UploadId, principal: SignedIn) -> Response:
    """Tell the same in ``Upload-Offset`` and ``Upload-Length``."""
    seen = await see_upload(desk=desk, to=ForDossier(code, principal), id=upload)
    return Response(headers=_headers(seen.offset, seen.length))


@ROUTER.patch("/drafts/{id}/uploads/{upload}")
async def patch_draft_upload(
    request: Request,
    desk: DeskOf,
    id: DraftId,
    upload: UploadId,
    principal: MaybeSignedIn,
    offset: Offset,
    token: DraftToken = None,
) -> Response:
    """Add the part that begins at ``Upload-Offset`` (body: its bytes). With the last part the answer has ``file``.

    A file that is whole answers the same again. Errors: 409 ``upload_offset`` with the ``offset`` to go on from; with
    the last part the refusals of ``POST /drafts/{id}/files``, after which the upload is gone.
    """
    to, data = ForDraft(id, principal, token), await request.body()
    return _answer(await add_part(desk=desk, to=to, id=upload, offset=offset, data=data))


@ROUTER.patch("/dossiers/{code}/uploads/{upload}")
async def patch_dossier_upload(
    request: Request, desk: DeskOf, code: Code, upload: UploadId, principal: SignedIn, offset: Offset
) -> Response:
    """Add the part that begins at ``Upload-Offset``, as for a draft; the last one answers ``file``.

    Errors: 404 ``no_such_dossier`` or ``no_such_upload``, 409 ``upload_offset``; with the last part the refusals of
    ``POST /dossiers/{code}/files``, after which the upload is gone.
    """
    to, data = ForDossier(code, principal), await request.body()
    return _answer(await add_part(desk=desk, to=to, id=upload, offset=offset, data=data))


async def _begin(desk: Desk, to: Receiver, body: BeginUpload, subject: str, key: str | None) -> Response:
    said = body.model_dump()
    async with desk.database.begin() as tx:

        async def make() -> dict[str, Any]:
            return _shape(await begin_upload(tx=tx, desk=desk, to=to, name=body.name, length=body.length))

        first = await once(tx, subject=subject, key=key, body=said, status=201, make=make)
    return JSONResponse(first.response, first.status, _headers(0, body.length))


def _answer(seen: Incoming) -> Response:
    return JSONResponse(_shape(seen), headers=_headers(seen.offset, seen.length))


def _shape(seen: Incoming) -> dict[str, Any]:
    whole = {"file": file_shape(seen.ref)} if seen.ref else {}
    return {"id": seen.id, "offset": seen.offset, "length": seen.length, **whole}


def _headers(offset: int, length: int) -> dict[str, str]:
    return {"upload-offset": str(offset), "upload-length": str(length), "cache-control": "no-store"}
