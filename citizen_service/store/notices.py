"""Notices: what is to be told, what left by which channel, what was read."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, tuple_, update
from sqlalchemy.engine import Row

from citizen_service.model import Channel, Kind, Notice, NoticeSettled
from citizen_service.model.preferences import OFFICE
from citizen_service.store.tables import ATTEMPT, NOTICE, SETTLED
from kernel.db import Tx

INBOX = "inbox"
SETTLES = {INBOX: "read_at", **dict.fromkeys((*map(str, Channel), OFFICE), "sent_at")}


async def add_notices(tx: Tx, notices: Sequence[Notice]) -> int:
    """Insert those that are not there yet, one message a change at most; return how many."""
    wanted = {_name(notice): notice for notice in notices}
    changes = {(dossier, event_no) for dossier, event_no, _ in wanted}
    same = tuple_(NOTICE.c.dossier, NOTICE.c.event_no).in_(list(changes))
    columns = (NOTICE.c.dossier, NOTICE.c.event_no, NOTICE.c.channel)
    known = {(row.dossier, row.event_no, row.channel == INBOX) for row in await tx.all(select(*columns).where(same))}
    fresh = {name: notice for name, notice in wanted.items() if name not in known}
    settled = await _take_settled(tx, list({name[:2] for name in fresh}))
    rows = []
    for name, notice in fresh.items():
        row = asdict(notice) | {"tries": 0, "read_at": None, "sent_at": None}
        if name in settled:
            channel, at = settled[name]
            row |= {"channel": channel, SETTLES[channel]: at}
        rows.append(row)
    if rows:
        await tx.execute(insert(NOTICE), rows)
    return len(rows)


def _name(notice: Notice) -> tuple[str, int, bool]:
    return (notice.dossier, notice.event_no, notice.channel == INBOX)


async def _take_settled(
    tx: Tx, changes: Sequence[tuple[str, int]]
) -> dict[tuple[str, int, bool], tuple[str, datetime]]:
    """Return by which channel each change was told at last, and when it was read; those rows are used up."""
    mine = tuple_(SETTLED.c.dossier, SETTLED.c.event_no).in_(changes)
    rows = await tx.all(select(SETTLED).where(mine).order_by(SETTLED.c.at)) if changes else []
    if rows:
        await tx.execute(delete(SETTLED).where(mine))
        await _note_attempts(tx, [NoticeSettled(row.dossier, row.event_no, row.channel, row.at) for row in rows])
    return {(row.dossier, row.event_no, row.channel == INBOX): (row.channel, row.at) for row in rows}


async def settle(tx: Tx, settled: Sequence[NoticeSettled]) -> None:
    """Note what left or was read; where its notice is not written again yet, keep it until then.

    What this database knows already (it said so itself) changes nothing: a message that has bounced since stays with
    the channel it fell to.
    """
    wanted = {(each.dossier, each.event_no, each.channel): each for each in settled}
    for each in sorted(wanted.values(), key=lambda one: one.at):
        mine = (NOTICE.c.dossier == each.dossier, NOTICE.c.event_no == each.event_no)
        column = NOTICE.c[SETTLES[each.channel]]
        same = NOTICE.c.channel == INBOX if each.channel == INBOX else NOTICE.c.channel != INBOX
        if await tx.first(select(NOTICE.c.id).where(*mine, same)) is not None:
            if each.channel == INBOX:
                await tx.execute(update(NOTICE).where(*mine, same, column.is_(None)).values({column: each.at}))
            elif await _note_attempts(tx, [each]):
                values = {"channel": each.channel, "sent_at": each.at}
                older = or_(column.is_(None), column <= each.at)
                await tx.execute(update(NOTICE).where(*mine, same, older).values(values))
            continue
        kept = (SETTLED.c.dossier == each.dossier, SETTLED.c.event_no == each.event_no)
        if await tx.first(select(SETTLED.c.at).where(*kept, SETTLED.c.channel == each.channel)) is None:
            await tx.execute(insert(SETTLED).values(asdict(each)))


async def _note_attempts(tx: Tx, left: Sequence[NoticeSettled]) -> int:
    """Remember by which channels changes were told; return how many of these were not known."""
    names = {message_token(one.dossier, one.event_no, one.channel): one for one in left if one.channel != INBOX}
    if not names:
        return 0
    known = {row.token for row in await tx.all(select(ATTEMPT.c.token).where(ATTEMPT.c.token.in_(list(names))))}
    rows = [
        {"token": token, "dossier": one.dossier, "event_no": one.event_no, "channel": one.channel}
        for token, one in names.items()
        if token not in known
    ]
    if rows:
        await tx.execute(insert(ATTEMPT), rows)
    return len(rows)


def message_token(dossier: str, event_no: int, channel: str) -> str:
    """Return the name by which a message is known outside: always the same, and naming nobody."""
    return hashlib.sha256(f"{dossier}/{event_no}/{channel}".encode()).hexdigest()[:32]


async def bounced(tx: Tx, token: str) -> Row[Any] | None:
    """Return the message of this name if it is still the last that left about its change; None: told otherwise."""
    same = (NOTICE.c.dossier == ATTEMPT.c.dossier, NOTICE.c.event_no == ATTEMPT.c.event_no)
    query = select(NOTICE).join(ATTEMPT, and_(*same, NOTICE.c.channel == ATTEMPT.c.channel))
    return await tx.first(query.where(ATTEMPT.c.token == token, NOTICE.c.sent_at.is_not(None)))


async def mailed_versions(tx: Tx, dossiers: Sequence[str]) -> set[tuple[str, int]]:
    """Return which versions of these dossiers a message tells of already."""
    query = select(NOTICE.c.dossier, NOTICE.c.version)
    query = query.where(NOTICE.c.dossier.in_(dossiers), NOTICE.c.channel != "inbox")
    return {(row.dossier, row.version) for row in await tx.all(query)}


async def inbox(tx: Tx, owner: str, *, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Return the person's notices, newest first, those with an id below ``before``."""
    query = select(NOTICE).where(NOTICE.c.owner == owner, NOTICE.c.channel == "inbox")
    if before is not None:
        query = query.where(NOTICE.c.id < before)
    return await tx.all(query.order_by(NOTICE.c.id.desc()).limit(limit))


