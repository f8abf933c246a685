"""Looking up offices, and saying how they are reached."""

from datetime import date, datetime

from kernel.auth import Principal
from kernel.db import Database
from kernel.errors import Forbidden, NotFound, Text
from services_catalog.model.offices import Area, Contact, Office, check
from services_catalog.store import offices as store


async def list_offices(
    *,
    database: Database,
    province: str | None,
    lane: str | None,
    missing: bool,
    after: tuple[int, str] | None,
    limit: int,
) -> tuple[list[Office], int]:
    """Return up to ``limit`` offices after a key, and how many there are in all.

    ``missing`` leaves only those whose contact is not published.
    """
    async with database.read() as tx:
        total = await store.count_offices(tx, province=province, lane=lane, missing=missing)
        rows = await store.list_offices(tx, province=province, lane=lane, missing=missing, after=after, limit=limit)
    return rows, total


async def find_office(*, database: Database, id: str) -> Office:
    """Return one office. Raises ``NotFound``."""
    async with database.read() as tx:
        found = await store.find_office(tx, id)
    if found is None:
        raise NotFound(
            "office_not_found",
            Text("Không có cơ quan với mã này. Bạn tìm theo tên xã, phường.", "No office has this id. Search by ward."),
        )
    return found


async def list_areas(*, database: Database, view: store.View) -> list[Area]:
    """Return the provinces: the 34 of today or the 63 of before 1 July 2025."""
    async with database.read() as tx:
        return await store.areas(tx, view)


async def publish_contact(
    *, database: Database, id: str, contact: Contact, principal: Principal, at: datetime, today: date
) -> Office:
    """Say how an office is reached; returns it as it is now. Repeating it changes nothing.

    Operators and catalogue editors may do so for every office, a province's administrator for those of its lane.
    Raises ``NotFound``, ``Forbidden`` and ``Invalid`` (``bad_contact``).
    """
    office = await find_office(database=database, id=id)
    if not principal.roles & {"operator", "catalogue_editor"} and principal.participant != office.lane:
        raise Forbidden("not_your_office", Text("Cơ quan này không thuộc tỉnh của bạn.", "Not an office of yours."))
    check(contact, today=today)
    async with database.begin() as tx:
        await store.put_contact(tx, id, contact, at=at, by=principal.sub)
    return await find_office(database=database, id=id)
