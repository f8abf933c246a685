"""REST door for operators: how the lanes are. No personal data."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from exchange import usecases
from kernel.auth import Principal, SignedIn, require_role
from kernel.clock import real_now
from kernel.db import Database
from kernel.web import Page, PageCursor, PageSize, decode_cursor, encode_cursor, make_app

PREFIX = "/api/exchange/v1"


class LaneView(BaseModel):
    """One lane. ``oldest_seconds`` is the age of the oldest item that waits; ``parked`` = quarantined and behind."""

    lane: str
    participant: str
    connected: bool
    connected_at: datetime | None
    away_since: datetime | None
    undelivered: int
    oldest_at: datetime | None
    oldest_seconds: int | None
    parked: int
    quarantined: int
    resync: bool
    resyncs: int
    last_seq: int
    acked_seq: int
    last_report_seq: int
    compared_at: datetime | None
    differing: int
    drift_seconds: int
    software: str


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Store = Annotated[Database, Depends(_database)]


def create(database: Database) -> FastAPI:
    """Return the app; the assembly puts ``verifier`` into its state."""
    app = make_app(title="Trục kết nối", prefix=PREFIX)
    app.state.database = database
    app.add_api_route(f"{PREFIX}/lanes", get_lanes, methods=["GET"], response_model=Page[LaneView])
    return app


async def get_lanes(
    database: Store, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 100
) -> Page[LaneView]:
    """List the lanes: all of them for operators and auditors, a province's administrator sees its own."""
    require_role(principal, "operator", "auditor", "province_admin")
    after = decode_cursor(cursor, str)[0] if cursor else ""
    lanes = await usecases.list_lanes(database=database, only=await _visible(database, principal))
    rows = [lane for lane in lanes if lane.lane > after]
    page = rows[:page_size]
    following = encode_cursor([page[-1].lane]) if len(rows) > page_size else None
    return Page(results=[_view(lane) for lane in page], next_cursor=following)


async def _visible(database: Database, principal: Principal) -> Iterable[str] | None:
    if principal.roles & {"operator", "auditor"}:
        return None
    async with database.read() as tx:
        return await usecases.lanes_held_by(tx, participant=principal.participant or "")


def _view(lane: usecases.LaneFigures) -> LaneView:
    fields = {name: getattr(lane, name) for name in usecases.LaneFigures.__slots__ if name != "held"}
    age = round((real_now() - lane.oldest_at).total_seconds()) if lane.oldest_at else None
    return LaneView(**fields, oldest_seconds=age, parked=lane.quarantined + lane.held)
