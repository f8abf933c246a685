"""What people do with the catalogue: import it, publish and withdraw, seed places, read."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kernel.db import Database, Tx
from kernel.errors import NotFound, Text
from kernel.outbox import until_short
from services_catalog import clients
from services_catalog.model import procedures as model
from services_catalog.model.announced import InformationPublished
from services_catalog.model.places import (
    Participant,
    ParticipantPublished,
    Place,
    PlacePublished,
    PlacesReport,
    participants_of,
    places_of,
)
from services_catalog.model.procedures import Content, Editorial, Head, ImportReport, ProcedureHeadMoved
from services_catalog.model.resolver import Route, resolve
from services_catalog.store import announced as announced_store
from services_catalog.store import places as places_store
from services_catalog.store import procedures as store
from services_catalog.store import seed as seed_files

BATCH = 500
Progress = Callable[[str, int, int], None]


def no_such_procedure() -> NotFound:
    """Return the error for a code or revision that was never published."""
    return NotFound(
        "procedure_not_found",
        Text(
            "Không có thủ tục với mã này trong danh mục. Bạn kiểm tra lại mã hoặc tìm theo tên.",
            "The catalogue has no procedure with this code. Check the code or search by name.",
        ),
    )


async def import_catalogue(
    *,
    database: Database,
    path: Path,
    editorial: Mapping[str, Editorial],
    at: datetime,
    withdraw_missing: bool = False,
    own: Sequence[Content] = (),
    progress: Progress | None = None,
) -> ImportReport:
    """Import a catalogue file (.csv or .xlsx) at business time ``at`` and return what changed.

    ``own`` = services under ids of our own, published in the same transaction. ``progress`` is told of each row.

    Safe to repeat: the same file again changes nothing. A column that the file lacks blanks nothing. Only with
    ``withdraw_missing`` are codes absent from the file withdrawn (never the services under ids of our own).
    Raises ``Invalid`` when the file is no catalogue; nothing is changed then.
    """
    rows, rejected, count = model.sift(await clients.read_catalogue(path))
    async with database.begin() as tx:
        heads = await store.heads(tx)
        before = await store.contents_in_force(tx)
        contents = [model.merge(row, before.get(code), _written(code, editorial, before)) for code, row in rows.items()]
        report = await _publish(tx, _told([*contents, *own], progress), heads, at)
        report.rows, report.rejected = count, rejected
        if withdraw_missing:
            # A row that could not be taken still shows that its code was published.
            present = rows.keys() | {fault.code for fault in rejected}
            missing = [code for code in before if code not in present and model.CODE.fullmatch(code)]
            report.withdrawn = await _withdraw(tx, [(heads[c], before[c]) for c in missing if not heads[c].withdrawn])
    return report


def _told(contents: Sequence[Content], progress: Progress | None) -> Iterator[Content]:
    for done, content in enumerate(contents, start=1):
        yield content
        if progress is not None and (done % BATCH == 0 or done == len(contents)):
            progress("procedures", done, len(contents))


def _written(code: str, editorial: Mapping[str, Editorial], before: Mapping[str, Content]) -> Editorial:
    if code in editorial:
        return editorial[code]
    return before[code].editorial if code in before else model.NOTHING_WRITTEN


async def _publish(tx: Tx, contents: Iterable[Content], heads: Mapping[str, Head], at: datetime) -> ImportReport:
    report = ImportReport()
    moved: list[tuple[Head, Content]] = []
    events: list[model.ProcedureRevisionPublished] = []
    for content, before, after in model.moves(contents, heads, at):
        if after is None:
            report.unchanged += 1
            continue
        moved.append((after, content))
        if before is None or before.revision != after.revision:
            events.append(model.revision_event(content, after))
        kind = report.added if before is None else report.restored if before.withdrawn else report.changed
        kind.append(content.code)
    await store.add_revisions(tx, events, at)
    await store.put_heads(tx, moved)
    for event in events:
        tx.emit(event)
    for head, _ in moved:
        tx.emit(ProcedureHeadMoved(head))
    return report


async def _withdraw(tx: Tx, ending: Sequence[tuple[Head, Content]], successor: str = "") -> list[str]:
    moved = [(model.withdraw(head, successor), content) for head, content in ending]
    await store.put_heads(tx, moved)
    for head, _ in moved:
        tx.emit(ProcedureHeadMoved(head))
    return [head.code for head, _ in moved]


async def publish_revision(*, database: Database, content: Content, at: datetime) -> Head:
    """Publish ``content`` as the next revision of its code and return the head in force.

    The same content again changes nothing and returns the head as it is.
    """
    async with database.begin() as tx:
        return await publish_in(tx, content, at)


async def publish_in(tx: Tx, content: Content, at: datetime) -> Head:
    """Publish ``content`` within a transaction that does more; return the head in force."""
    await _publish(tx, [content], await store.heads(tx), at)
    found = await store.find(tx, content.code)
    if found is None:
        raise no_such_procedure()
    return found.head


async def withdraw_procedure(*, database: Database, code: str, successor: str) -> Head:
    """Withdraw ``code``; it keeps answering, with ``successor`` (empty = not published).

    Raises ``NotFound`` when the code or its successor was never published.
    """
    async with database.begin() as tx:
        found = await store.find(tx, code)
        if found is None or (successor and await store.find(tx, successor) is None):
            raise no_such_procedure()
        return await withdraw_in(tx, found, successor)


async def withdraw_in(tx: Tx, found: store.Stored, successor: str) -> Head:
    """Withdraw within a transaction that does more; return the head. The same again changes nothing."""
    if (found.head.withdrawn, found.head.successor) == (True, successor):
        return found.head
    await _withdraw(tx, [(found.head, found.content)], successor)
    return model.withdraw(found.head, successor)


async def seed_places(*, database: Database, seed: Path) -> PlacesReport:
    """Publish participants and places from the seed folder; what did not change is left alone.

    Returns what was odd about the sources: rows that name no ward, wards placed by us, wards left out.
    """
    provinces, wards, old = seed_files.read_places(seed)
    places, made_of, report = places_of(provinces, wards, old)
    async with database.begin() as tx:
        joined = await places_store.put_participants(tx, participants_of(provinces))
        changed = await places_store.put_places(tx, places, made_of)
        for participant in joined:
            tx.emit(ParticipantPublished(participant))
        for place in changed:
            tx.emit(PlacePublished(place))
    report.participants, report.changed = len(provinces), len(joined) + len(changed)
    return report


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What seeding did."""

    catalogue: ImportReport
    places: PlacesReport


