"""Local copies from the catalogue: immutable revisions, heads, places and participants by version."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, tuple_, update

from dossier_service.store.tables import HEAD, PARTICIPANT, PLACE, REVISION
from kernel.db import Question, Tx

Row = Mapping[str, Any]
KEPT = 128
HOLDERS = Question(select(PARTICIPANT), PARTICIPANT.c.id)

_revisions: OrderedDict[tuple[object, str, int], Any] = OrderedDict()


async def add_revisions(tx: Tx, rows: Sequence[Row]) -> None:
    """Insert the revisions that are not here yet; one that is here never changes."""
    unique = {(row["code"], row["revision"]): dict(row) for row in reversed(rows)}
    if not unique:
        return
    known = await tx.all(
        select(REVISION.c.code, REVISION.c.revision).where(
            tuple_(REVISION.c.code, REVISION.c.revision).in_(list(unique))
        )
    )
    for row in known:
        del unique[(row.code, row.revision)]
    if unique:
        await tx.execute(insert(REVISION), list(unique.values()))


async def put_heads(tx: Tx, rows: Sequence[Row]) -> None:
    """Apply heads whose version is greater than the one that is here."""
    await _newer(tx, HEAD, "code", rows)


async def put_places(tx: Tx, rows: Sequence[Row]) -> None:
    """Apply places whose version is greater than the one that is here."""
    await _newer(tx, PLACE, "ward", rows)


async def put_participants(tx: Tx, rows: Sequence[Row]) -> None:
    """Apply participants whose version is greater than the one that is here."""
    await _newer(tx, PARTICIPANT, "id", rows)


async def _newer(tx: Tx, table: Table, key: str, rows: Sequence[Row]) -> None:
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row[key] not in newest or newest[row[key]]["version"] < row["version"]:
            newest[row[key]] = dict(row)
    if not newest:
        return
    held = await tx.all(select(table.c[key].label("key"), table.c.version).where(table.c[key].in_(list(newest))))
    versions = {row.key: row.version for row in held}
    fresh = [row for name, row in newest.items() if name not in versions]
    changed = [row for name, row in newest.items() if name in versions and row["version"] > versions[name]]
    if fresh:
        await tx.execute(insert(table), fresh)
    if changed:
        names = [name for name in changed[0] if name != key]
        statement = (
            update(table)
            .where(table.c[key] == bindparam("of_key"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        await tx.execute(
            statement, [{"of_key": row[key], **{f"new_{name}": row[name] for name in names}} for row in changed]
        )


async def head(tx: Tx, code: str) -> Any:
    """Return the head row of a procedure, or None."""
    return await tx.first(select(HEAD).where(HEAD.c.code == code))


async def revision(tx: Tx, code: str, number: int) -> Any:
    """Return the row of one revision, or None. Revisions never change, so the last few are kept in memory."""
    key = (tx.connection.engine.url, code, number)
    row = _revisions.get(key)
    if row is None:
        row = await tx.first(select(REVISION).where(REVISION.c.code == code, REVISION.c.revision == number))
        if row is not None:
            _revisions[key] = row
            while len(_revisions) > KEPT:
                _revisions.popitem(last=False)
    return row


async def place(tx: Tx, ward: str) -> Any:
    """Return the row of a ward, or None."""
    return await tx.first(select(PLACE).where(PLACE.c.ward == ward))


async def anything(tx: Tx) -> bool:
    """Tell whether the catalogue has begun to arrive."""
    return await tx.first(select(HEAD.c.code).limit(1)) is not None


async def is_lane(tx: Tx, lane: str) -> bool:
    """Tell whether the registry or the places know ``lane``."""
    if await tx.first(select(PLACE.c.ward).where(PLACE.c.lane == lane).limit(1)) is not None:
        return True
    return any(lane in (row.id, *row.lanes.split()) for row in await tx.all(select(PARTICIPANT)))


async def centre_of(tx: Tx, lane: str) -> str:
    """Return the name of the lane's centre: as the places tell it, else its holder's name, else the lane's code."""
    row = await tx.first(select(PLACE.c.centre_name).where(PLACE.c.lane == lane).order_by(PLACE.c.ward).limit(1))
    if row is not None and row.centre_name:
        return str(row.centre_name)
    holder = await tx.first(select(PARTICIPANT.c.name).where(PARTICIPANT.c.id == lane))
    return str(holder.name) if holder is not None and holder.name else lane


async def lanes_of(tx: Tx, participants: Sequence[str]) -> dict[str, set[str]]:
    """Return the lanes that each participant holds; its own always."""
    [rows] = await tx.ask((HOLDERS, participants))
    return lanes_by_holder(rows, participants)


def lanes_by_holder(rows: Iterable[Any], participants: Iterable[str]) -> dict[str, set[str]]:
    """Return the lanes of each of ``participants``, of whom the catalogue's copy has ``rows``."""
    held = {name: {name} for name in participants}
    for row in rows:
        held[row.id].update(row.lanes.split())
    return held
