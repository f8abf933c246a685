"""The wallet: my results and papers, where they lie, and using one again."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from dossier_service.api.parts import DeskOf, DraftId, DraftToken
from dossier_service.api.shapes import at, file_shape, paged
from dossier_service.store.wallet import RESULT
from dossier_service.usecases.wallet import list_papers, reuse_paper
from kernel.auth import SignedIn
from kernel.web import Body, PageCursor, PageSize, encode_cursor, moment_and_id

ROUTER = APIRouter(tags=["files"])


class ReusePaper(Body):
    """A file of my wallet: the dossier it lies in and its digest."""

    dossier: str = Field(min_length=1, max_length=40)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


@ROUTER.get("/papers")
async def get_papers(
    desk: DeskOf,
    principal: SignedIn,
    kind: Literal["result", "paper"] | None = None,
    type: Annotated[list[str] | None, Query(max_length=8)] = None,
    cursor: PageCursor = None,
    page_size: PageSize = 20,
) -> dict[str, Any]:
    """Return results and papers of my dossiers, newest first; one that was sent twice is listed once.

    ``kind``: results of offices or papers I sent; ``type``: MIME types. The bytes are at
    ``/dossiers/{dossier}/files/{sha256}``. 403 ``no_wallet_when_helping`` for a token that acts for somebody.
    """
    rows = await list_papers(
        desk=desk,
        principal=principal,
        results=None if kind is None else kind == "result",
        types=type or (),
        size=page_size,
        before=moment_and_id(cursor),
    )
    page, more = paged(rows, page_size)
    last = page[-1] if more else None
    following = encode_cursor([last.added_at, f"{last.code}/{last.sha256}"]) if last is not None else None
    return {"results": [_shape(row) for row in page], "next_cursor": following}


@ROUTER.post("/drafts/{id}/papers", status_code=201)
async def post_paper(
    desk: DeskOf, id: DraftId, body: ReusePaper, principal: SignedIn, token: DraftToken = None
) -> dict[str, Any]:
    """Attach a file of my wallet to my draft: the stored bytes under the same digest, so twice is once.

    Answer a field of kind files with the digest. 404 for a file that is not mine, 403 ``no_wallet_when_helping``.
    """
    ref = await reuse_paper(desk=desk, principal=principal, token=token, id=id, code=body.dossier, sha256=body.sha256)
    return file_shape(ref)


def _shape(row: Any) -> dict[str, Any]:
    return {
        "sha256": row.sha256,
        "dossier": row.code,
        "kind": "result" if row.role == RESULT else "paper",
        "name": row.name,
        "type": row.type,
        "size": row.size,
        "scan": row.scan,
        "added_at": at(row.added_at),
        "procedure": row.procedure,
        "title": row.procedure_title,
        "plain_title": row.plain_title or None,
    }