async def seed_catalogue(
    *, database: Database, seed: Path, procedures: Path, at: datetime, progress: Progress | None = None
) -> SeedReport:
    """Put the shipped data in: participants, places, the catalogue, what we wrote. Safe to repeat.

    ``progress(what, done, of)`` is told of "places" and of "procedures", each to its end.
    """
    places = await seed_places(database=database, seed=seed)
    if progress is not None:
        progress("places", places.places, places.places)
    report = await import_catalogue(
        database=database,
        path=seed / "procedures.csv",
        editorial=seed_files.read_editorial(procedures),
        at=at,
        own=seed_files.read_own(procedures),
        progress=progress,
    )
    return SeedReport(report, places)


def untold(_what: str, _done: int, _of: int) -> None:
    """Tell nobody."""


async def republish(*, database: Database, subject: str | None = None, progress: Progress = untold) -> int:
    """Emit everything again as ordinary versioned events, so that any copy can be rebuilt; return how many.

    ``subject`` = the code of one procedure alone. Small transactions; safe at any time and to repeat.
    """
    count = 0 if subject else await _lists_again(database, progress)
    done, after = 0, (subject or "", 0)
    while True:
        await until_short(database)
        async with database.begin() as tx:
            stored = await store.all_stored(tx, after=after, limit=BATCH)
            mine = [one for one in stored if subject in (None, one.content.code)]
            for one in mine:
                tx.emit(model.revision_event(one.content, replace(one.head, revision=one.revision, digest=one.digest)))
                if one.revision == one.head.revision:
                    tx.emit(ProcedureHeadMoved(one.head))
            count += len(tx.events)
        done += len(mine)
        progress("revisions", done, done)
        if not stored or len(mine) < len(stored):
            return count
        after = (stored[-1].content.code, stored[-1].revision)


async def repeat_current(*, database: Database, subjects: Collection[str]) -> int:
    """Emit what is in force now of ``subjects`` (as on the log); return how many events.

    For a topic that keeps the last record of a key: an old one may just have been written after a newer one.
    Revisions never change and are left out.
    """
    count = await _lists_again(database, untold) if any("/" in subject for subject in subjects) else 0
    codes = sorted(subject for subject in subjects if "/" not in subject and "@" not in subject)
    for start in range(0, len(codes), BATCH):
        async with database.begin() as tx:
            heads = await store.heads(tx)
            for code in codes[start : start + BATCH]:
                if code in heads:
                    tx.emit(ProcedureHeadMoved(heads[code]))
            count += len(tx.events)
    return count


