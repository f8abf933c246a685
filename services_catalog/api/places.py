"""Participants, places with their old names, and which office decides."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from kernel.db import Database
from kernel.web import Page, PageCursor, PageSize, decode_cursor, encode_cursor, etagged
from services_catalog import usecases
from services_catalog.api import shapes
from services_catalog.api.shapes import ParticipantOut, PlaceDetail, PlaceOut, RouteOut

MINUTE = 60
HOUR = 3600

WardCode = Annotated[str, Path(max_length=16)]
Province = Annotated[str | None, Query(max_length=8)]


def place_routes(*, database: Database) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["places"])
    _add_places(router, database)
    _add_offices(router, database)
    return router


def _add_places(router: APIRouter, database: Database) -> None:
    @router.get("/places", response_model=Page[PlaceOut])
    async def list_places(
        request: Request,
        q: Annotated[str | None, Query(max_length=200)] = None,
        province: Province = None,
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """Find wards by a typed name, today's or old, best first; without ``q`` list them by code.

        A search gives its best ``page_size`` and no further page.
        """
        after = None if cursor is None else decode_cursor(cursor, str)[0]
        if q is not None and q.strip():
            found = await usecases.search_places(database=database, typed=q, province=province, limit=page_size)
            results = [shapes.place(match.place, match) for match in found]
            return etagged(request, {"results": results, "next_cursor": None}, HOUR)
        rows = await usecases.list_places(database=database, province=province, after=after, limit=page_size + 1)
        more = encode_cursor([rows[page_size - 1].ward]) if len(rows) > page_size else None
        return etagged(request, {"results": [shapes.place(one) for one in rows[:page_size]], "next_cursor": more}, HOUR)

    @router.get("/places/{ward}", response_model=PlaceDetail)
    async def get_place(request: Request, ward: WardCode) -> Response:
        """Show a ward and the old wards it was made of. An old code answers 404 with what it ``became``."""
        place, former = await usecases.find_place(database=database, ward=ward)
        return etagged(request, {**shapes.place(place), "former": [shapes.former(one) for one in former]}, HOUR)


def _add_offices(router: APIRouter, database: Database) -> None:
    @router.get("/participants", response_model=Page[ParticipantOut])
    async def list_participants(request: Request) -> Response:
        """List the back offices on the exchange: one a province before 1 July 2025."""
        rows = await usecases.list_participants(database=database)
        return etagged(request, {"results": [shapes.participant(one) for one in rows], "next_cursor": None}, HOUR)

    @router.get("/resolve", response_model=RouteOut)
    async def resolve(
        request: Request,
        procedure: Annotated[str, Query(max_length=64)],
        place: Annotated[str, Query(max_length=16)],
    ) -> Response:
        """Say which office decides a procedure at a place, and why."""
        route = await usecases.resolve_office(database=database, procedure=procedure, ward=place)
        return etagged(request, shapes.route(route), HOUR)
