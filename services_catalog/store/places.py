"""Reading and writing places and participants."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select

from kernel.db import Tx
from services_catalog.model.addresses import Reading, readings
from services_catalog.model.places import OldWard, Participant, Place, bare_name, fold, nearness
from services_catalog.store.tables import PARTICIPANT, PLACE, PLACE_NAME

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Former:
    """One old ward a place was made of. ``share`` is the source's own words when a part only."""

    code: str
    name: str
    province: str
    whole: bool
    share: str


@dataclass(frozen=True, slots=True)
class Match:
    """A place found by a name; ``matched`` is the old name when it was found by that, ``named`` all of the name."""

    place: Place
    matched: str | None
    whole: bool
    named: str


async def put_places(tx: Tx, places: Sequence[Place], made_of: Mapping[str, Sequence[OldWard]]) -> list[Place]:
    """Write the places that differ from what is stored, with the next version; return those."""
    known = {row.ward: row for row in await tx.all(select(PLACE.c.ward, PLACE.c.version, PLACE.c.digest))}
    changed, digests = [], {}
    for place in places:
        before, digest = known.get(place.ward), place.digest()
        if before is None or before.digest != digest:
            changed.append(replace(place, version=before.version + 1 if before else 1))
            digests[place.ward] = digest
    if not changed:
        return []
    wards = [place.ward for place in changed if place.version > 1]
    for start in range(0, len(wards), CHUNK):
        some = wards[start : start + CHUNK]
        await tx.execute(delete(PLACE).where(PLACE.c.ward.in_(some)))
        await tx.execute(delete(PLACE_NAME).where(PLACE_NAME.c.ward.in_(some)))
    await tx.execute(insert(PLACE), [_place_row(place, digests[place.ward]) for place in changed])
    names = [row for place in changed for row in _names(place, made_of.get(place.ward, ()))]
    await tx.execute(insert(PLACE_NAME), names)
    return changed


def _place_row(place: Place, digest: str) -> dict[str, Any]:
    return {
        "ward": place.ward,
        "name": place.name,
        "province": place.province,
        "province_name": place.province_name,
        "lane": place.lane,
        "former_province": place.former_province,
        "office": place.office,
        "office_name": place.office_name,
        "centre_name": place.centre_name,
        "former_names": "|".join(place.former_names),
        "version": place.version,
        "digest": digest,
    }


def _names(place: Place, rows: Sequence[OldWard]) -> list[dict[str, Any]]:
    def named(name: str, province: str, old_code: str, whole: bool, share: str) -> dict[str, Any]:
        return {
            "ward": place.ward,
            "name": name,
            "folded": f" {fold(f'{name} {province}')}",
            "bare": bare_name(fold(name.split(",")[0])),
            "old_code": old_code,
            "old_province": province if old_code else "",
            "whole": whole,
            "share": share,
        }

    now = named(place.name, place.province_name, "", True, "")
    return [now, *(named(r.full_name, r.province_name, r.code, r.whole, "" if r.whole else r.share) for r in rows)]


def _place(row: Row[Any]) -> Place:
    return Place(
        ward=row.ward,
        name=row.name,
        province=row.province,
        province_name=row.province_name,
        lane=row.lane,
        former_province=row.former_province,
        office=row.office,
        office_name=row.office_name,
        centre_name=row.centre_name,
        former_names=tuple(name for name in row.former_names.split("|") if name),
        version=row.version,
    )


async def find_place(tx: Tx, ward: str) -> Place | None:
    """Return the place of a ward code in force."""
    row = await tx.first(select(PLACE).where(PLACE.c.ward == ward))
    return None if row is None else _place(row)


async def former_of(tx: Tx, ward: str) -> list[Former]:
    """Return the old wards a place was made of."""
    query = select(PLACE_NAME).where(PLACE_NAME.c.ward == ward, PLACE_NAME.c.old_code != "").order_by(PLACE_NAME.c.id)
    return [Former(row.old_code, row.name, row.old_province, row.whole, row.share) for row in await tx.all(query)]


async def became(tx: Tx, old_code: str) -> list[Match]:
    """Return the places an old ward's code went into (two to five when it was split)."""
    return await _matches(tx, PLACE_NAME.c.old_code == old_code, limit=10)


