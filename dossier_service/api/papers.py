"""Papers: may one be trusted (everybody), what belongs to mine, how a wrong one is mended."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.parts import Code, DeskOf
from dossier_service.api.shapes import at, draft_shape
from dossier_service.model.papers import Paper, grouped
from dossier_service.usecases.papers import check_file, check_paper, open_correction, read_paper
from kernel.auth import SignedIn
from kernel.web import Body, etagged

ROUTER = APIRouter(tags=["papers"])


@ROUTER.get("/verify/{paper_code}")
async def get_verify(
    request: Request, desk: DeskOf, paper_code: Annotated[str, Path(min_length=1, max_length=80)]
) -> Response:
    """Return who gave the paper with this code, its number (the dossier's code), its day and whether it stands.

    ``{issuer, number, date, standing}``: ``standing`` is ``valid`` or ``replaced`` (a later paper mends it). Nothing
    about the person, nor what the paper says. Case and grouping of the code do not matter. 422 ``bad_paper_code``
    when a character is wrong, 404 ``no_such_paper``. An office's withdrawal of a paper is not told to the nation.
    """
    return etagged(request, paper_shape(await check_paper(desk=desk, typed=paper_code)))


@ROUTER.post("/verify/files")
async def post_verify_file(desk: DeskOf, file: UploadFile) -> JSONResponse:
    """Check a PDF's signature; nothing of the file is kept.

    ``{signature, signer, signed_at, paper}``: ``signature`` is ``good`` (a known seal, unchanged since), ``changed``,
    ``stranger`` (unchanged, but signed by nobody known here), ``none`` or ``no_pdf``; ``paper`` is as in
    ``GET /verify/{paper_code}`` when this is the very file that an office gave, else null.
    """
    checked = await check_file(desk=desk, data=await file.read())
    shape = {
        "signature": checked.verdict.word.value,
        "signer": checked.verdict.signer or None,
        "signed_at": at(checked.verdict.at),
        "paper": paper_shape(checked.paper) if checked.paper else None,
    }
    return JSONResponse(shape, headers={"cache-control": "no-store"})


@ROUTER.get("/dossiers/{code}/paper")
async def get_paper(request: Request, desk: DeskOf, code: Code, principal: SignedIn) -> Response:
    """Return what belongs to the paper of my dossier: the code to check it with, and what mends it.

    ``{paper_code, corrects, corrected_by, correction_draft}``, each null when there is none. 404 ``no_such_paper``
    without a result.
    """
    paper = await read_paper(desk=desk, principal=principal, code=code)
    shape = {
        "paper_code": grouped(paper.paper_code) or None,
        "corrects": paper.corrects or None,
        "corrected_by": paper.corrected_by or None,
        "correction_draft": paper.correction_draft or None,
    }
    return etagged(request, shape, private=True)


class ReportMistake(Body):
    """``what`` is wrong in the result, and what it should be; the office reads it."""

    what: str = Field(min_length=3, max_length=2000)


@ROUTER.post("/dossiers/{code}/correction", status_code=201)
async def post_correction(desk: DeskOf, code: Code, body: ReportMistake, principal: SignedIn) -> JSONResponse:
    """Open the draft that mends my wrong result, filled in with what was filed; the open one, if there is one.

    One draft a dossier by its nature, so the call may be repeated. 409 ``no_result_yet``, ``correction_under_way``
    (``dossier`` names it).
    """
    draft = await open_correction(desk=desk, principal=principal, code=code, what=body.what.strip())
    return JSONResponse(draft_shape(draft), 201, {"cache-control": "no-store"})


def paper_shape(paper: Paper) -> dict[str, Any]:
    """Return what a stranger who holds a paper may know."""
    day = at(paper.at)
    return {
        "issuer": paper.issuer,
        "number": paper.number,
        "date": day[:10] if day else None,
        "standing": paper.standing.value,
    }
