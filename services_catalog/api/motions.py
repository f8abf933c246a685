"""Two people before the nation sees it: editors ask to publish or withdraw, a publisher who did neither approves."""

from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from kernel.auth import Principal, SignedIn, require_role
from kernel.clock import Clock
from kernel.db import Database
from kernel.web import Body, Page
from services_catalog.api.editing import EDITOR, PUBLISHER, Code
from services_catalog.model.motions import check_second_person
from services_catalog.model.procedures import Head
from services_catalog.usecases import motions
from services_catalog.usecases.motions import Waiting

Reason = Annotated[str, Field(min_length=10, max_length=500, pattern=r"\S")]


class MotionOut(BaseModel):
    """What waits for a second person. ``own`` = you asked for it; ``may_approve`` = you are that second person."""

    id: str
    code: str
    kind: Literal["publish", "withdraw"]
    version: int
    reason: str
    successor: str | None
    restores: bool
    asked_at: datetime
    own: bool
    may_approve: bool


class HeadOut(BaseModel):
    """Which revision is in force."""

    code: str
    revision: int
    withdrawn: bool
    successor: str | None


class AskToPublish(Body):
    """``version`` was seen; ``reason`` is public for ever; ``restores`` = it brings a withdrawn procedure back."""

    version: int = Field(ge=1)
    reason: Reason
    restores: bool = False


class AskToWithdraw(Body):
    """``reason`` is public. ``successor`` = the code to use instead, or ``no_successor`` says that there is none."""

    reason: Reason
    successor: str = Field(default="", max_length=64)
    no_successor: bool = False


class Approve(Body):
    """``id`` of the motion that was seen."""

    id: str = Field(min_length=1, max_length=64)


def motion_routes(*, database: Database, procedures: FilePath, clock: Clock) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["editing"])
    _add_asking(router, database, procedures, clock)
    _add_deciding(router, database, procedures, clock)
    return router


def _add_asking(router: APIRouter, database: Database, procedures: FilePath, clock: Clock) -> None:
    @router.put("/motions/{code}/publish", response_model=MotionOut)
    async def ask_to_publish(response: Response, principal: SignedIn, code: Code, body: AskToPublish) -> MotionOut:
        """Ask a second person to publish the working copy as the next revision; the same again changes nothing.

        409 when another revision came into force or something else waits, 412 when somebody saved, 422 with every
        fault or where ``restores`` is not said for a withdrawn procedure.
        """
        _private(response)
        require_role(principal, EDITOR)
        asked = await motions.ask_to_publish(
            database=database,
            procedures=procedures,
            code=code,
            seen=body.version,
            reason=body.reason,
            restores=body.restores,
            by=principal.sub,
            at=clock.now(),
        )
        return _motion(asked, principal)

    @router.put("/motions/{code}/withdraw", response_model=MotionOut)
    async def ask_to_withdraw(response: Response, principal: SignedIn, code: Code, body: AskToWithdraw) -> MotionOut:
        """Ask a second person to withdraw a procedure; the same again changes nothing.

        409 when it is withdrawn already or something else waits, 422 for a successor that is itself, unknown,
        withdrawn, or not spoken of.
        """
        _private(response)
        require_role(principal, EDITOR)
        asked = await motions.ask_to_withdraw(
            database=database,
            code=code,
            reason=body.reason,
            successor=body.successor,
            no_successor=body.no_successor,
            by=principal.sub,
            at=clock.now(),
        )
        return _motion(asked, principal)


def _add_deciding(router: APIRouter, database: Database, procedures: FilePath, clock: Clock) -> None:
    @router.get("/motions", response_model=Page[MotionOut])
    async def list_motions(response: Response, principal: SignedIn) -> Page[MotionOut]:
        """List what waits for a second person, the longest first."""
        _private(response)
        require_role(principal, EDITOR, PUBLISHER)
        waiting = await motions.list_motions(database=database)
        return Page(results=[_motion(one, principal) for one in waiting], next_cursor=None)

    @router.post("/motions/{code}/approve", response_model=HeadOut)
    async def approve_motion(response: Response, principal: SignedIn, code: Code, body: Approve) -> HeadOut:
        """Do what was asked. Dossiers that were filed keep their revision.

        403 for whoever wrote or asked for it. A repeat answers 404, since nothing waits any more: it is done once
        however often this is sent. What stood in the way of asking stands in the way now too.
        """
        _private(response)
        require_role(principal, EDITOR, PUBLISHER)
        if PUBLISHER not in principal.roles:
            waiting = [one for one in await motions.list_motions(database=database) if one.motion.code == code]
            check_second_person(principal.sub, [hand for one in waiting for hand in one.hands])
            require_role(principal, PUBLISHER)
        head = await motions.approve_motion(
            database=database, procedures=procedures, code=code, id=body.id, by=principal.sub, at=clock.now()
        )
        return _head(head)

    @router.delete("/motions/{code}", status_code=204)
    async def drop_motion(response: Response, principal: SignedIn, code: Code) -> None:
        """Take back what was asked, or decline it; the working copy stays."""
        _private(response)
        require_role(principal, EDITOR, PUBLISHER)
        await motions.drop_motion(database=database, code=code)


def _private(response: Response) -> None:
    response.headers["cache-control"] = "no-store"


def _motion(waiting: Waiting, principal: Principal) -> MotionOut:
    one = waiting.motion
    return MotionOut(
        id=one.id,
        code=one.code,
        kind=one.kind.value,
        version=one.version,
        reason=one.reason,
        successor=one.successor or None,
        restores=one.restores,
        asked_at=one.at,
        own=principal.sub == one.by,
        may_approve=PUBLISHER in principal.roles and principal.sub not in waiting.hands,
    )


def _head(head: Head) -> HeadOut:
    return HeadOut(code=head.code, revision=head.revision, withdrawn=head.withdrawn, successor=head.successor or None)
