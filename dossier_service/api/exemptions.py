"""Being let off a fee: the person's wish and proof, the officer's decision, and the published figures."""

import re
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field

from dossier_service.api.parts import Code, DeskOf, DraftId, DraftToken
from dossier_service.api.shapes import at, file_shape, paged
from dossier_service.model.exemptions import Exemption, GroundRule
from dossier_service.model.ratings import TEN
from dossier_service.usecases.exemptions import (
    Seen,
    ask_exemption,
    decide_exemption,
    exemption_figures,
    list_to_decide,
    prove_in_dossier,
    prove_in_draft,
    read_exemption,
    read_photo,
    read_proof,
    read_wish,
)
from kernel.auth import MaybeSignedIn, SignedIn
from kernel.errors import Text
from kernel.web import Body, PageCursor, PageSize, encode_cursor, etagged, moment_and_id

ROUTER = APIRouter(tags=["exemptions"])
PRIVATE = {"cache-control": "no-store"}
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class AskExemption(Body):
    """``ground`` is one of the draft's, empty = I do not ask. ``consent``: the list of that ground may be looked up."""

    ground: str = Field(default="", max_length=40)
    consent: bool = False


class Proof(Body):
    """What the officer is to see: an answer in words, and one uploaded file by its digest."""

    note: str = Field(default="", max_length=1000)
    photo: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Decision(Body):
    """An officer's decision; a refusal needs ``reason``, and may name its ``rule``."""

    granted: bool
    reason: str = Field(default="", max_length=1000)
    rule: str = Field(default="", max_length=300)


@ROUTER.get("/drafts/{id}/exemption")
async def get_wish(desk: DeskOf, id: DraftId, principal: MaybeSignedIn, token: DraftToken = None) -> JSONResponse:
    """Return ``{grounds: [{ground, text, basis, resolution}], exemption}``: what may be asked, and what was asked.

    ``grounds`` come from the guide of the draft's revision; ``resolution`` null = not published.
    """
    rules, seen = await read_wish(desk=desk, principal=principal, token=token, id=id)
    shape = {"grounds": [ground_shape(rule) for rule in rules], "exemption": seen and exemption_shape(seen)}
    return JSONResponse(shape, headers=PRIVATE)


@ROUTER.put("/drafts/{id}/exemption")
async def put_wish(
    desk: DeskOf, id: DraftId, body: AskExemption, principal: MaybeSignedIn, token: DraftToken = None
) -> JSONResponse:
    """Ask to pay no fee, or say that I do not; with consent the list is looked up at once, or when I sign in.

    ``standing``: ``exempt``, ``provisional`` (the list is away), ``to_decide`` (not found, or no consent: an officer
    decides), ``waiting`` (for my sign-in), ``declined``. 422 ``no_such_ground``, 409 ``draft_submitted``.
    """
    seen = await ask_exemption(
        desk=desk, principal=principal, token=token, id=id, ground=body.ground, consent=body.consent
    )
    return JSONResponse(exemption_shape(seen), headers=PRIVATE)


@ROUTER.put("/drafts/{id}/exemption/proof")
async def put_proof(
    desk: DeskOf, id: DraftId, body: Proof, principal: MaybeSignedIn, token: DraftToken = None
) -> JSONResponse:
    """Give the officer something to decide by; ``photo`` is a file of the draft. Deleted with the decision.

    409 ``nothing_to_prove``, 422 ``unknown_file``, 404 ``no_exemption``.
    """
    seen = await prove_in_draft(desk=desk, principal=principal, token=token, id=id, note=body.note, photo=body.photo)
    return JSONResponse(exemption_shape(seen), headers=PRIVATE)


@ROUTER.get("/dossiers/{code}/exemption")
async def get_exemption(desk: DeskOf, code: Code, principal: SignedIn) -> JSONResponse:
    """Return the exemption of my dossier. 404 ``no_exemption``: none was asked for."""
    return JSONResponse(
        exemption_shape(await read_exemption(desk=desk, principal=principal, code=code)), headers=PRIVATE
    )


@ROUTER.put("/dossiers/{code}/exemption/proof")
async def put_late_proof(desk: DeskOf, code: Code, body: Proof, principal: SignedIn) -> JSONResponse:
    """The same after filing; ``photo`` is a file uploaded to the dossier. Errors as in the draft."""
    seen = await prove_in_dossier(desk=desk, principal=principal, code=code, note=body.note, photo=body.photo)
    return JSONResponse(exemption_shape(seen), headers=PRIVATE)


