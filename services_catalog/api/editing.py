"""The catalogue editor's door: working copies; and the history of a procedure for everyone.

Working copies are written by the role ``catalogue_editor`` and read by ``publisher`` too; they are never cached.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from kernel.auth import Principal, SignedIn, require_role
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Text
from kernel.web import Body, Page, etagged
from services_catalog.api.shapes import Sentence
from services_catalog.model.burden import Difference, Figure, differences
from services_catalog.model.proposals import Fault, Proposal, Tried
from services_catalog.usecases import proposals

MINUTE = 60
EDITOR, PUBLISHER = "catalogue_editor", "publisher"
Code = Annotated[str, Path(min_length=1, max_length=64)]


class ProposalOut(BaseModel):
    """A working copy in a list. ``base`` = the revision it began from; ``version`` steps at each save."""

    code: str
    base: int
    version: int
    saved_at: datetime


class FaultOut(BaseModel):
    """What to look at before publishing; ``path`` leads to it (``form.pages.0.title``), ``place`` says it in words."""

    path: str
    text: Sentence
    place: Sentence


class UnclearOut(BaseModel):
    """What a reader would stumble over. ``check`` names the check; ``wrong`` and ``mend`` say it in English."""

    check: str
    file: str
    field: str
    wrong: str
    mend: str


class TriedOut(BaseModel):
    """A test case; no faults = the form accepts it."""

    id: str
    title: Sentence
    faults: list[FaultOut]


class FigureOut(BaseModel):
    """An amount; null = not published. ``unit``: empty = a count, ``vnd``, or a unit of time."""

    amount: int | None
    unit: str


class DifferenceOut(BaseModel):
    """One figure of the burden before and after; ``change`` null = cannot be told."""

    name: str
    before: FigureOut
    after: FigureOut
    change: int | None


class OffersOut(BaseModel):
    """What the form may use: ``lists`` are the shared lists of choices, each row ``[code, vi, en]``."""

    kinds: list[str]
    sources: list[str]
    lists: dict[str, list[list[str]]]


class BenchOut(ProposalOut):
    """A working copy with everything that is known of it. ``guide`` and ``form`` as they would be published.

    ``faults`` forbid publishing, ``warnings`` do not.
    """

    in_force: int
    ready: bool
    written: dict[str, Any]
    plain_title: str | None
    guide: dict[str, Any] | None
    form: dict[str, Any] | None
    faults: list[FaultOut]
    warnings: list[FaultOut]
    unclear: list[UnclearOut]
    tried: list[TriedOut]
    burden: list[DifferenceOut]
    offers: OffersOut


class RevisionOut(BaseModel):
    """One revision. ``reason`` null = it came with an import. ``burden`` against the revision before it."""

    revision: int
    digest: str
    published_at: datetime
    reason: str | None
    burden: list[DifferenceOut]


class Saved(Body):
    """``written`` has the shape of ``procedures/written.schema.json``; ``version`` is the one that was seen."""

    version: int = Field(ge=1)
    written: dict[str, Any]


def editing_routes(*, database: Database, procedures: FilePath, clock: Clock) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["editing"])
    _add_working_copies(router, database, procedures, clock)
    _add_history(router, database)
    return router


def _add_working_copies(router: APIRouter, database: Database, procedures: FilePath, clock: Clock) -> None:
    async def opened(code: str) -> BenchOut:
        bench = await proposals.open_proposal(database=database, procedures=procedures, code=code, at=clock.now())
        return _bench(bench)

    @router.get("/proposals", response_model=Page[ProposalOut])
    async def list_proposals(response: Response, principal: SignedIn) -> Page[ProposalOut]:
        """List the working copies, the last saved first."""
        _worker(principal, response)
        found = await proposals.list_proposals(database=database)
        return Page(results=[ProposalOut(**_summary(one)) for one in found], next_cursor=None)

    @router.put("/proposals/{code}", response_model=ProposalOut)
    async def begin_proposal(response: Response, principal: SignedIn, code: Code) -> ProposalOut:
        """Begin a working copy from the revision in force; the one that is there stays. 404 for an unknown code."""
        _editor(principal, response)
        made = await proposals.begin_proposal(
            database=database, procedures=procedures, code=code, by=principal.sub, at=clock.now()
        )
        return ProposalOut(**_summary(made))

    @router.get("/proposals/{code}", response_model=BenchOut)
    async def get_proposal(response: Response, principal: SignedIn, code: Code) -> BenchOut:
        """Show a working copy: compiled, with its faults, test cases tried, and the burden against what is in force."""
        _worker(principal, response)
        return await opened(code)

    @router.patch("/proposals/{code}", response_model=BenchOut)
    async def save_proposal(response: Response, principal: SignedIn, code: Code, body: Saved) -> BenchOut:
        """Save what is written, wrong or not. 412 when somebody saved since ``version`` was seen."""
        _editor(principal, response)
        await proposals.save_proposal(
            database=database, code=code, written=body.written, seen=body.version, by=principal.sub, at=clock.now()
        )
        return await opened(code)

    @router.delete("/proposals/{code}", status_code=204)
    async def drop_proposal(response: Response, principal: SignedIn, code: Code) -> None:
        """Forget a working copy."""
        _editor(principal, response)
        await proposals.drop_proposal(database=database, code=code)


def _add_history(router: APIRouter, database: Database) -> None:
    @router.get("/procedures/{code}/revisions", response_model=Page[RevisionOut])
    async def list_revisions(request: Request, code: Code) -> Response:
        """List the revisions of a procedure, oldest first, with what each changed for those who need it."""
        listed, told = await proposals.list_revisions(database=database, code=code)
        results = [
            {
                "revision": one.revision,
                "digest": one.digest,
                "published_at": one.published_at.isoformat(),
                "reason": told.get(one.revision),
                "burden": [
                    _difference(each).model_dump()
                    for each in differences(listed[at - 1].content.editorial, one.content.editorial)
                ]
                if at
                else [],
            }
            for at, one in enumerate(listed)
        ]
        payload = {"results": results, "next_cursor": None}
        return etagged(request, payload, MINUTE, etag=f"{listed[-1].head.version}-{len(results)}")


def _editor(principal: Principal, response: Response) -> None:
    require_role(principal, EDITOR)
    response.headers["cache-control"] = "no-store"


def _worker(principal: Principal, response: Response) -> None:
    require_role(principal, EDITOR, PUBLISHER)
    response.headers["cache-control"] = "no-store"


def _summary(one: Proposal) -> dict[str, Any]:
    return {"code": one.code, "base": one.base, "version": one.version, "saved_at": one.saved_at}


def _bench(bench: proposals.Bench) -> BenchOut:
    made = bench.made
    return BenchOut(
        **_summary(bench.proposal),
        in_force=bench.stored.head.revision,
        ready=bench.ready,
        written=dict(bench.proposal.written),
        plain_title=made.plain_title if made else None,
        guide=dict(made.guide) if made and made.guide else None,
        form=dict(made.form) if made and made.form else None,
        faults=_faults(bench.faults),
        warnings=_faults(bench.warnings),
        unclear=[UnclearOut(**asdict(one)) for one in bench.unclear],
        tried=[_tried(one) for one in bench.tried],
        burden=[_difference(one) for one in bench.burden],
        offers=OffersOut.model_validate(asdict(bench.offers)),
    )


def _faults(faults: Sequence[Fault]) -> list[FaultOut]:
    return [FaultOut(path=one.path, text=_sentence(one.text), place=_sentence(one.place)) for one in faults]


def _sentence(text: Text) -> Sentence:
    return Sentence(vi=text.vi, en=text.en)


def _tried(one: Tried) -> TriedOut:
    return TriedOut(id=one.id, title=Sentence(vi=one.title.vi, en=one.title.en), faults=_faults(one.faults))


def _difference(one: Difference) -> DifferenceOut:
    return DifferenceOut(name=one.name, before=_figure(one.before), after=_figure(one.after), change=one.change)


def _figure(one: Figure) -> FigureOut:
    return FigureOut(amount=one.amount, unit=one.unit)
