"""Questions that search did not answer: taking note of one, and the public list by week."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from kernel.web import Body, etagged
from search_service.model.answers import short_title
from search_service.model.missed import LEAST
from search_service.usecases.missed import Missing, Shown

MAX_AGE = 300

Chosen = Annotated[str | None, Query(pattern=r"^[0-9]{4}-W[0-9]{2}$", description="As 2026-W47; without it the newest")]


class NotThis(Body):
    """What somebody looked for and did not find."""

    text: str = Field(min_length=1, max_length=200)


class Found(BaseModel):
    """What a question finds today, by an everyday ``name`` that it did not have or that led elsewhere then."""

    id: str
    title: str
    plain_title_en: str | None
    name: str


class MissedQuestion(BaseModel):
    """A question and how many different askers had it."""

    question: str
    askers: int
    found: Found | None


class MissedWeek(BaseModel):
    """One week. ``least``: with fewer askers a question is not kept. ``counting``: the week is not over."""

    week: str
    weeks: list[str]
    counting: bool
    least: int
    results: list[MissedQuestion]
    next_cursor: None


def missed_routes(missing: Missing) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["missed"])

    @router.put("/missed", status_code=204)
    async def say_not_this(request: Request, said: NotThis) -> Response:
        """Say that a question was not answered; saying it again changes nothing.

        Numbers, addresses and names are taken away first. The words are kept only when at least five different
        network addresses say them in one week; addresses are kept as keyed digests until the week ends. Always 204,
        so that nobody learns what others said.
        """
        missing.note(said.text, asker(request))
        return Response(status_code=204)

    @router.get("/missed", response_model=MissedWeek)
    async def list_missed(request: Request, week: Chosen = None) -> Response:
        """List what was not answered in a week, most askers first, at most a hundred.

        ``found`` is what the question finds today by a name that was added since; null while it has none. Questions
        without any result and those of which somebody said "not this" count alike. Counted by search itself.
        """
        one = await missing.week(week)
        payload = {
            "week": one.week,
            "weeks": list(one.weeks),
            "counting": one.counting,
            "least": LEAST,
            "results": [_shown(shown) for shown in one.results],
            "next_cursor": None,
        }
        return etagged(request, payload, MAX_AGE)

    return router


def asker(request: Request) -> str:
    """Return the network address that the gateway saw; it only serves to count one asker once."""
    forwarded = request.headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
    return forwarded or (request.client.host if request.client else "")


def _shown(one: Shown) -> dict[str, Any]:
    found = None
    if one.found is not None and one.found.because is not None:
        document = one.found.document
        found = {
            "id": document.id,
            "title": short_title(document),
            "plain_title_en": document.plain_title_en or None,
            "name": one.found.because.words,
        }
    return {"question": one.missed.question, "askers": one.missed.askers, "found": found}