@ROUTER.get("/exemptions")
async def get_to_decide(
    desk: DeskOf, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 20
) -> dict[str, Any]:
    """Return what waits for an officer of my office, newest first: code, procedure, ground, since when. 403."""
    rows = await list_to_decide(desk=desk, principal=principal, size=page_size, before=moment_and_id(cursor))
    page, more = paged(rows, page_size)
    results = [{name: _plain(one)[name] for name in ("code", "procedure", "ground", "asked_at")} for one in page]
    return {"results": results, "next_cursor": encode_cursor([page[-1].asked_at, page[-1].draft]) if more else None}


@ROUTER.get("/exemptions/{code}")
async def get_proof(desk: DeskOf, code: Code, principal: SignedIn) -> JSONResponse:
    """Return the proof as an officer of the competent office sees it: ground, result, source, time, what was sent.

    Nothing of the household is in it. The look is noted for the person. 403 ``role_needed``, 404 ``no_exemption``.
    """
    seen = await read_proof(desk=desk, principal=principal, code=code)
    return JSONResponse(exemption_shape(seen) | {"title": seen.title}, headers=PRIVATE)


@ROUTER.get("/exemptions/{code}/photo")
async def get_photo(desk: DeskOf, code: Code, principal: SignedIn) -> StreamingResponse:
    """Return the photo that the person sent, until it is decided. 404 ``no_photo``."""
    ref, content = await read_photo(desk=desk, principal=principal, code=code)
    name = UNSAFE.sub("-", ref.name)[-80:]
    headers = {
        "content-length": str(ref.size),
        "content-disposition": f"inline; filename=\"{name}\"; filename*=UTF-8''{quote(ref.name)}",
        "x-content-type-options": "nosniff",
        **PRIVATE,
    }
    return StreamingResponse(content, media_type=ref.type, headers=headers)


@ROUTER.put("/exemptions/{code}/decision")
async def put_decision(desk: DeskOf, code: Code, body: Decision, principal: SignedIn) -> JSONResponse:
    """Grant or refuse as an officer of the competent office; the same again changes nothing.

    422 ``reason_needed``, 409 ``already_decided``, ``not_to_decide``.
    """
    seen = await decide_exemption(
        desk=desk, principal=principal, code=code, granted=body.granted, reason=body.reason, rule=body.rule
    )
    return JSONResponse(exemption_shape(seen), headers=PRIVATE)


@ROUTER.get("/figures/exemptions")
async def get_figures(request: Request, desk: DeskOf) -> Response:
    """Return ``{fewest, asked, granted, results: [{lane, asked, granted}], counted_at}``; counted each minute.

    Counted are whole tens of wishes by province, oldest first: a province with fewer than ten is not told, and
    ``granted`` is null where it, or its difference to ``asked``, would be one to nine. The sums are those of what is
    told, so no small number can be worked out from them. Source: this service's own dossiers.
    """
    figures, counted_at = await exemption_figures(desk=desk)
    rows = [{"lane": lane, "asked": asked, "granted": granted} for lane, (asked, granted) in figures.by_lane.items()]
    sums = {"fewest": TEN, "asked": figures.asked, "granted": figures.granted}
    return etagged(request, {**sums, "results": rows, "counted_at": at(counted_at)})


def ground_shape(rule: GroundRule) -> dict[str, Any]:
    """Return a ground as its guide names it."""
    return {
        "ground": rule.ground,
        "text": _text(rule.text),
        "basis": _text(rule.basis),
        "resolution": _text(rule.resolution),
    }


def exemption_shape(seen: Seen) -> dict[str, Any]:
    """Return an exemption: ``rule`` is the ground with its legal basis, ``pays`` whether the fee is due."""
    one = seen.exemption
    return _plain(one) | {
        "rule": ground_shape(seen.rule) if seen.rule else None,
        "note": one.note or None,
        "photo": file_shape(one.photo) if one.photo else None,
    }


def _plain(one: Exemption) -> dict[str, Any]:
    return {
        "code": one.code,
        "procedure": one.procedure,
        "ground": one.ground or None,
        "standing": one.standing.value,
        "pays": one.pays,
        "asked_at": at(one.asked_at),
        "consented_at": at(one.consented_at),
        "decided_by": one.by.value or None,
        "decided_at": at(one.decided_at),
        "source": _text(one.source),
        "as_of": one.as_of or None,
        "reason": one.reason or None,
        "refused_by_rule": one.rule or None,
    }


def _text(value: Text | None) -> dict[str, str] | None:
    return None if value is None else {"vi": value.vi, "en": value.en}