async def _lists_again(database: Database, progress: Progress) -> int:
    start = 0
    while True:
        async with database.begin() as tx:  # read where it is emitted: an older state must not follow a newer one
            holders, places = await places_store.participants(tx), await places_store.all_places(tx)
            told = await announced_store.announced(tx)
            events: list[object] = [*map(ParticipantPublished, holders), *map(PlacePublished, places)]
            events += map(InformationPublished, told)
            for event in events[start : start + BATCH]:
                tx.emit(event)
        start += BATCH
        progress("places", min(start, len(events)), len(events))
        if start >= len(events):
            return len(events)


async def get_procedure(*, database: Database, code: str, revision: int | None = None) -> store.Stored:
    """Return a procedure, the revision in force or an older one. Raises ``NotFound``."""
    async with database.read() as tx:
        found = await store.find(tx, code, revision)
    if found is None:
        raise no_such_procedure()
    return found


async def list_procedures(
    *, database: Database, filters: store.Filters, after: str | None, limit: int
) -> list[store.Stored]:
    """Return up to ``limit`` procedures in force after the code ``after``."""
    async with database.read() as tx:
        return await store.list_in_force(tx, filters, after=after, limit=limit)


async def list_top(*, database: Database, procedures: Path) -> list[store.Stored]:
    """Return the ten most used services, those that can be filed first."""
    async with database.read() as tx:
        listed = await store.list_codes(tx, seed_files.read_top(procedures))
    return sorted(listed, key=lambda one: not one.content.fileable)


async def find_place(*, database: Database, ward: str) -> tuple[Place, list[places_store.Former]]:
    """Return a ward in force with the old wards it was made of.

    Raises ``NotFound``: ``place_replaced`` with what it became for an old code, else ``place_not_found``.
    """
    async with database.read() as tx:
        place = await places_store.find_place(tx, ward)
        if place is not None:
            return place, await places_store.former_of(tx, ward)
        successors = await places_store.became(tx, ward)
    if successors:
        became = [{"ward": m.place.ward, "name": m.place.name, "whole": m.whole} for m in successors]
        raise NotFound(
            "place_replaced",
            Text(
                "Mã này là của đơn vị trước 1/7/2025. Bạn chọn đơn vị mới.",
                "This code is of a unit before 1 July 2025. Choose the unit of today.",
            ),
            extra={"became": became},
        )
    raise NotFound(
        "place_not_found",
        Text(
            "Không có xã, phường hay đặc khu với mã này. Bạn tìm theo tên.",
            "No commune, ward or special zone has this code. Search by name.",
        ),
    )


async def resolve_office(*, database: Database, procedure: str, ward: str) -> Route:
    """Return which office decides ``procedure`` at ``ward`` and why. Raises ``NotFound`` and ``Conflict``."""
    found = await get_procedure(database=database, code=procedure)
    place, _ = await find_place(database=database, ward=ward)
    written = found.content.editorial
    decided_by = str((written.guide or {}).get("decided_by", ""))
    return resolve(competent_level=written.competent_level, place=place, decided_by=decided_by)


async def search_places(
    *, database: Database, typed: str, province: str | None, limit: int
) -> list[places_store.Match]:
    """Return places by a typed name, today's or old, best first."""
    async with database.read() as tx:
        return await places_store.search_places(tx, typed, province=province, limit=limit)


async def list_places(*, database: Database, province: str | None, after: str | None, limit: int) -> list[Place]:
    """Return up to ``limit`` wards after the code ``after``."""
    async with database.read() as tx:
        return await places_store.list_places(tx, province=province, after=after, limit=limit)


async def list_participants(*, database: Database) -> list[Participant]:
    """Return the participants by id."""
    async with database.read() as tx:
        return await places_store.participants(tx)


async def list_fields(*, database: Database) -> list[tuple[str, int]]:
    """Return (field, procedures in force)."""
    async with database.read() as tx:
        return await store.counts_by(tx, "field")


@dataclass(frozen=True, slots=True)
class Agency:
    """An issuing agency as shown, with its titles of record."""

    name: str
    names: list[str]
    count: int


async def list_agencies(*, database: Database) -> list[Agency]:
    """Return the issuing agencies by name; what has no issuer is not among them."""
    async with database.read() as tx:
        counts = await store.counts_by(tx, "agency")
        issuers = await store.issuers(tx)
    return [
        Agency(name, sorted(one for one in issuers if model.agency_of(one) == name), count)
        for name, count in counts
        if name
    ]


def list_statuses(*, seed: Path) -> list[tuple[int, str, bool]]:
    """Return (code, official name, whether it is an end) of the ten national status codes."""
    return seed_files.read_statuses(seed)
