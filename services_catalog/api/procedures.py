"""Procedures, their forms and example cases, fields, agencies, the ten most used."""

from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from kernel.db import Database
from kernel.errors import NotFound, Text
from kernel.web import Page, PageCursor, PageSize, decode_cursor, encode_cursor, etagged
from services_catalog import usecases
from services_catalog.api.shapes import (
    AgencyOut,
    ExampleOut,
    FieldOut,
    ProcedureOut,
    ProcedureSummary,
    StatusOut,
    detail,
    summary,
)
from services_catalog.model.procedures import complete_form
from services_catalog.store.procedures import Filters, Stored
from services_catalog.usecases.motions import why_withdrawn

MINUTE = 60
HOUR = 3600

Code = Annotated[str, Path(max_length=64)]
Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Short = Annotated[str | None, Query(max_length=300)]
Level = Literal["ministry", "province", "commune", "other"]


def procedure_routes(*, database: Database, procedures: FilePath, seed: FilePath) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["catalogue"])
    _add_lists(router, database, procedures)
    _add_groups(router, database, seed)
    _add_one(router, database)
    return router


def _add_lists(router: APIRouter, database: Database, procedures: FilePath) -> None:
    @router.get("/procedures", response_model=Page[ProcedureSummary])
    async def list_procedures(
        request: Request,
        field: Short = None,
        level: Annotated[Level | None, Query()] = None,
        applicant: Short = None,
        agency: Short = None,
        fileable: Annotated[bool | None, Query()] = None,
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """List the procedures in force by code."""
        filters = Filters(field, level, applicant, agency, fileable)
        after = None if cursor is None else decode_cursor(cursor, str)[0]
        rows = await usecases.list_procedures(database=database, filters=filters, after=after, limit=page_size + 1)
        more = encode_cursor([rows[page_size - 1].content.code]) if len(rows) > page_size else None
        return etagged(request, {"results": [summary(one) for one in rows[:page_size]], "next_cursor": more}, MINUTE)

    @router.get("/top", response_model=Page[ProcedureSummary])
    async def list_top(request: Request) -> Response:
        """List the ten most used services, those that can be filed first."""
        rows = await usecases.list_top(database=database, procedures=procedures)
        return etagged(request, {"results": [summary(one) for one in rows], "next_cursor": None}, MINUTE)


def _add_groups(router: APIRouter, database: Database, seed: FilePath) -> None:
    @router.get("/statuses", response_model=Page[StatusOut])
    async def list_statuses(request: Request) -> Response:
        """List the ten national codes of a dossier's status."""
        results = [{"code": code, "name": name, "ends": ends} for code, name, ends in usecases.list_statuses(seed=seed)]
        return etagged(request, {"results": results, "next_cursor": None}, HOUR)

    @router.get("/fields", response_model=Page[FieldOut])
    async def list_fields(request: Request) -> Response:
        """List the fields with how many procedures each has."""
        counts = await usecases.list_fields(database=database)
        results = [{"name": name, "count": count} for name, count in counts]
        return etagged(request, {"results": results, "next_cursor": None}, MINUTE)

    @router.get("/agencies", response_model=Page[AgencyOut])
    async def list_agencies(
        request: Request, missing: Annotated[Literal["contact"] | None, Query()] = None
    ) -> Response:
        """List the issuing agencies; one published under two names is one agency.

        ``missing=contact``: only those whose contact is not published, which today is every one. ``total`` counts.
        """
        results = [
            {"name": one.name, "names": one.names, "count": one.count, "contact": None}
            for one in await usecases.list_agencies(database=database)
        ]
        shown = {"results": results, "next_cursor": None, "total": len(results)}
        return etagged(request, shown, MINUTE)


def _add_one(router: APIRouter, database: Database) -> None:
    @router.get("/procedures/{code}", response_model=ProcedureOut)
    async def get_procedure(request: Request, code: Code, revision: Revision = None) -> Response:
        """Show a procedure: the revision in force, or an older one. A withdrawn one names its successor and why."""
        stored = await _found(database, code, revision)
        return etagged(request, detail(stored, await why_withdrawn(database=database, head=stored.head)), MINUTE)

    @router.get("/procedures/{code}/form")
    async def get_form(request: Request, code: Code, revision: Revision = None) -> Response:
        """Give the form: one JSON Schema and its layout. A revision's form never changes."""
        stored = await _found(database, code, revision)
        form = complete_form(stored.content, stored.revision)
        if form is None:
            raise no_form()
        return etagged(request, form, MINUTE if revision is None else HOUR, etag=stored.form_digest[:32])

    @router.get("/procedures/{code}/examples", response_model=Page[ExampleOut])
    async def list_examples(request: Request, code: Code, revision: Revision = None) -> Response:
        """List example cases: complete, valid answers of invented people. Empty where there is no form."""
        stored = await _found(database, code, revision)
        results = list(stored.content.editorial.examples)
        return etagged(request, {"results": results, "next_cursor": None}, MINUTE)


async def _found(database: Database, code: str, revision: int | None) -> Stored:
    return await usecases.get_procedure(database=database, code=code, revision=revision)


def no_form() -> NotFound:
    """Return the error for a procedure that cannot be filed here."""
    return NotFound(
        "form_not_published",
        Text(
            "Thủ tục này chưa có biểu mẫu điện tử ở đây. Bạn chưa nộp trực tuyến được.",
            "This procedure has no online form here yet. It cannot be filed online.",
        ),
    )
