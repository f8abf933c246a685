"""Tables and queries of the citizen service."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import Row

from citizen_service.model import Access, Channel, Kind, Notice, NoticeSettled, Preferences, Profile
from kernel.consume import consume_tables
from kernel.db import BigId, Tx, UtcDateTime
from kernel.errors import Text
from kernel.lease import lease_table
from kernel.outbox import outbox_table

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
lease_table(METADATA)
consume_tables(METADATA)

PROFILE = Table(
    "profile",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("gender", String, nullable=False),
    Column("id_number", String, nullable=False),
    Column("nationality", String, nullable=False),
    Column("ward", String, nullable=False),
    Column("address", String, nullable=False),
    Column("phone", String),
    Column("email", String),
    Column("org", String),
    Column("org_name", String),
    Column("language", String, nullable=False),
    Column("source_vi", String, nullable=False),
    Column("source_en", String, nullable=False),
    Column("as_of", Date, nullable=False),
)

NOTICE = Table(
    "notice",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("owner", String, nullable=False),
    Column("dossier", String, nullable=False),
    Column("event_no", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("due_at", UtcDateTime),
    Column("due_expected", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("send_after", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("tries", Integer, nullable=False, default=0),
    Column("next_try", UtcDateTime),
    UniqueConstraint("dossier", "event_no", "channel"),
    Index("notice_inbox", "owner", "channel", "id"),
    sqlite_autoincrement=True,
)
_UNSENT = (NOTICE.c.channel != "inbox") & NOTICE.c.sent_at.is_(None)
Index("notice_waiting", NOTICE.c.id, sqlite_where=_UNSENT, postgresql_where=_UNSENT)

# Who never chose has no row.
PREFERENCE = Table(
    "preference",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("language", String, nullable=False),
    Column("channels", String, nullable=False),
    Column("phone", String),
    Column("quiet_from", String, nullable=False),
    Column("quiet_until", String, nullable=False),
    Column("big_print", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# What was settled before this database was lost, until its notice is written again.
SETTLED = Table(
    "settled",
    METADATA,
    Column("dossier", String, primary_key=True),
    Column("event_no", Integer, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

ACCESS = Table(
    "access",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("owner", String, nullable=False, index=True),
    Column("dossier", String, nullable=False),
    Column("no", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("office", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("dossier", "no"),
    sqlite_autoincrement=True,
)


SETTLES = {"inbox": "read_at", **dict.fromkeys(map(str, Channel), "sent_at")}


async def put_profiles(tx: Tx, profiles: Sequence[Profile]) -> None:
    """Insert or replace profiles."""
    known = {row.owner for row in await tx.all(select(PROFILE.c.owner))}
    fresh = [_profile_row(profile) for profile in profiles if profile.owner not in known]
    if fresh:
        await tx.execute(insert(PROFILE), fresh)
    for profile in profiles:
        if profile.owner in known:
            await tx.execute(update(PROFILE).where(PROFILE.c.owner == profile.owner).values(_profile_row(profile)))


async def profile_of(tx: Tx, owner: str) -> Profile | None:
    """Return the person's profile."""
    row = await tx.first(select(PROFILE).where(PROFILE.c.owner == owner))
    return _profile(row) if row else None


async def profiles_of(tx: Tx, owners: Sequence[str]) -> dict[str, Profile]:
    """Return the profiles there are, by owner."""
    return {row.owner: _profile(row) for row in await tx.all(select(PROFILE).where(PROFILE.c.owner.in_(owners)))}


async def add_notices(tx: Tx, notices: Sequence[Notice]) -> int:
    """Insert those that are not there yet; return how many."""
    wanted = {(notice.dossier, notice.event_no, notice.channel): notice for notice in notices}
    key = tuple_(NOTICE.c.dossier, NOTICE.c.event_no, NOTICE.c.channel)
    columns = (NOTICE.c.dossier, NOTICE.c.event_no, NOTICE.c.channel)
    known = {tuple(row) for row in await tx.all(select(*columns).where(key.in_(list(wanted))))}
    fresh = {name: notice for name, notice in wanted.items() if name not in known}
    settled = await _take_settled(tx, list(fresh))
    rows = [
        asdict(notice)
        | {"tries": 0, "read_at": None, "sent_at": None}
        | ({SETTLES[notice.channel]: settled[name]} if name in settled else {})
        for name, notice in fresh.items()
    ]
    if rows:
        await tx.execute(insert(NOTICE), rows)
    return len(rows)


