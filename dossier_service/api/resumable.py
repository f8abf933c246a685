"""Files that come in parts, in the shape of the tus protocol: POST begins, PATCH adds, HEAD and GET tell how far."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from dossier_service.api.parts import DeskOf, DraftId, DraftToken, IdempotencyKey
from dossier_service.api.shapes import file_shape
from dossier_service.usecases.resumable import Incoming, add_part, begin_upload, see_upload
from kernel.auth import MaybeSignedIn
from kernel.digest import digest_bytes
from kernel.idempotency import recall, remember

ROUTER = APIRouter(tags=["files"])
UploadId = Annotated[str, Path(min_length=32, max_length=32, pattern="^[0-9a-f]{32}$")]
Offset = Annotated[int, Header(alias="upload-offset", ge=0, le=2**40)]


class BeginUpload(BaseModel):
    """``length`` in bytes; ``name`` as the person's device calls the file."""

    model_config = ConfigDict(extra="forbid")
    length: int = Field(ge=0, le=2**40)
    name: str = Field(default="", max_length=255)


@ROUTER.post("/drafts/{id}/uploads", status_code=201)
async def post_upload(
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
    subject, said = f"upload/{id}/{caller}", body.model_dump()
    async with desk.database.begin() as tx:
        first = await recall(tx, subject=subject, key=key, body=said) if key else None
        if first is not None:
            return JSONResponse(first.response, first.status)
        begun = await begin_upload(
            tx=tx, desk=desk, principal=principal, token=token, draft=id, name=body.name, length=body.length
        )
        shape = _shape(begun)
        if key:
            await remember(tx, subject=subject, key=key, body=said, status=201, response=shape)
    return JSONResponse(shape, 201, _headers(begun))


@ROUTER.get("/drafts/{id}/uploads/{upload}")
async def get_upload(
    desk: DeskOf, id: DraftId, upload: UploadId, principal: MaybeSignedIn, token: DraftToken = None
) -> Response:
    """Tell how many bytes have come (``offset``) of how many (``length``); ``file`` once it is whole."""
    seen = await see_upload(desk=desk, principal=principal, token=token, draft=id, id=upload)
    return JSONResponse(_shape(seen), 200, _headers(seen))


@ROUTER.head("/drafts/{id}/uploads/{upload}")
async def head_upload(
    desk: DeskOf, id: DraftId, upload: UploadId, principal: MaybeSignedIn, token: DraftToken = None
) -> Response:
    """Tell the same in ``Upload-Offset`` and ``Upload-Length``."""
    seen = await see_upload(desk=desk, principal=principal, token=token, draft=id, id=upload)
    return Response(headers=_headers(seen))


@ROUTER.patch("/drafts/{id}/uploads/{upload}")
async def patch_upload(
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
    data = await request.body()
    seen = await add_part(desk=desk, principal=principal, token=token, draft=id, id=upload, offset=offset, data=data)
    return JSONResponse(_shape(seen), 200, _headers(seen))


def _shape(seen: Incoming) -> dict[str, Any]:
    whole = {"file": file_shape(seen.ref)} if seen.ref else {}
    return {"id": seen.id, "offset": seen.offset, "length": seen.length, **whole}


def _headers(seen: Incoming) -> dict[str, str]:
    return {"upload-offset": str(seen.offset), "upload-length": str(seen.length), "cache-control": "no-store"}
