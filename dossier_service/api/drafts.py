"""Drafts: open, read, save, delete, submit."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from dossier_service.api.parts import DeskOf, DraftId, DraftToken, IdempotencyKey, IfMatch, bind_key
from dossier_service.api.shapes import OpenDraft, SaveAnswers, SubmitDraft, dossier_shape, draft_shape, paged
from dossier_service.usecases.drafts import (
    Draft,
    delete_draft,
    list_drafts,
    open_draft,
    read_draft,
    save_answers,
)
from dossier_service.usecases.exemptions import look_up_draft
from dossier_service.usecases.reading import read_dossier
from dossier_service.usecases.submit import submit_draft
from kernel.auth import MaybeSignedIn, SignedIn
from kernel.idempotency import once
from kernel.web import PageCursor, PageSize, encode_cursor, etagged, moment_and_id

ROUTER = APIRouter(tags=["drafts"])


@ROUTER.post("/drafts", status_code=201)
async def post_draft(desk: DeskOf, body: OpenDraft, principal: MaybeSignedIn, key: IdempotencyKey) -> Response:
    """Open a draft. Without sign-in the answer holds ``token``: send it back as header ``Draft-Token``.

    ``Idempotency-Key`` counts for signed-in callers; without sign-in a repeated call opens one more empty draft.
    """
    content = body.model_dump()
    subject, counted = (f"drafts/{principal.sub}", key) if principal is not None else ("", None)
    async with desk.database.begin() as tx:

        async def make() -> dict[str, Any]:
            return draft_shape(
                await open_draft(
                    tx=tx,
                    desk=desk,
                    principal=principal,
                    procedure=body.procedure,
                    place=body.place,
                    demo_asks=body.demo_asks,
                )
            )

        first = await once(tx, subject=subject, key=counted, body=content, status=201, make=make)
    return JSONResponse(first.response, first.status, {"cache-control": "no-store"})


@ROUTER.get("/drafts")
async def get_drafts(
    desk: DeskOf, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return my open drafts, last saved first."""
    rows = await list_drafts(desk=desk, principal=principal, size=page_size, before=moment_and_id(cursor))
    page, more = paged(rows, page_size)
    following = encode_cursor([page[-1].saved_at, page[-1].id]) if more else None
    return {"results": [draft_shape(draft) for draft in page], "next_cursor": following}


@ROUTER.get("/drafts/{id}")
async def get_draft(
    request: Request, desk: DeskOf, id: DraftId, principal: MaybeSignedIn, token: DraftToken = None
) -> Response:
    """Return a draft of mine."""
    draft = await read_draft(desk=desk, principal=principal, token=token, id=id)
    return etagged(request, draft_shape(draft), etag=str(draft.version), private=True)


@ROUTER.patch("/drafts/{id}")
async def patch_draft(
    desk: DeskOf,
    id: DraftId,
    body: SaveAnswers,
    principal: MaybeSignedIn,
    version: IfMatch,
    token: DraftToken = None,
) -> Response:
    """Save answers: all of them, or none when one is wrong (422 ``invalid_answers`` names every wrong field)."""
    draft = await save_answers(
        desk=desk, principal=principal, token=token, id=id, answers=body.answers, version=version
    )
    return _saved(draft)


@ROUTER.delete("/drafts/{id}", status_code=204)
async def remove_draft(desk: DeskOf, id: DraftId, principal: MaybeSignedIn, token: DraftToken = None) -> None:
    """Delete a draft of mine with its files."""
    await delete_draft(desk=desk, principal=principal, token=token, id=id)


@ROUTER.post("/drafts/{id}/submit", status_code=201)
async def post_submit(
    desk: DeskOf,
    id: DraftId,
    principal: MaybeSignedIn,
    key: IdempotencyKey,
    body: SubmitDraft | None = None,
    token: DraftToken = None,
) -> Response:
    """File the draft; a second call answers the same dossier, with or without ``Idempotency-Key``.

    Without sign-in: 401 ``sign_in_to_submit``. A helper gets ``code`` and ``assist``, the id of the helping, alone:
    what is filed belongs to the person helped.
    """
    wants_draft = body.wants_draft if body else False
    said = {"draft": id, "wants_draft": wants_draft}
    await bind_key(desk=desk, act="submit", principal=principal, token=token, key=key, body=said)
    if principal is not None:
        await look_up_draft(desk=desk, principal=principal, token=token, id=id)
    code = await submit_draft(desk=desk, principal=principal, token=token, id=id, wants_draft=wants_draft)
    assert principal is not None
    draft = await read_draft(desk=desk, principal=principal, token=token, id=id)
    if draft.helping is not None and draft.helping.helper == principal.sub:
        place = f"/api/dossiers/v1/assists/{draft.helping.id}"
        return JSONResponse({"code": code, "assist": draft.helping.id}, 201, {"location": place})
    shape = dossier_shape(await read_dossier(desk=desk, principal=principal, code=code))
    location = f"/api/dossiers/v1/dossiers/{code}"
    return JSONResponse(shape, 201, {"location": location, "cache-control": "no-store"})


def _saved(draft: Draft) -> Response:
    return JSONResponse(draft_shape(draft), headers={"etag": f'"{draft.version}"', "cache-control": "no-store"})
