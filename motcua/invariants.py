"""``motcua check``: the promises, read from the nation's, the exchange's and the provinces' own tables.

It only reads, and may run while the portal serves. A dossier that changed within the last ``settle`` seconds may be
on its way between two sides: its two sides are not compared then.
"""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from dossier_service.store.tables import DOSSIER
from dossier_service.store.tables import METADATA as DOSSIERS
from dossier_service.usecases.invariants import check_invariants
from exchange.store import DOSSIER as COMPARED
from exchange.store import METADATA as EXCHANGE
from kernel.clock import Clock
from kernel.db import Database
from province_backend.main import check_books, states_of_books
from province_backend.settings import OfficeSettings

State = tuple[int, int, str]


async def broken_promises(data: Path, *, settle: timedelta = timedelta(seconds=5)) -> list[str]:
    """Return every broken promise below ``data``, one line each; an empty list when all hold."""
    if not (data / "services" / "dossiers.db").exists():
        return [f"{data} holds no portal"]
    nation = Database(f"sqlite+aiosqlite:///{data}/services/dossiers.db", DOSSIERS, readers=1)
    compared = Database(f"sqlite+aiosqlite:///{data}/services/exchange.db", EXCHANGE, readers=1)
    before = Clock(data / "clock.json").now() - settle
    try:
        async with nation.read() as tx:
            broken = await check_invariants(tx, settled=settle == timedelta(0))
            rows = await tx.all(select(DOSSIER).where(DOSSIER.c.updated_at <= before))
        async with compared.read() as tx:
            copies = await tx.all(select(COMPARED.c.code, COMPARED.c.epoch, COMPARED.c.version, COMPARED.c.digest))
    finally:
        await nation.close()
        await compared.close()
    ours = {row.code: (row.lane, (row.epoch, row.version, row.state_digest)) for row in rows}
    settings = OfficeSettings(data=data)
    broken += await check_books(settings)
    broken += differing(ours, await states_of_books(settings))
    broken += [
        f"{row.code}: the exchange compares with version {row.version}, the nation is at {ours[row.code][1][1]}"
        for row in copies
        if row.code in ours and (row.epoch, row.version, row.digest) != ours[row.code][1]
    ]
    return broken


def differing(ours: dict[str, tuple[str, State]], books: dict[str, dict[str, State]]) -> list[str]:
    """Return where the nation and an office's books differ. ``books`` is by lane, then by dossier."""
    broken = []
    for code, (lane, state) in ours.items():
        theirs = books.get(lane, {}).get(code)
        if theirs is None:
            broken.append(f"{code}: filed, and not in the books of {lane}")
        elif theirs != state:
            broken.append(f"{code}: version {state[1]} {state[2][:8]} here, {theirs[1]} {theirs[2][:8]} at {lane}")
    for lane, cases in books.items():
        broken += [
            f"{code}: in the books of {lane}, not of the lane" for code in cases if ours.get(code, (lane,))[0] != lane
        ]
    return broken
