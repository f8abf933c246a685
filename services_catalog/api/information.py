"""Life events, guides, questions and answers, essential services, telephones, and what changed last."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from kernel.db import Database
from kernel.errors import Invalid, Text
from kernel.web import PageCursor, PageSize, decode_cursor, encode_cursor, etagged, moment_and_id
from kernel.workdays import YEARS, Calendar
from services_catalog.api.shapes import maybe, sentence, summary
from services_catalog.model.information import Essential, Information, LifeEvent, Question, Step, asked, last_day
from services_catalog.model.information import procedures_named as named
from services_catalog.store.procedures import Stored
from services_catalog.usecases import information as usecases

MINUTE = 60
HOUR = 3600

Id = Annotated[str, Path(max_length=64)]
Known = Mapping[str, Stored]


def information_routes(*, database: Database, information: Information, calendar: Calendar) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["information"])
    _add_events(router, database, information, calendar)
    _add_guides(router, information)
    _add_questions(router, database, information)
    _add_services(router, database, information)
    return router


def _add_events(router: APIRouter, database: Database, information: Information, calendar: Calendar) -> None:
    @router.get("/life-events")
    async def list_life_events(request: Request) -> Response:
        """List the checklists for events of life: ``{results: [{id, slug, title, lead, steps: count}]}``."""
        results = [
            {**_event(one), "steps": len(one.steps), "checked_on": information.checked_on.isoformat()}
            for one in information.events
        ]
        return etagged(request, {"results": results, "next_cursor": None}, HOUR)

    @router.get("/life-events/{id}")
    async def get_life_event(request: Request, id: Id, day: Annotated[date | None, Query()] = None) -> Response:
        """Show one checklist. With ``day`` (when it happened) each step with a legal term has its last day, ``by``.

        A step: ``{id, title, text, only, instead, after, procedure, rule, within: {amount, unit, counted, rule}, by:
        {day, moved_from, unconfirmed}}``. ``unit`` is ``days``, ``months`` or ``hours`` (of the clock; no ``by``).
        ``procedure`` is a procedure in a list, or null. Raises 404 for an unknown id, 422 for a day out of 2020-2034.
        """
        event = usecases.find_event(information=information, id=id)
        if day is not None and not YEARS.start <= day.year < YEARS.stop - 1:
            text = Text("Ngày này nằm ngoài lịch. Chọn ngày từ 2020 đến 2034.", "Choose a day from 2020 to 2034.")
            raise Invalid("day_out_of_calendar", text)
        known = await usecases.procedures_of(database=database, codes=named(event.steps))
        steps = [_step(one, known, day, calendar) for one in event.steps]
        shown = {
            **_event(event),
            "day": sentence(event.day),
            "counted_from": day.isoformat() if day else None,
            "calendar": calendar.version,
            "checked_on": information.checked_on.isoformat(),
            "steps": steps,
        }
        return etagged(request, shown, MINUTE)


def _event(one: LifeEvent) -> dict[str, Any]:
    return {"id": one.id, "slug": one.slug, "title": sentence(one.title), "lead": sentence(one.lead)}


def _step(one: Step, known: Known, day: date | None, calendar: Calendar) -> dict[str, Any]:
    by = last_day(day, one.within, calendar) if day and one.within else None
    return {
        "id": one.id,
        "title": sentence(one.title),
        "text": maybe(one.text),
        "only": maybe(one.only),
        "instead": one.instead,
        "after": list(one.after),
        "procedure": summary(known[one.procedure]) if one.procedure in known else None,
        "rule": maybe(one.rule),
        "within": {
            "amount": one.within.amount,
            "unit": one.within.unit,
            "counted": maybe(one.within.counted),
            "rule": sentence(one.within.rule),
        }
        if one.within
        else None,
        "by": {
            "day": by.day.isoformat(),
            "moved_from": by.moved_from.isoformat() if by.moved_from else None,
            "unconfirmed": by.day in calendar.unconfirmed or by.moved_from in calendar.unconfirmed,
        }
        if by
        else None,
    }


def _add_guides(router: APIRouter, information: Information) -> None:
    @router.get("/guides")
    async def list_guides(request: Request) -> Response:
        """List the one-page guides: ``{results: [{id, title, lead}]}``."""
        results = [
            {"id": one.id, "title": sentence(one.title), "lead": sentence(one.lead)} for one in information.guides
        ]
        return etagged(request, {"results": results, "next_cursor": None}, HOUR)

    @router.get("/guides/{id}")
    async def get_guide(request: Request, id: Id) -> Response:
        """Show one guide: its steps in order, the one thing to mind, and ``see``, the page where one goes on."""
        one = usecases.find_guide(information=information, id=id)
        shown = {
            "id": one.id,
            "title": sentence(one.title),
            "lead": sentence(one.lead),
            "steps": [sentence(step) for step in one.steps],
            "mind": sentence(one.mind),
            "see": one.see,
            "checked_on": information.checked_on.isoformat(),
        }
        return etagged(request, shown, HOUR)

    @router.get("/lines")
    async def list_lines(request: Request) -> Response:
        """List the telephone numbers for the whole country, with the day they were checked."""
        results = [
            {"id": one.id, "name": sentence(one.name), "what": sentence(one.what), "phone": one.phone}
            for one in information.lines
        ]
        day, note = information.checked_on.isoformat(), sentence(information.lines_note)
        return etagged(request, {"results": results, "next_cursor": None, "checked_on": day, "note": note}, HOUR)


def _add_questions(router: APIRouter, database: Database, information: Information) -> None:
    @router.get("/questions")
    async def list_questions(
        request: Request,
        q: Annotated[str, Query(max_length=200)] = "",
        topic: Annotated[str, Query(max_length=32)] = "",
        procedure: Annotated[str, Query(max_length=64)] = "",
        cursor: PageCursor = None,
        page_size: PageSize = 20,
    ) -> Response:
        """List questions and answers. ``q``: every word must be there, with or without diacritics.

        Each cites ``procedure``, ``law``, or both. ``topics`` names the topics, ``total`` how many were found.
        """
        start = decode_cursor(cursor, int)[0] if cursor else 0
        found = [
            one
            for one in asked(information.questions, typed=q, topic=topic)
            if not procedure or one.procedure == procedure
        ]
        page = found[max(start, 0) :][:page_size]
        more = encode_cursor([start + page_size]) if start + page_size < len(found) else None
        known = await usecases.procedures_of(database=database, codes=(one.procedure for one in page))
        shown = {
            "results": [_question(one, known) for one in page],
            "next_cursor": more,
            "total": len(found),
            "topics": [{"id": one.id, "title": sentence(one.title)} for one in information.topics],
            "checked_on": information.checked_on.isoformat(),
        }
        return etagged(request, shown, MINUTE)


def _question(one: Question, known: Known) -> dict[str, Any]:
    return {
        "id": one.id,
        "topic": one.topic,
        "question": sentence(one.question),
        "answer": sentence(one.answer),
        "procedure": summary(known[one.procedure]) if one.procedure in known else None,
        "law": maybe(one.law),
    }


def _add_services(router: APIRouter, database: Database, information: Information) -> None:
    @router.get("/essential-services")
    async def list_essential(request: Request) -> Response:
        """List the 25 essential services of Decision 06/QĐ-TTg with their procedures.

        ``procedures`` empty = no code in the catalogue; ``own`` is then a service under an id of ours, or null.
        ``without_code`` counts those.
        """
        codes = [code for one in information.essential for code in (*one.codes, one.own) if code]
        known = await usecases.procedures_of(database=database, codes=codes)
        shown = {
            "results": [_essential(one, known) for one in information.essential],
            "next_cursor": None,
            "without_code": sum(not one.codes for one in information.essential),
            "source": sentence(information.essential_source),
            "checked_on": information.checked_on.isoformat(),
        }
        return etagged(request, shown, MINUTE)

    @router.get("/codes")
    async def list_all_codes(request: Request) -> Response:
        """List every code in force with when it last changed, in one answer: ``[[code, RFC 3339], ...]``."""
        rows = [[code, at.isoformat()] for code, at in await usecases.codes_in_force(database=database)]
        return etagged(request, {"results": rows, "next_cursor": None}, HOUR)

    @router.get("/changes")
    async def list_changes(request: Request, cursor: PageCursor = None, page_size: PageSize = 20) -> Response:
        """List the procedures that were published or changed last, newest first.

        Each is a procedure in a list with ``change``: ``published``, ``changed`` or ``withdrawn``; ``valid_from`` of
        the head is the time of the change.
        """
        before = moment_and_id(cursor)
        rows = await usecases.list_changes(database=database, before=before, limit=page_size + 1)
        page = rows[:page_size]
        more = encode_cursor([page[-1].head.valid_from, page[-1].content.code]) if len(rows) > page_size else None
        return etagged(request, {"results": [_change(one) for one in page], "next_cursor": more}, MINUTE)


def _essential(one: Essential, known: Known) -> dict[str, Any]:
    return {
        "no": one.no,
        "title": sentence(one.title),
        "procedures": [summary(known[code]) for code in one.codes if code in known],
        "own": summary(known[one.own]) if one.own in known else None,
    }


def _change(one: Stored) -> dict[str, Any]:
    kind = "withdrawn" if one.head.withdrawn else "published" if one.head.version == 1 else "changed"
    return {**summary(one), "change": kind, "changed_at": one.head.valid_from.isoformat()}
