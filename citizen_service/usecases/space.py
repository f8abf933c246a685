"""A person's own space: profile, preferences, inbox, who looked; and how a helped person is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from citizen_service import store
from citizen_service.model import Contact, Notice, Preferences, Profile, Said
from citizen_service.model.notices import NoticeSettled
from citizen_service.usecases.known import default_preferences
from citizen_service.usecases.sending import said
from kernel.clock import Clock
from kernel.db import Database
from kernel.errors import Forbidden, NotFound, Text


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as the inbox shows it. ``vi`` and ``en`` are the same words in both languages."""

    id: int
    notice: Notice
    read_at: datetime | None
    vi: Said
    en: Said


async def seed_profiles(*, database: Database, profiles: Sequence[Profile]) -> None:
    """Put the demo's people in, or bring them up to date."""
    async with database.begin() as tx:
        await store.put_profiles(tx, profiles)


async def show_profile(*, database: Database, owner: str) -> Profile | None:
    """Return what is known about the person, or None if no registry told us anything."""
    async with database.read() as tx:
        return await store.profile_of(tx, owner)


async def list_colleagues(*, database: Database, org: str) -> list[Profile]:
    """Return the people who work for the organisation that the caller acts for."""
    async with database.read() as tx:
        return await store.colleagues(tx, org)


async def show_preferences(*, database: Database, owner: str) -> Preferences:
    """Return what the person chose, or what counts until they do."""
    async with database.read() as tx:
        chosen = (await store.preferences_of(tx, [owner])).get(owner)
        return chosen or default_preferences(owner, await store.profile_of(tx, owner))


async def choose_preferences(*, database: Database, clock: Clock, chosen: Preferences) -> Preferences:
    """Keep what the person chose; what already waits to leave keeps its hour and channel."""
    async with database.begin() as tx:
        await store.put_preferences(tx, chosen, clock.now())
    return chosen


async def keep_contact(*, database: Database, clock: Clock, contact: Contact) -> None:
    """Keep how a helped person is told; the same helper may mend it. Raises ``Forbidden`` for another one.

    It counts only for a dossier that this helper filed for that person, so it tells nobody else's news to anyone.
    """
    async with database.begin() as tx:
        kept = await store.put_contact(tx, contact, clock.now())
    if not kept:
        raise Forbidden("not_your_helping", Text("Bạn không làm hộ người này.", "You do not help this person."))


async def list_notices(
    *, database: Database, owner: str, before: int | None, limit: int
) -> tuple[list[Shown], int | None]:
    """Return a page of the person's inbox, newest first, and the id to go on from."""
    async with database.read() as tx:
        rows = await store.inbox(tx, owner, before=before, limit=limit + 1)
    page = rows[:limit]
    return [_shown(row) for row in page], page[-1].id if len(rows) > limit else None


async def read_notice(*, database: Database, clock: Clock, owner: str, notice: int) -> Shown:
    """Note that the person has read a notice; a second time changes nothing. Raises ``NotFound``."""
    async with database.begin() as tx:
        row, first = await store.mark_read(tx, owner, notice, clock.now())
        if row is not None and first:
            tx.emit(NoticeSettled(row.dossier, row.event_no, row.channel, row.read_at))
    if row is None:
        raise NotFound("no_such_notice", Text("Không tìm thấy thông báo này.", "There is no such notice."))
    return _shown(row)


async def list_accesses(
    *, database: Database, owner: str, before: int | None, limit: int
) -> tuple[Sequence[Any], int | None]:
    """Return a page of who opened the person's dossiers (rows), newest first, and the id to go on from."""
    async with database.read() as tx:
        rows = await store.accesses(tx, owner, before=before, limit=limit + 1)
    page = rows[:limit]
    return page, page[-1].id if len(rows) > limit else None


def _shown(row: Any) -> Shown:
    notice = store.as_notice(row)
    return Shown(row.id, notice, row.read_at, said(notice, "vi"), said(notice, "en"))
