"""REST door: ``/api/search/v1``. Public; nothing here depends on who asks."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel

from kernel.digest import digest_bytes
from kernel.errors import Invalid, Text
from kernel.web import PageCursor, PageSize, decode_cursor, encode_cursor, etagged, make_app
from search_service import usecases
from search_service.api.missed import asker, missed_routes
from search_service.model.answers import Filters, Found, Hit, short_title
from search_service.model.apart import apart
from search_service.store.index import Index
from search_service.usecases.missed import Missing

PREFIX = "/api/search/v1"
MAX_AGE = 30
DEEPEST = 100_000
SHOWN_ALSO = 40
EVERYTHING = Filters()

Asked = Annotated[str, Query(description="Any text; empty = everything")]
Choice = Annotated[str | None, Query(max_length=300)]
Online = Annotated[Literal["yes"] | None, Query(description="Only what can be filed here")]


class Also(BaseModel):
    """Another document under the same title."""

    id: str
    issuer: str


class Sentence(BaseModel):
    """A text in both languages."""

    vi: str
    en: str


class Term(BaseModel):
    """A length of time; the unit is never left out."""

    amount: int
    unit: Literal["working_days", "days", "hours"]


class Why(BaseModel):
    """``words`` matched: an everyday ``name``, words of the ``title``, its ``code`` or what it is ``about``.

    ``meaning``: the question says in other words what the title calls ``words``.
    """

    kind: Literal["name", "title", "meaning", "code", "about"]
    words: str


class Result(BaseModel):
    """One result. ``title`` is official, ``short_title`` for lists; ``also_count`` counts the same title elsewhere.

    ``term_text`` and ``fee_text`` are how long it takes and what it costs as the guide says it; null, as ``term``,
    when not published: never free, never nothing. ``text`` tells a procedure from those like it; of other kinds it is
    the answer or the first lines, ``address`` their page on this site, ``procedures`` the codes they are about.
    """

    type: str
    id: str
    title: str
    plain_title: str | None
    plain_title_en: str | None
    short_title: str
    field: str
    issuer: str
    levels: list[str]
    applicants: list[str]
    fileable: bool
    withdrawn: bool
    successor: str | None
    also: list[Also]
    also_count: int
    text: Sentence | None
    address: str | None
    procedures: list[str]
    competent_level: str | None
    term: Term | None
    term_text: Sentence | None
    fee_text: Sentence | None
    why: Why | None


class FacetValue(BaseModel):
    """A value of a facet and how many relevant documents have it."""

    value: str
    count: int


class Results(BaseModel):
    """One page of results. ``read_as`` is how stray keystrokes or chat spellings were read, else null.

    ``results`` are procedures, unless ``type`` asks for another kind. ``beside`` are the nearest of other kinds, at
    most five, on the first page of a search without filters.
    """

    results: list[Result]
    beside: list[Result]
    next_cursor: str | None
    total: int
    facets: dict[str, list[FacetValue]]
    read_as: str | None


class Suggestion(BaseModel):
    """What the box may offer."""

    text: str
    id: str


class Suggestions(BaseModel):
    """At most eight suggestions."""

    results: list[Suggestion]


def make_api(*, index: Index, missing: Missing | None = None) -> FastAPI:
    """Return the app. ``missing`` takes note of what is not answered; without it nothing is noted or listed."""
    app = make_app(title="Search", prefix=PREFIX)
    if missing is not None:
        app.include_router(missed_routes(missing))

    @app.get("/query", response_model=Results, summary="Search everything public")
    async def query(
        request: Request,
        q: Asked = "",
        type: Choice = None,
        field: Choice = None,
        level: Choice = None,
        applicant: Choice = None,
        agency: Choice = None,
        online: Online = None,
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """Return one page of results, facets over all of them, and how the question was read.

        ``type`` is ``procedure`` (without it, too), ``question``, ``guide`` or ``life_event``; ids of the last three
        are ``type/id``.
        A question in quotation marks is searched as it was typed: nothing is read differently.
        """
        filters = Filters(type, field, level, applicant, agency, online)
        same = _question(q, filters)
        offset = _offset(cursor, same)
        found = await usecases.search(index=index, text=q, filters=filters, offset=offset, limit=page_size)
        if missing is not None and filters == EVERYTHING and not (found.total or found.beside):
            missing.note(q, asker(request))
        following = encode_cursor([offset + page_size, same]) if found.more else None
        return etagged(request, _payload(found) | {"next_cursor": following}, MAX_AGE)

    @app.get("/suggest", response_model=Suggestions, summary="Complete what is being typed")
    async def suggest(request: Request, q: Asked = "") -> Response:
        """Return at most eight titles that what is typed may become."""
        documents = await usecases.suggest(index=index, text=q)
        payload = {"results": [{"text": short_title(one), "id": one.id} for one in documents]}
        return etagged(request, payload, MAX_AGE)

    return app


def _payload(found: Found) -> dict[str, Any]:
    return {
        "results": [_result(hit) for hit in found.hits],
        "beside": [_result(hit) for hit in found.beside],
        "total": found.total,
        "facets": {
            name: [{"value": value, "count": count} for value, count in values] for name, values in found.facets.items()
        },
        "read_as": found.read_as or None,
    }


def _result(hit: Hit) -> dict[str, Any]:
    one = hit.document
    return {
        "type": one.type,
        "id": one.id,
        "title": one.title,
        "plain_title": one.plain_title or None,
        "plain_title_en": one.plain_title_en or None,
        "short_title": short_title(one),
        "field": one.field,
        "issuer": one.issuer,
        "levels": one.levels,
        "applicants": one.applicants,
        "fileable": one.fileable,
        "withdrawn": one.withdrawn,
        "successor": one.successor or None,
        "also": [{"id": other.id, "issuer": other.issuer} for other in hit.also[:SHOWN_ALSO]],
        "also_count": len(hit.also),
        "text": _both(*apart().get(one.id, (one.text, one.text_en))),
        "address": one.address or None,
        "procedures": one.leads,
        "competent_level": one.competent_level or None,
        "term": {"amount": one.term_amount, "unit": one.term_unit} if one.term_amount else None,
        "term_text": _both(one.term, one.term_en),
        "fee_text": _both(one.fee, one.fee_en),
        "why": {"kind": hit.because.kind, "words": hit.because.words} if hit.because else None,
    }


def _both(vi: str, en: str) -> dict[str, str] | None:
    return {"vi": vi, "en": en} if vi else None


def _question(text: str, filters: Filters) -> str:
    return digest_bytes(repr((text, filters)).encode("utf-8", "replace"))[:12]


def _offset(cursor: str | None, same: str) -> int:
    if cursor is None:
        return 0
    offset, asked = decode_cursor(cursor, int, str)
    if asked != same or not 0 <= offset <= DEEPEST:
        raise Invalid(
            "bad_cursor",
            Text("Trang này thuộc về một câu hỏi khác. Bạn tìm lại từ đầu.", "This page belongs to another question."),
        )
    return int(offset)
