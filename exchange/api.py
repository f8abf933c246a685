"""REST door for operators: how the lanes are. No personal data."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, Field

from exchange import usecases
from kernel.auth import Principal, SignedIn, Verifier, require_role
from kernel.clock import real_now
from kernel.db import Database
from kernel.errors import Conflict, Text
from kernel.web import Body, Page, PageCursor, PageSize, decode_cursor, encode_cursor, make_app


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


class Subject(Body):
    """Whose quarantine is lifted."""

    subject: str = Field(min_length=1, max_length=64)


class Released(BaseModel):
    """How many items are on their way again."""

    released: int


class Compared(BaseModel):
    """How many dossiers differ; each of them was asked to be delivered again."""

    differing: int


Compare = Callable[[str], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes need."""

    database: Database
    compare: Compare


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


Needed = Annotated[Door, Depends(_door)]


def create(door: Door, verifier: Verifier) -> FastAPI:
    """Return the app. ``door.compare`` compares one connected lane and returns how many dossiers differ, or -1."""
    app = make_app(title="Trục kết nối", prefix="/api/exchange/v1")
    app.state.door = door
    app.state.verifier = verifier
    app.get("/lanes")(get_lanes)
    app.post("/lanes/{lane}/release")(release_subject)
    app.post("/lanes/{lane}/compare")(compare_lane)
    return app


async def get_lanes(
    door: Needed, principal: SignedIn, cursor: PageCursor = None, page_size: PageSize = 100
) -> Page[LaneView]:
    """List the lanes: all of them for operators and auditors, a province's administrator sees its own."""
    require_role(principal, "operator", "auditor", "province_admin")
    after = decode_cursor(cursor, str)[0] if cursor else ""
    lanes = await usecases.list_lanes(database=door.database, only=await _visible(door.database, principal))
    rows = [lane for lane in lanes if lane.lane > after]
    page = rows[:page_size]
    following = encode_cursor([page[-1].lane]) if len(rows) > page_size else None
    return Page(results=[_view(lane) for lane in page], next_cursor=following)


async def release_subject(door: Needed, principal: SignedIn, lane: str, body: Subject) -> Released:
    """Send a dossier's quarantined items again, and what waits behind them, in order. Operators only."""
    require_role(principal, "operator")
    count = await usecases.release_quarantined(
        database=door.database, lane=lane, subject=body.subject, by=principal.sub
    )
    return Released(released=count)


async def compare_lane(door: Needed, principal: SignedIn, lane: str) -> Compared:
    """Compare a connected lane with the nation's states now. Operators only; 409 while it is not connected."""
    require_role(principal, "operator")
    differing = await door.compare(lane)
    if differing < 0:
        raise Conflict(
            "not_connected",
            Text("Làn này chưa kết nối hoặc đang đồng bộ lại.", "This lane is not connected, or it is in RESYNC."),
        )
    return Compared(differing=differing)


async def _visible(database: Database, principal: Principal) -> Iterable[str] | None:
    if principal.roles & {"operator", "auditor"}:
        return None
    async with database.read() as tx:
        return await usecases.lanes_held_by(tx, participant=principal.participant or "")


def _view(lane: usecases.LaneFigures) -> LaneView:
    fields = {name: getattr(lane, name) for name in usecases.LaneFigures.__slots__ if name != "held"}
    age = round((real_now() - lane.oldest_at).total_seconds()) if lane.oldest_at else None
    return LaneView(**fields, oldest_seconds=age, parked=lane.quarantined + lane.held)