async def mark_read(tx: Tx, owner: str, notice: int, at: datetime) -> tuple[Row[Any] | None, bool]:
    """Set when the notice was first read; return its row (None: not this person's) and whether this was the first."""
    mine = (NOTICE.c.id == notice, NOTICE.c.owner == owner, NOTICE.c.channel == "inbox")
    done = await tx.execute(update(NOTICE).where(*mine, NOTICE.c.read_at.is_(None)).values(read_at=at))
    return await tx.first(select(NOTICE).where(*mine)), done.rowcount == 1


async def unsent(tx: Tx, *, now: datetime, real_now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return messages that may leave at business time ``now`` and is not waiting for another try, oldest first."""
    return await tx.all(
        select(NOTICE)
        .where(
            NOTICE.c.channel != "inbox",
            NOTICE.c.sent_at.is_(None),
            NOTICE.c.send_after <= now,
            or_(NOTICE.c.next_try.is_(None), NOTICE.c.next_try <= real_now),
        )
        .order_by(NOTICE.c.id)
        .limit(limit)
    )


async def mark_sent(tx: Tx, rows: Sequence[Row[Any]], at: datetime) -> None:
    """Note that these left."""
    await tx.execute(update(NOTICE).where(NOTICE.c.id.in_([row.id for row in rows])).values(sent_at=at))
    await _note_attempts(tx, [NoticeSettled(row.dossier, row.event_no, row.channel, at) for row in rows])


async def settle_as(tx: Tx, row: Row[Any], channel: str, at: datetime) -> None:
    """Note that nothing more leaves about this change: it ended with ``channel``."""
    await tx.execute(update(NOTICE).where(NOTICE.c.id == row.id).values(channel=channel, sent_at=at))
    await _note_attempts(tx, [NoticeSettled(row.dossier, row.event_no, channel, at)])


async def put_off(tx: Tx, notice: int, *, tries: int, real_now: datetime) -> None:
    """Try this one again later: after 10 s, then twice as long each time, at most an hour."""
    pause = timedelta(seconds=min(10 * 2 ** min(tries, 12), 3600))
    await tx.execute(update(NOTICE).where(NOTICE.c.id == notice).values(tries=tries + 1, next_try=real_now + pause))


async def fall_back(tx: Tx, notice: int, channel: str, *, send_after: datetime) -> None:
    """Let this one leave by another channel, as if it were new, and not before ``send_after``."""
    values = {"channel": channel, "tries": 0, "next_try": None, "sent_at": None, "send_after": send_after}
    await tx.execute(update(NOTICE).where(NOTICE.c.id == notice).values(values))


def as_notice(row: Row[Any]) -> Notice:
    """Return the notice that ``row`` holds."""
    return Notice(
        owner=row.owner,
        dossier=row.dossier,
        event_no=row.event_no,
        version=row.version,
        channel=row.channel,
        kind=Kind(row.kind),
        due_at=row.due_at,
        due_expected=bool(row.due_expected),
        at=row.at,
        send_after=row.send_after,
    )
