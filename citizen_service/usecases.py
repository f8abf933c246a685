"""What this service does: takes facts in, tells people, shows them what is theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from citizen_service import store
from citizen_service.clients import Mail, Transport
from citizen_service.model import Access, Fact, Kind, Notice, NoticeSettled, Profile, Said, kind_of, say, send_after
from citizen_service.model.notices import ASKS, is_old_news, mailed_alone
from citizen_service.model.wording import NEVER_ASKS
from kernel.clock import Clock, real_now
from kernel.db import Database, Tx
from kernel.errors import NotFound, Text
from kernel.locale import date_time

BATCH = 100

logger = structlog.get_logger()


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


async def note_facts(tx: Tx, *, facts: Sequence[Fact], now: datetime) -> int:
    """Write the notices of a batch of facts, each once per channel; return how many are new.

    ``now`` is business time. Mail is only written for people whose address is known.
    """
    told = [(fact, kind) for fact in facts if fact.owner and (kind := kind_of(fact)) is not None]
    if not told:
        return 0
    people = await store.profiles_of(tx, sorted({fact.owner for fact, _ in told}))
    mailed = await store.mailed_versions(tx, sorted({fact.dossier for fact, _ in told}))
    notices, settled = [], []
    for fact, kind in told:
        notices.append(_notice(fact, kind, "inbox", now))
        person, version = people.get(fact.owner), (fact.dossier, fact.version)
        if person is not None and person.email and (mailed_alone(kind) or version not in mailed):
            notices.append(_notice(fact, kind, "mail", now))
            mailed.add(version)
            if is_old_news(fact, now):
                settled.append(NoticeSettled(fact.dossier, fact.event_no, "mail", fact.occurred_at))
    await store.settle(tx, settled)
    return await store.add_notices(tx, notices)


def _notice(fact: Fact, kind: Kind, channel: str, now: datetime) -> Notice:
    return Notice(
        owner=fact.owner,
        dossier=fact.dossier,
        event_no=fact.event_no,
        version=fact.version,
        channel=channel,
        kind=kind,
        due_at=fact.ask_due_at if kind in ASKS else fact.due_at,
        due_expected=fact.due_expected,
        at=fact.occurred_at,
        send_after=send_after(kind, now),
    )


async def note_settled(tx: Tx, *, settled: Sequence[NoticeSettled]) -> None:
    """Take in again what was sent and read before this database was lost; what is known stays as it is."""
    await store.settle(tx, settled)


async def note_accesses(tx: Tx, *, accesses: Sequence[Access]) -> int:
    """Write who opened whose dossier; return how many are new."""
    return await store.add_accesses(tx, accesses) if accesses else 0


async def send_due_mail(*, database: Database, transport: Transport, clock: Clock, public_url: str) -> int:
    """Send what may leave now; return how many left.

    A message that cannot be sent is tried again later and keeps no other back. One that left just before a crash is
    sent again under the same Message-ID.
    """
    async with database.read() as tx:
        rows = await store.unsent(tx, now=clock.now(), real_now=real_now(), limit=BATCH)
        people = await store.profiles_of(tx, sorted({row.owner for row in rows}))
    sent, settled = [], []
    for row in rows:
        person = people.get(row.owner)
        if person is None or not person.email:
            sent.append(row.id)  # the address was removed since: nothing can be sent any more
            continue
        mail = compose(store.as_notice(row), to=person.email, language=person.language, public_url=public_url)
        try:
            await transport.send(mail)
        except (OSError, ValueError) as error:  # ValueError: an address that no message can carry
            logger.warning("mail_not_sent", notice=row.id, tries=row.tries, error=type(error).__name__)
            async with database.begin() as tx:
                await store.put_off(tx, row.id, tries=row.tries, real_now=real_now())
            continue
        sent.append(row.id)
        settled.append(row)
    if sent:
        async with database.begin() as tx:
            now = clock.now()
            await store.mark_sent(tx, sent, now)
            for row in settled:
                tx.emit(NoticeSettled(row.dossier, row.event_no, row.channel, now))
    return len(sent)


def compose(notice: Notice, *, to: str, language: str, public_url: str) -> Mail:
    """Return the message about one notice: what to do, one link, and what we never ask for."""
    words = said(notice, language)
    link = f"{public_url.rstrip('/')}/dossiers/{notice.dossier}"
    lines = [words.first, *words.rest, "", link, "", NEVER_ASKS.in_language(language)]
    return Mail(
        key=f"{notice.dossier}/{notice.event_no}/{notice.channel}",
        to=to,
        subject=words.subject,
        body="\n".join(lines) + "\n",
        language=language,
        at=max(notice.at, notice.send_after),
    )


def said(notice: Notice, language: str) -> Said:
    """Return the words of ``notice``."""
    due = date_time(notice.due_at, language) if notice.due_at else None
    return say(notice.kind, code=notice.dossier, due=due, expected=notice.due_expected, language=language)


async def show_profile(*, database: Database, owner: str) -> Profile | None:
    """Return what is known about the person, or None if no registry told us anything."""
    async with database.read() as tx:
        return await store.profile_of(tx, owner)


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
