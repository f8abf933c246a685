"""``motcua check``: the promises, read from the nation's, the exchange's and the provinces' own tables.

It only reads, and may run while the portal serves. A dossier that changed within the last ``settle`` seconds may be
on its way between two sides: its two sides are not compared then.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import func, select

from dossier_service.store.tables import DOSSIER, FORMER_OWNER
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.uploads import missing_files
from exchange.store import DOSSIER as COMPARED
from kernel.clock import Clock, real_now
from kernel.errors import Unavailable
from kernel.log import Log, Partition
from kernel.settings import Settings
from motcua.assembly import open_files, open_log
from motcua.operating.places import PLACES, holds_portal, tables_of
from province_backend.main import check_books, states_of_books
from province_backend.settings import OfficeSettings

State = tuple[int, int, str]
STUCK = timedelta(seconds=60)
LOG_SECONDS = 20.0


async def broken_promises(settings: Settings, *, settle: timedelta = timedelta(seconds=5)) -> list[str]:
    """Return every broken promise, one line each; an empty list when all hold.

    The nation's tables are where ``settings`` say, the provinces' books below its data folder.
    """
    if not holds_portal(settings):
        return [f"{settings.data} holds no portal"]
    broken, ours = await _of_the_nation(settings, settle)
    former = await _former_owners(settings)
    offices = OfficeSettings(data=settings.data)
    broken += await check_books(offices)
    books = await states_of_books(offices)
    broken += differing(ours, books, former)
    broken += await _unknown_to_the_nation(settings, ours, books)
    broken += await _of_the_exchange(settings, ours)
    broken += await stuck_outboxes(settings)
    return broken + await _of_the_log(settings)


Ours = dict[str, tuple[str, State]]
Former = Mapping[tuple[str, int], str]
"""The lanes that owned dossiers in the epochs that are over."""


async def _of_the_nation(settings: Settings, settle: timedelta) -> tuple[list[str], Ours]:
    before = Clock(settings.data / "clock.json").now() - settle
    async with tables_of(settings, "dossiers") as nation:
        async with nation.read() as tx:
            broken = await check_invariants(tx, settled=settle == timedelta(0))
            rows = await tx.all(select(DOSSIER).where(DOSSIER.c.updated_at <= before))
        missing = await missing_files(database=nation, store=open_files(settings))
    broken += [f"{each.partition('/')[0]}: the file {each.partition('/')[2]} is not in the store" for each in missing]
    return broken, {row.code: (row.lane, (row.epoch, row.version, row.state_digest)) for row in rows}


async def _former_owners(settings: Settings) -> Former:
    async with tables_of(settings, "dossiers") as nation, nation.read() as tx:
        rows = await tx.all(select(FORMER_OWNER.c.code, FORMER_OWNER.c.epoch, FORMER_OWNER.c.lane))
    return {(row.code, row.epoch): row.lane for row in rows}


async def _unknown_to_the_nation(settings: Settings, ours: Ours, books: dict[str, dict[str, State]]) -> list[str]:
    """Asked after the books were read, so that what was filed meanwhile is known: these a restored nation has lost."""
    others = sorted((code, lane) for lane, cases in books.items() for code in cases if code not in ours)
    known: set[str] = set()
    async with tables_of(settings, "dossiers") as nation, nation.read() as tx:
        for start in range(0, len(others), 500):
            codes = [code for code, _ in others[start : start + 500]]
            known |= {row.code for row in await tx.all(select(DOSSIER.c.code).where(DOSSIER.c.code.in_(codes)))}
    return [
        f"{code}: in the books of {lane}, and the nation does not know it" for code, lane in others if code not in known
    ]


async def _of_the_exchange(settings: Settings, ours: Ours) -> list[str]:
    columns = (COMPARED.c.code, COMPARED.c.lane, COMPARED.c.epoch, COMPARED.c.version, COMPARED.c.digest)
    async with tables_of(settings, "exchange") as compared, compared.read() as tx:
        copies = await tx.all(select(*columns))
    broken = []
    for row in (row for row in copies if row.code in ours):
        lane, state = ours[row.code]
        if (row.epoch, row.version, row.digest) != state:
            broken.append(f"{row.code}: the exchange compares with version {row.version}, the nation is at {state[1]}")
        if row.lane != lane:
            broken.append(f"{row.code}: the exchange has it on lane {row.lane}, the nation on {lane}")
    return broken


async def stuck_outboxes(settings: Settings) -> list[str]:
    """Name the outboxes whose oldest event has waited for longer than a minute."""
    broken = []
    for name, place in PLACES.items():
        if not place.publishes:
            continue
        async with tables_of(settings, name) as database, database.read() as tx:
            table = database.tables.tables["outbox"]
            row = await tx.first(select(func.count().label("waiting"), func.min(table.c.created_at).label("oldest")))
        if row is not None and row.waiting and real_now() - row.oldest > STUCK:
            broken.append(f"{name}: {row.waiting} events wait in its outbox, the oldest since {row.oldest:%F %T} UTC")
    return broken


async def _of_the_log(settings: Settings) -> list[str]:
    """Name positions that are outside what the log holds; a log that does not answer is named too."""
    try:
        log = await open_log(settings)
    except (OSError, Unavailable) as error:
        return [f"the log does not answer: {type(error).__name__}"]
    try:
        return await lost_positions(settings, log)
    except Exception as error:
        return [f"the log does not answer: {type(error).__name__}"]
    finally:
        await log.close()


async def lost_positions(settings: Settings, log: Log, *, only: Collection[str] = tuple(PLACES)) -> list[str]:
    """Name each consumer's position that lies outside what the log holds, or belongs to another topic."""
    broken: list[str] = []
    for name in only:
        if not PLACES[name].consumes:
            continue
        async with tables_of(settings, name) as database, database.read() as tx:
            rows = await tx.all(select(database.tables.tables["position"]))
        for topic in sorted({row.topic for row in rows}):
            identity, starts, ends = await log.topic_id(topic), await log.starts(topic), await log.ends(topic)
            for row in (row for row in rows if row.topic == topic):
                here = Partition(topic, row.partition)
                where = f"{row.consumer}: its position {row.next} in {topic}/{row.partition}"
                if row.topic_id != identity:
                    broken.append(f"{where} belongs to another topic of that name")
                elif here not in ends or not starts[here] <= row.next <= ends[here]:
                    broken.append(f"{where} is outside what the log holds")
    return broken


def differing(ours: Ours, books: dict[str, dict[str, State]], former: Former) -> list[str]:
    """Return where the nation and an office's books differ. ``books`` is by lane, then by dossier.

    An office that has not heard yet that it handed a dossier on holds it in an epoch that was its own: no difference.
    """
    broken = []
    for code, (lane, state) in ours.items():
        theirs = books.get(lane, {}).get(code)
        if theirs is None:
            broken.append(f"{code}: filed, and not in the books of {lane}")
        elif theirs != state:
            broken.append(f"{code}: version {state[1]} {state[2][:8]} here, {theirs[1]} {theirs[2][:8]} at {lane}")
    for lane, cases in books.items():
        broken += [
            f"{code}: in the books of {lane}, not of the lane"
            for code, (epoch, _, _) in cases.items()
            if ours.get(code, (lane,))[0] != lane and former.get((code, epoch)) != lane
        ]
    return broken
