"""People: what the State holds about them, what they chose, how helped ones are told, and who looked."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, time
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.engine import Row

from citizen_service.model import Access, Channel, Contact, Preferences, Profile
from citizen_service.store.tables import ACCESS, CONTACT, NOTICE, PREFERENCE, PROFILE
from kernel.db import Tx
from kernel.errors import Text


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


async def colleagues(tx: Tx, org: str) -> list[Profile]:
    """Return the people who work for an organisation, by name."""
    rows = await tx.all(select(PROFILE).where(PROFILE.c.org == org).order_by(PROFILE.c.name))
    return [_profile(row) for row in rows]


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


async def put_contact(tx: Tx, contact: Contact, at: datetime) -> bool:
    """Insert or replace how a helped person is told; False = another helper named it."""
    values = asdict(contact) | {"way": contact.way.value, "changed_at": at}
    row = await tx.first(select(CONTACT.c.helper).where(CONTACT.c.owner == contact.owner))
    if row is None:
        await tx.execute(insert(CONTACT).values(values))
        return True
    if row.helper != contact.helper:
        return False
    await tx.execute(update(CONTACT).where(CONTACT.c.owner == contact.owner).values(values))
    return True


async def contacts_of(tx: Tx, owners: Sequence[str]) -> dict[str, Contact]:
    """Return how these people are told where they were helped, by owner."""
    rows = await tx.all(select(CONTACT).where(CONTACT.c.owner.in_(owners)))
    return {row.owner: Contact(row.owner, row.helper, row.phone, Channel(row.way)) for row in rows}


async def drop_contacts(tx: Tx, dossiers: Sequence[str]) -> None:
    """Forget how the helped people are told whose dossiers these were."""
    owners = select(NOTICE.c.owner).where(NOTICE.c.dossier.in_(dossiers))
    await tx.execute(delete(CONTACT).where(CONTACT.c.owner.in_(owners)))


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


def _profile_row(profile: Profile) -> dict[str, Any]:
    row = asdict(profile)
    source = row.pop("source")
    return row | {"source_vi": source["vi"], "source_en": source["en"]}


def _profile(row: Row[Any]) -> Profile:
    values = dict(row._mapping)
    source = Text(values.pop("source_vi"), values.pop("source_en"))
    return Profile(source=source, **values)
