"""Offices and how they are reached; provinces of today and of before 1 July 2025; planned stops."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, Field
from starlette.responses import JSONResponse

from kernel.auth import SignedIn, require_role
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Text
from kernel.web import Body, PageCursor, PageSize, decode_cursor, encode_cursor, etagged
from kernel.workdays import Calendar
from services_catalog.api.shapes import maybe, sentence
from services_catalog.model.offices import Area, Contact, Office
from services_catalog.model.procedures import clean
from services_catalog.model.stops import NOTICE, Part, Stop, earliest_start
from services_catalog.usecases import offices, stops

MINUTE = 60

OfficeId = Annotated[str, Path(max_length=32)]
Lane = Annotated[str | None, Query(max_length=8)]
Key = Annotated[str, Header(alias="idempotency-key", min_length=1, max_length=255)]


class ContactIn(Body):
    """How an office is reached, and where that was published. What is empty is not published."""

    address: str = Field(default="", max_length=300)
    telephone: str = Field(default="", max_length=40)
    email: str = Field(default="", max_length=256)
    hours: str = Field(default="", max_length=200)
    source: str = Field(max_length=300)
    verified_on: date


class Said(Body):
    """A sentence or two in both languages."""

    vi: str = Field(min_length=1, max_length=600)
    en: str = Field(min_length=1, max_length=600)


class StopIn(Body):
    """A planned stop. ``reason`` only in force majeure; ``lane`` only when one province stops."""

    part: Part
    lane: str = Field(default="", max_length=8)
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    text: Said
    reason: Said | None = None


def office_routes(*, database: Database, clock: Clock, calendar: Calendar, demo: bool) -> APIRouter:
    """Return the routes. ``demo``: contacts that are entered are shown as invented."""
    router = APIRouter(tags=["offices"])
    _add_offices(router, database)
    _add_contact(router, database, clock, demo)
    _add_stops(router, database, clock, calendar)
    _add_announcing(router, database, clock, calendar)
    return router


def _add_offices(router: APIRouter, database: Database) -> None:
    @router.get("/provinces")
    async def list_provinces(request: Request, view: Annotated[Literal["34", "63"], Query()] = "34") -> Response:
        """List the provinces of today (``34``) or of before 1 July 2025 (``63``), with offices without contact."""
        rows = await offices.list_areas(database=database, view=view)
        return etagged(request, {"results": [_area(one) for one in rows], "next_cursor": None}, MINUTE)

    @router.get("/offices")
    async def list_offices(
        request: Request,
        province: Lane = None,
        lane: Lane = None,
        missing: Annotated[Literal["contact"] | None, Query()] = None,
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """List offices: centres of former provinces first, then the desks of wards by code; ``total`` counts them.

        ``missing=contact``: only those whose contact is not published.
        """
        after: tuple[int, str] | None = None
        if cursor is not None:
            kind, id = decode_cursor(cursor, int, str)
            after = (kind, id)
        rows, total = await offices.list_offices(
            database=database,
            province=province,
            lane=lane,
            missing=missing is not None,
            after=after,
            limit=page_size + 1,
        )
        page = rows[:page_size]
        more = encode_cursor(_place_in_list(page[-1])) if len(rows) > page_size else None
        return etagged(
            request, {"results": [_office(one) for one in page], "next_cursor": more, "total": total}, MINUTE
        )

    @router.get("/offices/{id}")
    async def get_office(request: Request, id: OfficeId) -> Response:
        """Show an office. ``contact`` is null when nobody published how it is reached."""
        return etagged(request, _office(await offices.find_office(database=database, id=id)), MINUTE)


def _add_contact(router: APIRouter, database: Database, clock: Clock, demo: bool) -> None:
    @router.put("/offices/{id}/contact")
    async def put_contact(id: OfficeId, body: ContactIn, principal: SignedIn) -> Response:
        """Publish how an office is reached, with its source and the day it was checked; repeating changes nothing.

        For operators, catalogue editors and the administrator of the office's province. In a demonstration the
        contact is marked ``demo``. 403 ``not_your_office``, 404 ``office_not_found``, 422 ``bad_contact``.
        """
        require_role(principal, "operator", "catalogue_editor", "province_admin")
        contact = Contact(
            address=clean(body.address),
            telephone=clean(body.telephone),
            email=clean(body.email),
            hours=clean(body.hours),
            source=clean(body.source),
            verified_on=body.verified_on,
            demo=demo,
        )
        office = await offices.publish_contact(
            database=database, id=id, contact=contact, principal=principal, at=clock.now(), today=clock.today()
        )
        return JSONResponse(_office(office), headers={"cache-control": "no-store"})


def _add_stops(router: APIRouter, database: Database, clock: Clock, calendar: Calendar) -> None:
    @router.get("/stops")
    async def list_stops(
        request: Request,
        past: Annotated[bool, Query()] = False,
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """List planned stops, newest first: those to come or going on; with ``past`` also past and cancelled ones.

        ``earliest`` is when a stop announced now may begin (7 working days, Decree 224/2026/NĐ-CP, Art. 13).
        """
        now = clock.now()
        rows = await stops.list_stops(
            database=database,
            ending_after=None if past else now,
            before=decode_cursor(cursor, int)[0] if cursor else None,
            limit=page_size + 1,
        )
        page = rows[:page_size]
        more = encode_cursor([page[-1].id]) if len(rows) > page_size else None
        earliest = earliest_start(now, calendar).isoformat()
        shown = {"results": [_stop(one) for one in page], "next_cursor": more, "earliest": earliest, "notice": NOTICE}
        return etagged(request, shown, MINUTE)


def _add_announcing(router: APIRouter, database: Database, clock: Clock, calendar: Calendar) -> None:
    @router.post("/stops", status_code=201)
    async def announce_stop(body: StopIn, principal: SignedIn, key: Key) -> Response:
        """Announce a planned stop. Operators only; ``Idempotency-Key`` is required.

        422 ``notice_too_short`` with ``earliest`` when it begins less than 7 working days after today, unless
        ``reason`` says why it could not be known (force majeure); 422 ``bad_stop`` for times that cannot be.
        """
        require_role(principal, "operator")
        stop = Stop(
            id=0,
            part=body.part,
            lane=body.lane,
            starts_at=body.starts_at.astimezone(UTC),
            ends_at=body.ends_at.astimezone(UTC),
            text=Text(clean(body.text.vi), clean(body.text.en)),
            reason=Text(clean(body.reason.vi), clean(body.reason.en)) if body.reason else None,
            announced_at=clock.now(),
        )
        said = body.model_dump(mode="json")
        shown = await stops.announce_stop(
            database=database, stop=stop, calendar=calendar, by=principal.sub, key=key, said=said, shape=_stop
        )
        return JSONResponse(shown, 201, {"cache-control": "no-store"})

    @router.post("/stops/{id}/cancellation")
    async def cancel_stop(id: Annotated[int, Path(ge=1, le=2**31 - 1)], principal: SignedIn) -> Response:
        """Call off a stop. Operators only; again changes nothing. 404 ``stop_not_found``, 409 ``stop_is_over``."""
        require_role(principal, "operator")
        stop = await stops.cancel_stop(database=database, id=id, at=clock.now())
        return JSONResponse(_stop(stop), headers={"cache-control": "no-store"})


def _place_in_list(one: Office) -> tuple[int, str]:
    return (1, one.ward) if one.ward else (0, one.lane)


def _area(one: Area) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "wards": one.wards,
        "lanes": list(one.lanes),
        "without_contact": one.without_contact,
    }


def _office(one: Office) -> dict[str, Any]:
    contact = one.contact
    return {
        "id": one.id,
        "name": one.name,
        "ward": one.ward or None,
        "ward_name": one.ward_name or None,
        "province": one.province,
        "province_name": one.province_name,
        "lane": one.lane,
        "former_province": one.former_province,
        "contact": {
            "address": contact.address or None,
            "telephone": contact.telephone or None,
            "email": contact.email or None,
            "hours": contact.hours or None,
            "source": contact.source,
            "verified_on": contact.verified_on.isoformat(),
            "demo": contact.demo,
        }
        if contact
        else None,
    }


def _stop(one: Stop) -> dict[str, Any]:
    def told(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    return {
        "id": one.id,
        "part": one.part.value,
        "lane": one.lane or None,
        "starts_at": told(one.starts_at),
        "ends_at": told(one.ends_at),
        "text": sentence(one.text),
        "reason": maybe(one.reason),
        "announced_at": told(one.announced_at),
        "cancelled_at": told(one.cancelled_at),
    }
