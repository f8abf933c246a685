"""Reading offices and writing how they are reached."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, delete, func, insert, literal, select

from kernel.db import Tx
from services_catalog.model.offices import Area, Contact, Office
from services_catalog.store.tables import OFFICE_CONTACT, PLACE

View = Literal["34", "63"]


async def list_offices(
    tx: Tx, *, province: str | None, lane: str | None, missing: bool, after: tuple[int, str] | None, limit: int
) -> list[Office]:
    """Return up to ``limit`` offices after a key: centres (0, lane) first, then desks of wards (1, ward)."""
    found: list[Office] = []
    if after is None or after[0] == 0:
        last = after[1] if after else ""
        query = _centres(province, lane, missing).having(PLACE.c.lane > last).limit(limit)
        found = [_centre(row) for row in await tx.all(query)]
        after = None
    if len(found) < limit:
        query = _narrowed(select(PLACE), province, lane).where(PLACE.c.ward > (after[1] if after else ""))
        if missing:
            query = query.where(PLACE.c.office.not_in(select(OFFICE_CONTACT.c.office)))
        found += [_desk(row) for row in await tx.all(query.order_by(PLACE.c.ward).limit(limit - len(found)))]
    return await _with_contacts(tx, found)


async def count_offices(tx: Tx, *, province: str | None, lane: str | None, missing: bool) -> int:
    """Return how many offices ``list_offices`` has in all."""
    desks = _narrowed(select(func.count().label("n")).select_from(PLACE), province, lane)
    if missing:
        desks = desks.where(PLACE.c.office.not_in(select(OFFICE_CONTACT.c.office)))
    row = await tx.first(desks)
    return (row.n if row else 0) + len(await tx.all(_centres(province, lane, missing)))


async def find_office(tx: Tx, id: str) -> Office | None:
    """Return one office by its id (``H26`` or ``H26.00004``)."""
    if "." in id:
        row = await tx.first(select(PLACE).where(PLACE.c.office == id))
        found = [] if row is None else [_desk(row)]
    else:
        found = [_centre(row) for row in await tx.all(_centres(None, id, missing=False))]
    return (await _with_contacts(tx, found))[0] if found else None


async def areas(tx: Tx, view: View) -> list[Area]:
    """Return the provinces of ``view`` by code with how many wards each has and how many offices without contact."""
    columns = (PLACE.c.province, PLACE.c.province_name, PLACE.c.lane, PLACE.c.former_province)
    rows = await tx.all(select(*columns, func.count().label("wards")).group_by(*columns))
    known = {row.office for row in await tx.all(select(OFFICE_CONTACT.c.office))}
    reached = await _reached(tx, known)
    names: dict[str, str] = {}
    wards: dict[str, int] = defaultdict(int)
    lanes: dict[str, set[str]] = defaultdict(set)
    with_contact: dict[str, int] = defaultdict(int)
    for row in rows:
        code = row.province if view == "34" else row.lane
        names[code] = row.province_name if view == "34" else row.former_province
        wards[code] += row.wards
        lanes[code].add(row.lane)
        with_contact[code] += reached.get((row.province, row.lane), 0)
    return [
        Area(
            code,
            names[code],
            wards[code],
            tuple(sorted(lanes[code])),
            wards[code] + len(lanes[code]) - with_contact[code] - len(lanes[code] & known),
        )
        for code in sorted(names)
    ]


async def _reached(tx: Tx, known: Collection[str]) -> Mapping[tuple[str, str], int]:
    if not known:
        return {}
    query = select(PLACE.c.province, PLACE.c.lane, func.count().label("n")).group_by(PLACE.c.province, PLACE.c.lane)
    rows = await tx.all(query.where(PLACE.c.office.in_(select(OFFICE_CONTACT.c.office))))
    return {(row.province, row.lane): row.n for row in rows}


async def put_contact(tx: Tx, office: str, contact: Contact, *, at: datetime, by: str) -> None:
    """Write how ``office`` is reached, in place of what was known."""
    await tx.execute(delete(OFFICE_CONTACT).where(OFFICE_CONTACT.c.office == office))
    values = {
        "office": office,
        "address": contact.address,
        "telephone": contact.telephone,
        "email": contact.email,
        "hours": contact.hours,
        "source": contact.source,
        "verified_on": contact.verified_on,
        "demo": contact.demo,
        "changed_at": at,
        "changed_by": by,
    }
    await tx.execute(insert(OFFICE_CONTACT).values(values))


def _narrowed(query: Select[Any], province: str | None, lane: str | None) -> Select[Any]:
    if province is not None:
        query = query.where(PLACE.c.province == province)
    return query if lane is None else query.where(PLACE.c.lane == lane)


def _centres(province: str | None, lane: str | None, missing: bool) -> Select[Any]:
    """One row a lane: a former province lies in one province of today."""
    query = select(
        PLACE.c.lane,
        func.min(PLACE.c.centre_name).label("centre_name"),
        func.min(PLACE.c.province).label("province"),
        func.min(PLACE.c.province_name).label("province_name"),
        func.min(PLACE.c.former_province).label("former_province"),
        literal("").label("ward"),
    )
    query = _narrowed(query, province, lane).group_by(PLACE.c.lane).order_by(PLACE.c.lane)
    return query.where(PLACE.c.lane.not_in(select(OFFICE_CONTACT.c.office))) if missing else query


def _centre(row: Row[Any]) -> Office:
    where = (row.province, row.province_name, row.lane, row.former_province)
    return Office(row.lane, row.centre_name, "", "", *where)


def _desk(row: Row[Any]) -> Office:
    where = (row.province, row.province_name, row.lane, row.former_province)
    return Office(row.office, row.office_name, row.ward, row.name, *where)


async def _with_contacts(tx: Tx, offices: list[Office]) -> list[Office]:
    ids = [one.id for one in offices]
    rows = await tx.all(select(OFFICE_CONTACT).where(OFFICE_CONTACT.c.office.in_(ids))) if ids else []
    known = {row.office: _contact(row) for row in rows}
    return [replace(one, contact=known.get(one.id)) for one in offices]


def _contact(row: Row[Any]) -> Contact:
    return Contact(row.address, row.telephone, row.email, row.hours, row.source, row.verified_on, row.demo)
