"""Messages leave, come back, and fall to the next channel; at last the office is asked to tell the person."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from citizen_service import store
from citizen_service.clients import Mail, Reports, Transport, Undeliverable
from citizen_service.model import Channel, Kind, Notice, NoticeSettled, PersonUnreached, Said, say, send_after
from citizen_service.model.preferences import OFFICE, short_text
from citizen_service.model.wording import NEVER_ASKS
from citizen_service.usecases.known import Known
from kernel.clock import Clock, real_now
from kernel.db import Database, Tx
from kernel.locale import date_time

BATCH = 100
TRIES = 3
GIVE_UP = 30
"""So many tries take most of a day: a gateway that is away is waited for, then the office is asked."""

MESSAGES = Counter(
    "motcua_citizen_messages_total", "Messages to people, by channel and what became", ("channel", "end")
)

logger = structlog.get_logger()


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
    person's next channel, and one that is refused for good goes at once. Where no channel is left the office is asked
    to tell the person. One that left just before a crash is sent again under the same Message-ID.
    """
    async with database.read() as tx:
        rows = await store.unsent(tx, now=clock.now(), real_now=real_now(), limit=BATCH)
        known = await Known.of(tx, sorted({row.owner for row in rows}), ways)
    sent = []
    for row in rows:
        to = None if row.channel == OFFICE else known.address(row.owner, row.channel)
        if row.channel != OFFICE and to is not None:
            mail = compose(
                store.as_notice(row),
                to=to,
                language=known.wish(row.owner).language,
                public_url=public_url,
                helped=known.helped(row.owner),
            )
            refused = False
            try:
                await transport.send(mail)
            except Undeliverable:
                refused = True
            except (OSError, ValueError) as error:  # ValueError: an address that no message can carry
                logger.warning("message_not_sent", notice=row.id, tries=row.tries, error=type(error).__name__)
                await _again(database, row, known, clock)
                continue
            if not refused:
                MESSAGES.labels(row.channel, "sent").inc()
                sent.append(row)
                continue
        async with database.begin() as tx:
            await _fall(tx, row, known, clock.now())
    if sent:
        async with database.begin() as tx:
            now = clock.now()
            await store.mark_sent(tx, sent, now)
            for row in sent:
                tx.emit(NoticeSettled(row.dossier, row.event_no, row.channel, now))
    return len(sent)


async def take_reports(
    *, database: Database, reports: Reports, clock: Clock, ways: Collection[Channel] = tuple(Channel)
) -> int:
    """Take in what gateways say of messages that left; return how many came back undelivered.

    A report may come twice, late, or about a message that nobody knows: only the last message of a change falls on.
    """
    back = 0
    for report in await reports.waiting():
        if report.failed and report.token:
            async with database.begin() as tx:
                row = await store.bounced(tx, report.token)
                if row is not None:
                    MESSAGES.labels(row.channel, "bounced").inc()
                    await _fall(tx, row, await Known.of(tx, [row.owner], ways), clock.now())
                    back += 1
        await reports.done(report)
    return back


async def _again(database: Database, row: Any, known: Known, clock: Clock) -> None:
    """Try later by the same channel, or from the third time on by another one, if there is one."""
    async with database.begin() as tx:
        another = known.after(row.owner, row.channel)
        tried = row.tries + 1
        if tried >= GIVE_UP or (another not in (None, OFFICE) and tried >= TRIES):
            await _fall(tx, row, known, clock.now())
        else:
            await store.put_off(tx, row.id, tries=row.tries, real_now=real_now())


async def _fall(tx: Tx, row: Any, known: Known, now: datetime) -> None:
    """Let a message that ``row.channel`` cannot bring go on; the office gets it once, and nobody is rung to rate."""
    another = OFFICE if row.channel == OFFICE else known.after(row.owner, row.channel)
    if another is not None and another != OFFICE:
        wish = known.wish(row.owner)
        at = send_after(Kind(row.kind), now, quiet_from=wish.quiet_from, quiet_until=wish.quiet_until)
        await store.fall_back(tx, row.id, another, send_after=at)
        return
    if another == OFFICE and row.kind != Kind.RATING_ASKED:
        MESSAGES.labels(OFFICE, "sent").inc()
        tx.emit(PersonUnreached(row.dossier, row.event_no, Kind(row.kind), known.by_teller(row.owner), now))
        tx.emit(NoticeSettled(row.dossier, row.event_no, OFFICE, now))
        await store.settle_as(tx, row, OFFICE, now)
        return
    MESSAGES.labels(row.channel, "inbox_alone").inc()
    await store.settle_as(tx, row, row.channel, now)


def compose(notice: Notice, *, to: str, language: str, public_url: str, helped: bool = False) -> Mail:
    """Return the message about one notice: what to do, one link, and what we never ask for.

    A relative of somebody who was ``helped`` has no account for the dossier: the link leads to its state alone. A
    recorded voice reads no address out.
    """
    words = said(notice, language)
    page = f"/lookup/{notice.dossier}" if helped else f"/dossiers/{notice.dossier}"
    if notice.kind is Kind.RATING_ASKED:
        page += "/rating"
    link = f"{public_url.rstrip('/')}{page}"
    if notice.channel == Channel.SMS:
        body = short_text(words.first, link)
    elif notice.channel == Channel.VOICE:
        body = "\n".join([words.first, *words.rest, NEVER_ASKS.in_language(language)])
    else:
        body = "\n".join([words.first, *words.rest, "", link, "", NEVER_ASKS.in_language(language)])
    return Mail(
        token=store.message_token(notice.dossier, notice.event_no, notice.channel),
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
