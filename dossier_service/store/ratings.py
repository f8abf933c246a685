"""Ratings, and apart from them what people wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select, update

from dossier_service.model.ratings import Cause, Rating
from dossier_service.store.tables import RATING, RATING_TEXT
from kernel.db import Tx


async def get(tx: Tx, code: str) -> Rating | None:
    """Return the rating of a dossier, or None."""
    row = await tx.first(select(RATING).where(RATING.c.code == code))
    return _rating(row) if row else None


async def text_of(tx: Tx, code: str) -> str:
    """Return what was written beside a rating."""
    row = await tx.first(select(RATING_TEXT.c.text).where(RATING_TEXT.c.code == code))
    return str(row.text) if row else ""


async def put(tx: Tx, rating: Rating, text: str) -> None:
    """Insert a rating, or change the one of the same dossier; replace its text."""
    values = {
        "id": rating.id,
        "procedure": rating.procedure,
        "lane": rating.lane,
        "office": rating.office,
        "helped": rating.helped,
        "score": rating.score,
        "reasons": orjson.dumps(rating.reasons).decode(),
        "call_back": rating.call_back,
        "change_no": rating.change_no,
        "given_at": rating.given_at,
    }
    if rating.change_no == 1:
        await tx.execute(insert(RATING).values(code=rating.code, **values))
    else:
        await tx.execute(update(RATING).where(RATING.c.code == rating.code).values(**values))
    await tx.execute(delete(RATING_TEXT).where(RATING_TEXT.c.code == rating.code))
    if text:
        await tx.execute(insert(RATING_TEXT).values(code=rating.code, text=text))


async def count(tx: Tx, *, until: datetime, office: str = "", procedure: str = "") -> int:
    """Return how many ratings of an office or a procedure were given up to ``until``."""
    row = await tx.first(select(func.count()).select_from(RATING).where(*_about(until, office, procedure)))
    return int(row[0]) if row else 0


async def oldest(
    tx: Tx, size: int, *, until: datetime, office: str = "", procedure: str = ""
) -> Sequence[tuple[int, bool, list[Cause]]]:
    """Return (score, helped, reasons) of the oldest ``size`` ratings given up to ``until``."""
    query = (
        select(RATING.c.score, RATING.c.helped, RATING.c.reasons)
        .where(*_about(until, office, procedure))
        .order_by(RATING.c.given_at, RATING.c.id)
        .limit(size)
    )
    rows = await tx.all(query)
    return [(row.score, row.helped, [Cause(cause) for cause in orjson.loads(row.reasons)]) for row in rows]


async def page(tx: Tx, *, after: str, size: int) -> list[Rating]:
    """Return up to ``size`` ratings in order of their ids, after ``after``."""
    rows = await tx.all(select(RATING).where(RATING.c.id > after).order_by(RATING.c.id).limit(size))
    return [_rating(row) for row in rows]


def _about(until: datetime, office: str, procedure: str) -> list[Any]:
    about = RATING.c.office == office if office else RATING.c.procedure == procedure
    return [about, RATING.c.given_at <= until]


def _rating(row: Any) -> Rating:
    return Rating(
        id=row.id,
        code=row.code,
        procedure=row.procedure,
        lane=row.lane,
        office=row.office,
        helped=row.helped,
        score=row.score,
        reasons=tuple(Cause(cause) for cause in orjson.loads(row.reasons)),
        call_back=row.call_back,
        change_no=row.change_no,
        given_at=row.given_at,
    )
