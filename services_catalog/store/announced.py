"""What was said of information on the log, so that only what differs is said again."""

import json
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from kernel.db import Tx
from kernel.errors import Text
from services_catalog.model.announced import Announced
from services_catalog.store.tables import ANNOUNCED


async def announced(tx: Tx) -> list[Announced]:
    """Return what was said last of each."""
    rows = await tx.all(select(ANNOUNCED).order_by(ANNOUNCED.c.subject))
    return [_read(row.body) for row in rows]


async def put_announced(tx: Tx, said: Sequence[Announced]) -> None:
    """Keep what is said now."""
    if said:
        await tx.execute(delete(ANNOUNCED).where(ANNOUNCED.c.subject.in_([one.subject for one in said])))
        await tx.execute(insert(ANNOUNCED), [{"subject": one.subject, "body": _written(one)} for one in said])


def _written(one: Announced) -> str:
    body = {
        "kind": one.kind,
        "id": one.id,
        "title": [one.title.vi, one.title.en],
        "text": [one.text.vi, one.text.en],
        "address": one.address,
        "procedures": one.procedures,
        "everyday": one.everyday,
        "version": one.version,
        "withdrawn": one.withdrawn,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _read(text: str) -> Announced:
    body = json.loads(text)
    return Announced(
        **{
            **body,
            "title": Text(*body["title"]),
            "text": Text(*body["text"]),
            "procedures": tuple(body["procedures"]),
            "everyday": tuple(body["everyday"]),
        }
    )
