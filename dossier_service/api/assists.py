"""Helping others to file: the helper's own list, the claim code for the printed receipt, and the person's say in it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.parts import DeskOf, IdempotencyKey
from dossier_service.api.shapes import at, due_shape, paged
from dossier_service.model.assisting import Agreed, Allows, ConsentWay, ToldBy
from dossier_service.model.states import ENDED, PROGRESS
from dossier_service.usecases.assisting import (
    Helping,
    end_helper,
    end_own_helping,
    issue_claim_code,
    list_helpers,
    list_helpings,
    read_helping,
    start_helping,
)
from dossier_service.usecases.screens import show_claim_code
from kernel.auth import SignedIn
from kernel.clock import real_now
from kernel.idempotency import once
from kernel.web import Body, PageCursor, PageSize, encode_cursor, moment_and_id

ROUTER = APIRouter(tags=["helping"])
PRIVATE = {"cache-control": "no-store"}

AssistId = Annotated[str, Path(min_length=1, max_length=64)]


class StartHelping(Body):
    """For whom the caller files, and how that person agreed.

    ``helper_name`` is printed on the receipt and in the history; the account is recorded beside it. ``contact`` is
    the person's or a relative's telephone (E.164; never the helper's own), or, with ``told_by`` neighbour, who tells
    them. ``allows`` says what the helper may see after filing, until the case closes.
    """

    procedure: str = Field(min_length=1, max_length=40)
    place: str = Field(pattern=r"^\d{5}$")
    helper_name: str = Field(min_length=2, max_length=100)
    for_name: str = Field(min_length=2, max_length=100)
    for_id_number: str | None = Field(default=None, pattern=r"^(\d{12}|\d{9})$")
    consent_way: ConsentWay
    consent_note: str = Field(default="", max_length=500)
    allows: Allows = Allows.FOLLOW
    told_by: ToldBy = ToldBy.NEIGHBOUR
    contact: str = Field(default="", max_length=100, pattern=r"^(\+\d{8,15}|[^+].*)?$")


def helping_shape(helping: Helping) -> dict[str, Any]:
    """Return one helping; ``dossier`` says only what the person allows the helper to see."""
    row, dossier = helping.row, helping.dossier
    shape: dict[str, Any] = {
        "id": row.id,
        "draft": row.draft,
        "code": row.code,
        "procedure": helping.procedure,
        "for_name": row.for_name,
        "helper_name": row.helper_name,
        "helped_at": row.helped_at,
        "consent_way": row.consent_way,
        "allows": row.allows,
        "told_by": row.told_by,
        "contact": row.contact,
        "contact_seen": helping.contact_seen,
        "started_at": at(row.started_at),
        "filed_at": at(row.filed_at),
        "claimed": row.claimed_at is not None,
        "claim_expires_at": at(row.claim_expires_at),
        "dossier": None,
    }
    if helping.owner:
        shape["owner"] = helping.owner
    if dossier is None:
        return shape
    shape["dossier"] = {
        "title": helping.titles.procedure_title,
        "plain_title": helping.titles.plain_title or None,
        "office": {"id": dossier.office, "name": dossier.office_name},
        "submitted_at": at(dossier.submitted_at),
        "due": due_shape(dossier.due, dossier.expected, dossier.national_at),
    }
    if row.allows != Allows.NOTHING:
        asked = sorted({ask.kind.value for ask in dossier.open_asks})
        state = {"status": dossier.status, "progress": PROGRESS[dossier.status], "asked": asked}
        shape["dossier"] |= state | {"held_by": dossier.held_by}
    return shape


@ROUTER.post("/assists", status_code=201)
async def post_assist(desk: DeskOf, body: StartHelping, principal: SignedIn, key: IdempotencyKey) -> JSONResponse:
    """Open a draft for a person who agreed; needs the role ``helper`` and an account of the helper's own.

    ``contact_seen`` = you gave this telephone for somebody else before; ``owner`` names the person where you say how
    they are told (``PUT /api/me/v1/contacts/{owner}``). 403 ``role_needed``, 422 ``invalid_answers``.
    """
    content = body.model_dump(mode="json")
    agreed = Agreed(
        name=body.for_name.strip(),
        id_number=body.for_id_number,
        way=body.consent_way,
        note=body.consent_note.strip(),
        allows=body.allows,
        told_by=body.told_by,
        contact=body.contact.strip(),
    )
    async with desk.database.begin() as tx:

        async def make() -> dict[str, Any]:
            return helping_shape(
                await start_helping(
                    tx=tx,
                    desk=desk,
                    principal=principal,
                    helper_name=body.helper_name.strip(),
                    procedure=body.procedure,
                    place=body.place,
                    agreed=agreed,
                )
            )

        first = await once(tx, subject=f"assists/{principal.sub}", key=key, body=content, status=201, make=make)
    return JSONResponse(first.response, first.status, PRIVATE)


@ROUTER.get("/assists")
async def get_assists(
    desk: DeskOf, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return whom I help now, newest first: open drafts, and filed dossiers while I may see them. 403 without role."""
    rows = await list_helpings(desk=desk, principal=principal, size=page_size, before=moment_and_id(cursor))
    page, more = paged(rows, page_size)
    results = [
        {
            "id": row.id,
            "draft": row.draft,
            "code": row.code,
            "procedure": row.procedure,
            "for_name": row.for_name,
            "allows": row.allows,
            "started_at": at(row.started_at),
            "filed_at": at(row.filed_at),
            "over": row.state in ENDED,
        }
        for row in page
    ]
    return {"results": results, "next_cursor": encode_cursor([page[-1].started_at, page[-1].id]) if more else None}


@ROUTER.get("/assists/{id}")
async def get_assist(desk: DeskOf, id: AssistId, principal: SignedIn) -> JSONResponse:
    """Return one helping of mine; 404 once it has ended or the case has closed. My look is noted for the person."""
    found = await read_helping(desk=desk, principal=principal, id=id)
    return JSONResponse(helping_shape(found), headers=PRIVATE)


class OnScreen(Body):
    """``screen`` is the code of the second screen, which then shows the claim code too; empty for none."""

    screen: str = Field(default="", max_length=40)


@ROUTER.post("/assists/{id}/claim-code", status_code=201)
async def post_claim_code(
    desk: DeskOf, id: AssistId, principal: SignedIn, body: OnScreen | None = None
) -> JSONResponse:
    """Return a fresh claim code to print; it is shown this once, and a former one works no more.

    ``claim_code`` in groups of four, ``expires_at`` until when. 409 ``not_filed_yet``, ``claimed_already``,
    ``codes_used_up`` (five codes, within seven days of filing). Every call makes another code, so there is nothing
    to repeat.
    """
    code, until = await issue_claim_code(desk=desk, principal=principal, id=id)
    if body is not None and body.screen:
        await show_claim_code(desk=desk, id=id, screen=body.screen, claim=code, at=real_now())
    return JSONResponse({"claim_code": code, "expires_at": at(until)}, 201, PRIVATE)


@ROUTER.post("/assists/{id}/end", status_code=204)
async def post_end(desk: DeskOf, id: AssistId, principal: SignedIn) -> None:
    """Give my right as a helper back."""
    await end_own_helping(desk=desk, principal=principal, id=id)


@ROUTER.get("/helpers")
async def get_helpers(
    desk: DeskOf, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return who helped with my dossiers, where, what I allowed, and whether it has ended; newest first."""
    rows = await list_helpers(desk=desk, principal=principal, size=page_size, before=moment_and_id(cursor))
    page, more = paged(rows, page_size)
    results = [
        {
            "id": row.id,
            "code": row.code,
            "procedure": row.procedure,
            "title": row.procedure_title,
            "plain_title": row.plain_title or None,
            "helper_name": row.helper_name,
            "helped_at": row.helped_at,
            "consent_way": row.consent_way,
            "allows": row.allows,
            "filed_at": at(row.filed_at),
            "ended_at": at(row.ended_at),
            "over": row.state in ENDED,
        }
        for row in page
    ]
    return {"results": results, "next_cursor": encode_cursor([page[-1].started_at, page[-1].id]) if more else None}


@ROUTER.post("/helpers/{id}/end", status_code=204)
async def post_helper_end(desk: DeskOf, id: AssistId, principal: SignedIn) -> None:
    """End a helper's right to my dossier, at once; a second time changes nothing."""
    await end_helper(desk=desk, principal=principal, id=id)