async def _take_settled(tx: Tx, names: Sequence[tuple[str, int, str]]) -> dict[tuple[str, int, str], datetime]:
    mine = tuple_(SETTLED.c.dossier, SETTLED.c.event_no, SETTLED.c.channel).in_(names)
    rows = await tx.all(select(SETTLED).where(mine)) if names else []
    if rows:
        await tx.execute(delete(SETTLED).where(mine))
    return {(row.dossier, row.event_no, row.channel): row.at for row in rows}


async def settle(tx: Tx, settled: Sequence[NoticeSettled]) -> None:
    """Note what left or was read; where its notice is not written again yet, keep it until then."""
    wanted = {(each.dossier, each.event_no, each.channel): each for each in settled}
    for (dossier, event_no, channel), each in wanted.items():
        column = NOTICE.c[SETTLES[channel]]
        mine = (NOTICE.c.dossier == dossier, NOTICE.c.event_no == event_no, NOTICE.c.channel == channel)
        if await tx.first(select(NOTICE.c.id).where(*mine)) is not None:
            await tx.execute(update(NOTICE).where(*mine, column.is_(None)).values({column: each.at}))
            continue
        kept = (SETTLED.c.dossier == dossier, SETTLED.c.event_no == event_no, SETTLED.c.channel == channel)
        if await tx.first(select(SETTLED.c.at).where(*kept)) is None:
            await tx.execute(insert(SETTLED).values(asdict(each)))


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


async def mark_sent(tx: Tx, ids: Sequence[int], at: datetime) -> None:
    """Note that these left."""
    await tx.execute(update(NOTICE).where(NOTICE.c.id.in_(ids)).values(sent_at=at))


async def put_off(tx: Tx, notice: int, *, tries: int, real_now: datetime) -> None:
    """Try this one again later: after 10 s, then twice as long each time, at most an hour."""
    pause = timedelta(seconds=min(10 * 2 ** min(tries, 12), 3600))
    await tx.execute(update(NOTICE).where(NOTICE.c.id == notice).values(tries=tries + 1, next_try=real_now + pause))


async def fall_back(tx: Tx, notice: int, channel: str) -> None:
    """Let this one leave by another channel, as if it were new."""
    values = {"channel": channel, "tries": 0, "next_try": None}
    await tx.execute(update(NOTICE).where(NOTICE.c.id == notice).values(values))


async def put_preferences(tx: Tx, chosen: Preferences, at: datetime) -> None:
    """Insert or replace what a person chose."""
    values = asdict(chosen) | {
        "channels": ",".join(chosen.channels),
        "quiet_from": chosen.quiet_from.isoformat("minutes"),
        "quiet_until": chosen.quiet_until.isoformat("minutes"),
        "changed_at": at,
    }
    done = await tx.execute(update(PREFERENCE).where(PREFERENCE.c.owner == chosen.owner).values(values))
    if done.rowcount == 0:
        await tx.execute(insert(PREFERENCE).values(values))


async def preferences_of(tx: Tx, owners: Sequence[str]) -> dict[str, Preferences]:
    """Return what these people chose, by owner; who never chose is left out."""
    rows = await tx.all(select(PREFERENCE).where(PREFERENCE.c.owner.in_(owners)))
    return {
        row.owner: Preferences(
            owner=row.owner,
            language=row.language,
            channels=tuple(Channel(name) for name in row.channels.split(",") if name),
            phone=row.phone,
            quiet_from=time.fromisoformat(row.quiet_from),
            quiet_until=time.fromisoformat(row.quiet_until),
            big_print=row.big_print,
        )
        for row in rows
    }


async def add_accesses(tx: Tx, accesses: Sequence[Access]) -> int:
    """Insert those that are not there yet; return how many."""
    wanted = {(access.dossier, access.no): access for access in accesses}
    key = tuple_(ACCESS.c.dossier, ACCESS.c.no)
    known = {tuple(row) for row in await tx.all(select(ACCESS.c.dossier, ACCESS.c.no).where(key.in_(list(wanted))))}
    rows = [asdict(access) for name, access in wanted.items() if name not in known]
    if rows:
        await tx.execute(insert(ACCESS), rows)
    return len(rows)


async def accesses(tx: Tx, owner: str, *, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Return who opened the person's dossiers, newest first, those with an id below ``before``."""
    query = select(ACCESS).where(ACCESS.c.owner == owner)
    if before is not None:
        query = query.where(ACCESS.c.id < before)
    return await tx.all(query.order_by(ACCESS.c.id.desc()).limit(limit))


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


def _profile_row(profile: Profile) -> dict[str, Any]:
    row = asdict(profile)
    source = row.pop("source")
    return row | {"source_vi": source["vi"], "source_en": source["en"]}


def _profile(row: Row[Any]) -> Profile:
    values = dict(row._mapping)
    source = Text(values.pop("source_vi"), values.pop("source_en"))
    return Profile(source=source, **values)
