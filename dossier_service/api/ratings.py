"""Ratings: mine, and what is published of all."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from dossier_service.api.parts import Code, DeskOf
from dossier_service.api.shapes import at
from dossier_service.model.ratings import TEN, Cause, Figure, Rating, settled
from dossier_service.usecases.ratings import give_rating, read_figure, read_rating
from kernel.auth import SignedIn
from kernel.errors import Invalid, Text
from kernel.web import Body, etagged

ROUTER = APIRouter(tags=["ratings"])


class GiveRating(Body):
    """``score`` is 1 (bad) to 5 (good). ``call_back`` counts with a score of 1 or 2 alone."""

    score: int = Field(ge=1, le=5)
    reasons: list[Cause] = Field(default_factory=list, max_length=6)
    text: str = Field(default="", max_length=2000)
    call_back: bool = False


@ROUTER.get("/dossiers/{code}/rating")
async def get_rating(request: Request, desk: DeskOf, code: Code, principal: SignedIn) -> Response:
    """Return my rating of my dossier; ``settled`` = it can no longer be changed. 404 ``not_rated``."""
    rating, text, is_settled = await read_rating(desk=desk, principal=principal, code=code)
    return etagged(request, rating_shape(rating, text, is_settled=is_settled), private=True)


@ROUTER.put("/dossiers/{code}/rating")
async def put_rating(desk: DeskOf, code: Code, body: GiveRating, principal: SignedIn) -> JSONResponse:
    """Rate my dossier once it has ended, or change the rating within an hour; the same again changes nothing.

    No officer sees who rated. 409 ``not_ended``, ``rating_settled``.
    """
    rating = await give_rating(
        desk=desk,
        principal=principal,
        code=code,
        score=body.score,
        reasons=body.reasons,
        text=body.text,
        call_back=body.call_back,
    )
    shape = rating_shape(rating, body.text.strip(), is_settled=settled(rating.given_at, desk.clock.now()))
    return JSONResponse(shape, headers={"cache-control": "no-store"})


@ROUTER.get("/ratings")
async def get_ratings(
    request: Request,
    desk: DeskOf,
    office: Annotated[str, Query(max_length=40)] = "",
    procedure: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Return what people think of an office or of a procedure; name one of the two.

    ``{count, helped, average, scores, reasons, scores_alone, scores_helped}``. Counted are whole tens of ratings that
    are an hour old, oldest first, so no figure rests on fewer than ten people: below, ``count`` is 0 and the rest
    null. ``average`` has two decimals, as text. ``helped`` = how many were filed by a helper; the groups are null
    unless both have ten. ``reasons`` are the six causes of the ministry's survey. 422 ``one_of_two``.
    """
    if bool(office) == bool(procedure):
        raise Invalid("one_of_two", Text("Chọn một cơ quan hoặc một thủ tục.", "Name one office or one procedure."))
    figure = await read_figure(desk=desk, office=office, procedure=procedure)
    about = {"office": office or None, "procedure": procedure or None, "fewest": TEN}
    return etagged(request, about | figure_shape(figure))


def rating_shape(rating: Rating, text: str, *, is_settled: bool) -> dict[str, Any]:
    """Return one's own rating."""
    return {
        "score": rating.score,
        "reasons": [cause.value for cause in rating.reasons],
        "text": text or None,
        "call_back": rating.call_back,
        "helped": rating.helped,
        "given_at": at(rating.given_at),
        "settled": is_settled,
    }


def figure_shape(figure: Figure) -> dict[str, Any]:
    """Return a published figure; without ten people, only that there is none."""
    if not figure.count:
        unknown = ("helped", "average", "scores", "reasons", "scores_alone", "scores_helped")
        return {"count": 0} | dict.fromkeys(unknown)
    total = sum(score * times for score, times in figure.scores.items())
    return {
        "count": figure.count,
        "helped": figure.helped,
        "average": f"{total / figure.count:.2f}",
        "scores": _scores(figure.scores),
        "reasons": {cause.value: figure.reasons[cause] for cause in Cause},
        "scores_alone": _scores(figure.scores_alone),
        "scores_helped": _scores(figure.scores_helped),
    }


def _scores(scores: Counter[int] | None) -> dict[str, int] | None:
    return None if scores is None else {str(score): scores[score] for score in range(1, 6)}