async def list_places(tx: Tx, *, province: str | None, after: str | None, limit: int) -> list[Place]:
    """Return places by ward code, after the code ``after``."""
    query = select(PLACE).order_by(PLACE.c.ward).limit(limit)
    if province is not None:
        query = query.where(PLACE.c.province == province)
    if after is not None:
        query = query.where(PLACE.c.ward > after)
    return [_place(row) for row in await tx.all(query)]


async def all_places(tx: Tx) -> list[Place]:
    """Return every place by ward code."""
    return [_place(row) for row in await tx.all(select(PLACE).order_by(PLACE.c.ward))]


async def search_places(tx: Tx, typed: str, *, province: str | None, limit: int) -> list[Match]:
    """Return places by what was typed, best first: today's names before old ones, whole names before parts.

    The first reading of the text that finds any place counts; its terms begin words of the name (with its district, if
    old, and province).
    """
    exact = unicodedata.normalize("NFC", typed).lower().split()
    for reading in readings(typed):
        if found := await _read_as(tx, reading, province=province):
            found = [match for match in found if reading.is_said_by(match.named)] or found
            return _best(found, " ".join(reading.terms), exact)[:limit]
    return []


async def _read_as(tx: Tx, reading: Reading, *, province: str | None) -> list[Match]:
    folded = PLACE_NAME.c.folded
    condition = and_(
        *(
            or_(
                folded.contains(f" {term}", autoescape=True),
                *([func.replace(folded, " ", "").contains(term, autoescape=True)] if reading.joined else []),
            )
            for term in reading.terms
        )
    )
    if province is not None:
        condition = condition & (PLACE.c.province == province)
    found = await _matches(tx, condition, limit=2000)
    return [match for match in found if reading.fits(match.named)]


def _best(found: Sequence[Match], asked: str, exact: Sequence[str]) -> list[Match]:
    """Return each place once, by its nearest name."""

    def order(match: Match) -> tuple[int, bool, bool, bool, str, str]:
        shown = match.matched or match.place.name
        accents = unicodedata.normalize("NFC", shown).lower()
        said = all(word in accents for word in exact)
        near = nearness(asked, shown)
        return near, not said, match.matched is not None, not match.whole, match.place.name, match.place.ward

    best: dict[str, Match] = {}
    for match in sorted(found, key=order):
        best.setdefault(match.place.ward, match)
    return list(best.values())


async def _matches(tx: Tx, condition: Any, *, limit: int) -> list[Match]:
    named = (PLACE_NAME.c.name.label("matched"), PLACE_NAME.c.old_code, PLACE_NAME.c.old_province, PLACE_NAME.c.whole)
    query = select(PLACE, *named).join(PLACE_NAME, PLACE_NAME.c.ward == PLACE.c.ward).where(condition)
    rows = await tx.all(query.order_by(PLACE_NAME.c.id).limit(limit))
    return [_match(row) for row in rows]


def _match(row: Row[Any]) -> Match:
    place = _place(row)
    if not row.old_code:
        return Match(place, None, row.whole, f"{place.name} {place.province_name}")
    return Match(place, row.matched, row.whole, f"{row.matched} {row.old_province}")


async def put_participants(tx: Tx, participants: Sequence[Participant]) -> list[Participant]:
    """Write the participants that differ from what is stored, with the next version; return those."""
    known = {row.id: row for row in await tx.all(select(PARTICIPANT))}
    changed = []
    for participant in participants:
        before = known.get(participant.id)
        if before is None or before.digest != participant.digest():
            changed.append(replace(participant, version=before.version + 1 if before else 1))
    if changed:
        await tx.execute(delete(PARTICIPANT).where(PARTICIPANT.c.id.in_([one.id for one in changed])))
        await tx.execute(insert(PARTICIPANT), [_participant_row(one) for one in changed])
    return changed


def _participant_row(one: Participant) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "successor_province": one.successor_province,
        "successor_name": one.successor_name,
        "lanes": "|".join(one.lanes),
        "version": one.version,
        "digest": one.digest(),
    }


async def participants(tx: Tx) -> list[Participant]:
    """Return every participant by id."""
    rows = await tx.all(select(PARTICIPANT).order_by(PARTICIPANT.c.id))
    return [
        Participant(
            row.id,
            row.name,
            row.kind,
            row.successor_province,
            row.successor_name,
            tuple(row.lanes.split("|")),
            row.version,
        )
        for row in rows
    ]
