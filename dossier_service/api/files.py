"""Files: put to a draft or a dossier, taken from a dossier."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, UploadFile
from fastapi.responses import StreamingResponse

from dossier_service.api.parts import Code, DeskOf, DraftId, DraftToken, IdempotencyKey, Sha256, bind_key
from dossier_service.api.shapes import file_shape
from dossier_service.usecases.reading import read_file
from dossier_service.usecases.uploads import add_dossier_file, add_draft_file, read_draft_file
from kernel.auth import MaybeSignedIn, SignedIn
from kernel.digest import digest_bytes
from kernel.files import TYPES

ROUTER = APIRouter(tags=["files"])
PLAIN = re.compile(r"[^A-Za-z0-9._ -]")
NO_PART_OF_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")


@ROUTER.post("/drafts/{id}/files", status_code=201)
async def post_draft_file(
    desk: DeskOf, id: DraftId, file: UploadFile, principal: MaybeSignedIn, key: IdempotencyKey, token: DraftToken = None
) -> dict[str, Any]:
    """Upload one file (JPEG, PNG, HEIC or PDF). Photos are turned upright and lose their place data.

    The same file twice is one file. Answer a field of kind files with the list of the digests.
    """
    data = await file.read()
    said = {"draft": id, "file": digest_bytes(data)}
    await bind_key(desk=desk, act="files", principal=principal, token=token, key=key, body=said)
    ref = await add_draft_file(desk=desk, principal=principal, token=token, id=id, name=file.filename or "", data=data)
    return file_shape(ref)


@ROUTER.post("/dossiers/{code}/files", status_code=201)
async def post_dossier_file(
    desk: DeskOf, code: Code, file: UploadFile, principal: SignedIn, key: IdempotencyKey
) -> dict[str, Any]:
    """Upload one file for a later request on my dossier."""
    data = await file.read()
    said = {"dossier": code, "file": digest_bytes(data)}
    await bind_key(desk=desk, act="files", principal=principal, token=None, key=key, body=said)
    ref = await add_dossier_file(desk=desk, principal=principal, code=code, name=file.filename or "", data=data)
    return file_shape(ref)


@ROUTER.get("/drafts/{id}/files/{sha256}")
async def get_draft_file(
    desk: DeskOf, id: DraftId, sha256: Sha256, principal: MaybeSignedIn, token: DraftToken = None
) -> StreamingResponse:
    """Show one file of my draft as it was kept: a photo is upright and without its place data. 404 ``no_such_file``."""
    row, chunks = await read_draft_file(desk=desk, principal=principal, token=token, id=id, sha256=sha256)
    return _sent(row, chunks, shown="inline")


@ROUTER.get("/dossiers/{code}/files/{sha256}")
async def get_file(desk: DeskOf, code: Code, sha256: Sha256, principal: SignedIn) -> StreamingResponse:
    """Download one file of my dossier: what I sent, a draft result or the signed result."""
    row, chunks = await read_file(desk=desk, principal=principal, code=code, sha256=sha256)
    return _sent(row, chunks, shown="attachment")


def _sent(row: Any, chunks: AsyncIterator[bytes], *, shown: str) -> StreamingResponse:
    """Return a person's file; nothing keeps a copy, since the next one at a shared device could open it."""
    plain = PLAIN.sub("_", row.name)
    whole = quote(NO_PART_OF_A_NAME.sub("_", row.name), safe="")
    headers = {
        "content-disposition": f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{whole}",
        "content-length": str(row.size),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, no-store",
    }
    return StreamingResponse(
        chunks, media_type=row.type if row.type in TYPES else "application/octet-stream", headers=headers
    )
