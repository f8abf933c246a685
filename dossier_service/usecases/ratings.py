"""Rating a dossier that has ended, and the figures that everybody may see."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

from dossier_service.model.dossier import Dossier
from dossier_service.model.ratings import (
    SETTLED_AFTER,
    UNHAPPY,
    Cause,
    Figure,
    Rating,
    RatingGiven,
    figure_of,
    publishable,
    settled,
)
from dossier_service.model.tasks import Later
from dossier_service.store import ratings, tasks
from dossier_service.usecases.desk import Desk
from dossier_service.usecases.reading import own_dossier
from kernel.auth import Principal, is_organisation
from kernel.clock import VIETNAM
from kernel.db import Tx
from kernel.errors import Conflict, NotFound, Text


async def read_rating(*, desk: Desk, principal: Principal, code: str) -> tuple[Rating, str, bool]:
    """Return the caller's rating, its text, and whether it can no longer be changed. Raises ``NotFound``."""
    async with desk.database.read() as tx:
        await own_dossier(tx, principal, code)
        rating = await ratings.get(tx, code)
        text = await ratings.text_of(tx, code)
    if rating is None:
        raise NotFound("not_rated", Text("Bạn chưa đánh giá hồ sơ này.", "You have not rated this dossier."))
    return rating, text, settled(rating.given_at, desk.clock.now())


async def give_rating(
    *,
    desk: Desk,
    principal: Principal,
    code: str,
    score: int,
    reasons: Sequence[Cause],
    text: str,
    call_back: bool,
) -> Rating:
    """Rate the caller's dossier, or change that rating within the hour; the same again changes nothing.

    Once the hour is over the office learns of a wish to be called back: not the score, and nothing that was written.

    Raises ``NotFound`` for a foreign dossier, ``Conflict`` (``not_ended``, ``rating_settled``).
    """
    wanted = tuple(cause for cause in Cause if cause in reasons)
    async with desk.database.begin() as tx:
        dossier = await own_dossier(tx, principal, code)
        if not dossier.ended:
            raise Conflict(
                "not_ended", Text("Bạn đánh giá được khi hồ sơ kết thúc.", "A dossier is rated once it has ended.")
            )
        first = await ratings.get(tx, code)
        said = await ratings.text_of(tx, code)
        before = first or _blank(desk, dossier)
        rating = replace(before, score=score, reasons=wanted, call_back=call_back and score <= UNHAPPY)
        if rating == first and text.strip() == said:
            return rating
        if first is not None and settled(first.given_at, desk.clock.now()):
            raise Conflict(
                "rating_settled",
                Text("Đánh giá đã qua một giờ nên không sửa được nữa.", "A rating cannot be changed after an hour."),
            )
        rating = replace(rating, change_no=before.change_no + 1)
        await ratings.put(tx, rating, text.strip())
        if rating.call_back:
            await tasks.plan(tx, [code], Later.CALL_BACK, rating.given_at + SETTLED_AFTER)
        else:
            await tasks.drop_plans(tx, [(code, Later.CALL_BACK.value)])
        tx.emit(given(rating))
    return rating


async def read_figure(*, desk: Desk, office: str = "", procedure: str = "") -> Figure:
    """Return the figure of an office or a procedure: the oldest whole tens of settled ratings."""
    until = desk.clock.now() - SETTLED_AFTER
    async with desk.database.read() as tx:
        size = publishable(await ratings.count(tx, until=until, office=office, procedure=procedure))
        rows = await ratings.oldest(tx, size, until=until, office=office, procedure=procedure)
    return figure_of(rows)


async def tell_ratings(*, tx: Tx, after: str, size: int) -> str:
    """Emit up to ``size`` ratings again, in order of their ids; return the last id told, empty at the end."""
    told = await ratings.page(tx, after=after, size=size)
    for rating in told:
        tx.emit(given(rating))
    return told[-1].id if told else ""


def given(rating: Rating) -> RatingGiven:
    """Return what is said of a rating in public: neither who nor about which dossier."""
    return RatingGiven(
        id=rating.id,
        change_no=rating.change_no,
        procedure=rating.procedure,
        lane=rating.lane,
        office=rating.office,
        score=rating.score,
        reasons=rating.reasons,
        helped=rating.helped,
        day=rating.given_at.astimezone(VIETNAM).date(),
    )


def _blank(desk: Desk, dossier: Dossier) -> Rating:
    return Rating(
        id=secrets.token_hex(16),
        code=dossier.code,
        procedure=dossier.procedure,
        lane=dossier.lane,
        office=dossier.office,
        helped=dossier.helper is not None and not is_organisation(dossier.owner),
        score=0,
        reasons=(),
        call_back=False,
        change_no=0,
        given_at=desk.clock.now(),
    )
