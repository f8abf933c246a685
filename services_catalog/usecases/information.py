"""Reading life events, questions and essential services with what the catalogue says of their procedures today."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kernel.db import Database
from kernel.errors import NotFound, Text
from services_catalog.model.announced import InformationPublished, announced, changed
from services_catalog.model.information import Guide, Information, LifeEvent
from services_catalog.store import announced as announced_store
from services_catalog.store import procedures as store


async def announce_information(*, database: Database, information: Information) -> int:
    """Say what is new or different of ``information``, and what is gone; return how many. Safe to repeat."""
    async with database.begin() as tx:
        said = changed(await announced_store.announced(tx), list(announced(information)))
        await announced_store.put_announced(tx, said)
        for one in said:
            tx.emit(InformationPublished(one))
    return len(said)


async def procedures_of(*, database: Database, codes: Iterable[str]) -> Mapping[str, store.Stored]:
    """Return what is in force of ``codes``; a code that the catalogue does not have is left out."""
    async with database.read() as tx:
        found = await store.list_codes(tx, list(dict.fromkeys(codes)))
    return {one.content.code: one for one in found}


async def list_changes(*, database: Database, before: tuple[datetime, str] | None, limit: int) -> list[store.Stored]:
    """Return the heads that moved last, newest first, after the key (moved at, code)."""
    async with database.read() as tx:
        return await store.list_changes(tx, before=before, limit=limit)


async def codes_in_force(*, database: Database) -> list[tuple[str, datetime]]:
    """Return (code, moved at) of everything in force, by code: for machines that copy the list."""
    async with database.read() as tx:
        return await store.codes_in_force(tx)


def find_event(*, information: Information, id: str) -> LifeEvent:
    """Return a life event by its id or its Vietnamese address. Raises ``NotFound``."""
    for one in information.events:
        if id in (one.id, one.slug):
            return one
    raise NotFound("life_event_not_found", Text("Không có danh sách việc này.", "There is no such checklist."))


def find_guide(*, information: Information, id: str) -> Guide:
    """Return a guide. Raises ``NotFound``."""
    for one in information.guides:
        if one.id == id:
            return one
    raise NotFound("guide_not_found", Text("Không có hướng dẫn này.", "There is no such guide."))
