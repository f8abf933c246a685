"""What this service does: takes facts in, tells people, shows them what is theirs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from citizen_service import store
from citizen_service.clients import Mail, Transport
from citizen_service.model import (
    Access,
    Channel,
    Fact,
    Kind,
    Notice,
    NoticeSettled,
    Preferences,
    Profile,
    Said,
    kind_of,
    say,
    send_after,
)
from citizen_service.model.notices import ASKS, is_old_news, mailed_alone
from citizen_service.model.preferences import first_channel, short_text
from citizen_service.model.wording import NEVER_ASKS
from kernel.clock import Clock, real_now
from kernel.db import Database, Tx
from kernel.errors import NotFound, Text
from kernel.locale import date_time

BATCH = 100
TRIES = 3
NO_MAILBOX = "example.invalid"

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


async def note_facts(
    tx: Tx, *, facts: Sequence[Fact], now: datetime, ways: Collection[Channel] = tuple(Channel)
) -> int:
    """Write the notices of a batch of facts, each once per channel; return how many are new.

    ``now`` is business time. One message leaves besides the inbox: by the first channel the person chose that this
    installation has (``ways``) and that has an address.
    """
    told = [(fact, kind) for fact in facts if fact.owner and (kind := kind_of(fact)) is not None]
    if not told:
        return 0
    owners = sorted({fact.owner for fact, _ in told})
    people, chosen = await store.profiles_of(tx, owners), await store.preferences_of(tx, owners)
    mailed = await store.mailed_versions(tx, sorted({fact.dossier for fact, _ in told}))
    notices, settled = [], []
    for fact, kind in told:
        person, version = people.get(fact.owner), (fact.dossier, fact.version)
        wish = chosen.get(fact.owner) or default_preferences(fact.owner, person)
        notices.append(_notice(fact, kind, "inbox", now, wish))
        channel = first_channel(wish.channels, reached_by(person, wish, ways))
        if channel is not None and (mailed_alone(kind) or version not in mailed):
            notices.append(_notice(fact, kind, channel, now, wish))
            mailed.add(version)
            if is_old_news(fact, now):
                settled.append(NoticeSettled(fact.dossier, fact.event_no, channel, fact.occurred_at))
    await store.settle(tx, settled)
    return await store.add_notices(tx, notices)


def default_preferences(owner: str, person: Profile | None) -> Preferences:
    """Return what counts for a person who never chose: mail, the language the State knows, quiet from 22 to 6."""
    return Preferences(owner, person.language if person is not None else "vi")


def reached_by(person: Profile | None, wish: Preferences, ways: Collection[Channel]) -> set[Channel]:
    """Return the channels that have an address of the person."""
    phone = wish.phone or (person.phone if person is not None else None)
    found = {Channel.SMS, Channel.ZALO} if phone else set()
    if person is not None and person.email:
        found.add(Channel.MAIL)
    return found.intersection(ways)


def _notice(fact: Fact, kind: Kind, channel: str, now: datetime, wish: Preferences) -> Notice:
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
        send_after=send_after(kind, now, quiet_from=wish.quiet_from, quiet_until=wish.quiet_until),
    )


async def note_settled(tx: Tx, *, settled: Sequence[NoticeSettled]) -> None:
    """Take in again what was sent and read before this database was lost; what is known stays as it is."""
    await store.settle(tx, settled)


async def note_accesses(tx: Tx, *, accesses: Sequence[Access]) -> int:
    """Write who opened whose dossier; return how many are new."""
    return await store.add_accesses(tx, accesses) if accesses else 0


async def send_due_mail(
    *,
    database: Database,
    transport: Transport,
    clock: Clock,
    public_url: str,
    ways: Collection[Channel] = tuple(Channel),
) -> int:
    """Send what may leave now; return how many left.

    A message that cannot be sent is tried again later and keeps no other back; after three tries it goes by the
    person's next channel. One that left just before a crash is
    sent again under the same Message-ID.
    """
    async with database.read() as tx:
        rows = await store.unsent(tx, now=clock.now(), real_now=real_now(), limit=BATCH)
        owners = sorted({row.owner for row in rows})
        people, chosen = await store.profiles_of(tx, owners), await store.preferences_of(tx, owners)
    sent, settled = [], []
    for row in rows:
        person = people.get(row.owner)
        wish = chosen.get(row.owner) or default_preferences(row.owner, person)
        to = _address(row.channel, person, wish)
        if to is None:
            sent.append(row.id)  # the address was removed since: nothing can be sent any more
            continue
        mail = compose(store.as_notice(row), to=to, language=wish.language, public_url=public_url)
        try:
            await transport.send(mail)
        except (OSError, ValueError) as error:  # ValueError: an address that no message can carry
            logger.warning("message_not_sent", notice=row.id, tries=row.tries, error=type(error).__name__)
            another = first_channel(wish.channels, reached_by(person, wish, ways), after=Channel(row.channel))
            async with database.begin() as tx:
                if another is not None and row.tries + 1 >= TRIES:
                    await store.fall_back(tx, row.id, another)
                else:
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


def _address(channel: str, person: Profile | None, wish: Preferences) -> str | None:
    if channel == Channel.MAIL:
        return person.email if person is not None else None
    phone = wish.phone or (person.phone if person is not None else None)
    return f"{phone}@{channel}.{NO_MAILBOX}" if phone else None


def compose(notice: Notice, *, to: str, language: str, public_url: str) -> Mail:
    """Return the message about one notice: what to do, one link, and what we never ask for."""
    words = said(notice, language)
    link = f"{public_url.rstrip('/')}/dossiers/{notice.dossier}"
    if notice.channel == Channel.SMS:
        body = short_text(words.first, link)
    else:
        body = "\n".join([words.first, *words.rest, "", link, "", NEVER_ASKS.in_language(language)])
    return Mail(
        key=f"{notice.dossier}/{notice.event_no}/{notice.channel}",
        to=to,
        subject=words.subject,
        body=body + "\n",
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
