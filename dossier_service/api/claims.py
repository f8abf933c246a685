"""What the claim code on a printed receipt opens, and how often filing was helped."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.parts import DeskOf
from dossier_service.api.shapes import at, due_shape
from dossier_service.model.states import PROGRESS
from dossier_service.usecases.claiming import (
    Claimable,
    claim_dossier,
    end_contact_by_claim,
    end_help_by_claim,
    look_at_claim,
)
from dossier_service.usecases.figures import filings
from kernel.auth import SignedIn
from kernel.web import Body, etagged

ROUTER = APIRouter(tags=["helping"])
PRIVATE = {"cache-control": "no-store"}


class ClaimCodes(Body):
    """The two codes of the printed receipt, as a person types them: any case, with or without spaces and dashes."""

    dossier: str = Field(min_length=1, max_length=60)
    claim_code: str = Field(min_length=1, max_length=60)


@ROUTER.post("/claims/look")
async def post_look(desk: DeskOf, body: ClaimCodes) -> JSONResponse:
    """Return how far the dossier is and who helped; needs no sign-in, shows no name, number or answer.

    404 ``no_such_claim`` for wrong, used and expired codes alike; 429 ``claim_locked`` for a wrong code after a hundred
    wrong tries. The right code opens always: no stranger can lock it.
    """
    found = await look_at_claim(desk=desk, code=body.dossier, claim=body.claim_code)
    return JSONResponse(_claimable(found), headers=PRIVATE)


@ROUTER.post("/claims", status_code=201)
async def post_claim(desk: DeskOf, body: ClaimCodes, principal: SignedIn) -> JSONResponse:
    """Take the dossier over to my own space; the code works once, and my repeating it changes nothing.

    403 ``helper_may_not_claim``, 404 ``no_such_claim``, 409 ``claimed_already``, 429 ``claim_locked``.
    """
    code = await claim_dossier(desk=desk, principal=principal, code=body.dossier, claim=body.claim_code)
    return JSONResponse({"code": code}, 201, PRIVATE | {"location": f"/api/dossiers/v1/dossiers/{code}"})


@ROUTER.post("/claims/end-help", status_code=204)
async def post_end_help(desk: DeskOf, body: ClaimCodes) -> None:
    """End the helper's right at once; needs the two codes and no sign-in."""
    await end_help_by_claim(desk=desk, code=body.dossier, claim=body.claim_code)


@ROUTER.post("/claims/end-contact", status_code=204)
async def post_end_contact(desk: DeskOf, body: ClaimCodes) -> None:
    """Stop the news by telephone, or through whom was named, at once; needs the two codes and no sign-in.

    The number or name is forgotten; a second time changes nothing.
    """
    await end_contact_by_claim(desk=desk, code=body.dossier, claim=body.claim_code)


@ROUTER.get("/figures/filings")
async def get_filings(request: Request, desk: DeskOf) -> Response:
    """Return how many dossiers people filed themselves (``self``) and with a helper (``helped``); counted each minute.

    Source: this service's own dossiers, all of them; a helped filing is never counted as self-service.
    """
    alone, helped, counted_at = await filings(desk=desk)
    shape = {"self": alone, "helped": helped, "total": alone + helped, "counted_at": at(counted_at)}
    response: Response = etagged(request, shape)
    return response


def _claimable(found: Claimable) -> dict[str, Any]:
    dossier, helping = found.dossier, found.helping
    return {
        "code": dossier.code,
        "title": found.titles.procedure_title,
        "plain_title": found.titles.plain_title or None,
        "procedure": dossier.procedure,
        "office": {"id": dossier.office, "name": dossier.office_name},
        "status": dossier.status,
        "progress": PROGRESS[dossier.status],
        "held_by": dossier.held_by,
        "submitted_at": at(dossier.submitted_at),
        "due": due_shape(dossier.due, dossier.expected, dossier.national_at),
        "helper_name": helping.helper_name,
        "helped_at": helping.helped_at,
        "allows": helping.allows,
        "told_by": helping.told_by if helping.contact else None,
        "help_ended": helping.ended_at is not None or dossier.ended,
        "claim_expires_at": at(helping.claim_expires_at),
    }
