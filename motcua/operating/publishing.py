"""What an owner is told to do through its outbox: say again what others copy from it, hand dossiers on."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kernel.errors import Invalid
from motcua.operating.places import Unknown

Progress = Callable[[str, int, int], None]
OWNERS = ("catalog", "dossiers", "exchange")


async def republish(
    owner: str,
    *,
    data: Path,
    progress: Progress,
    since: datetime | None = None,
    subject: str | None = None,
    lanes: bool = True,
) -> dict[str, int]:
    """Let ``owner`` (or ``all``) say its state again; return how many events each emitted.

    ``since`` and ``subject`` narrow it as far as the owner's facts have a time and a subject: the catalogue has no
    times, so ``since`` leaves it whole. ``lanes`` = also put dossiers that may not have arrived on their lanes again.
    Raises ``Unknown`` for another owner.
    """
    if owner != "all" and owner not in OWNERS:
        raise Unknown(f"Nobody copies from {owner}: give one of {', '.join(OWNERS)}, all")
    told: dict[str, int] = {}
    if owner in ("catalog", "all"):
        told["catalog"] = await _catalog(data, subject, progress)
    if owner in ("dossiers", "all"):
        told["dossiers"] = await _dossiers(data, since, subject, lanes, progress)
    if owner in ("exchange", "all"):
        told["exchange"] = await _exchange(data, since, subject, progress)
    return told


async def _catalog(data: Path, subject: str | None, progress: Progress) -> int:
    from services_catalog import main
    from services_catalog.settings import CatalogSettings

    return await main.republish(CatalogSettings(data=data), subject=subject, progress=progress)


async def _dossiers(data: Path, since: datetime | None, subject: str | None, lanes: bool, progress: Progress) -> int:
    from dossier_service import main
    from dossier_service.settings import DossierSettings

    settings = DossierSettings(data=data)
    return await main.republish(settings, since=since, subject=subject, lanes=lanes, progress=progress)


async def _exchange(data: Path, since: datetime | None, subject: str | None, progress: Progress) -> int:
    from exchange import main
    from exchange.settings import ExchangeSettings

    return await main.republish(ExchangeSettings(data=data), since=since, subject=subject, progress=progress)


async def rehome(data: Path, *, source: str, target: str, subject: str | None, share: float, progress: Progress) -> int:
    """Hand open dossiers of one lane on to another; return how many. Raises ``Unknown`` for a lane nobody knows."""
    from dossier_service import main
    from dossier_service.settings import DossierSettings

    settings = DossierSettings(data=data)
    try:
        return await main.rehome(
            settings, source=source, target=target, subject=subject, share=share, progress=progress
        )
    except Invalid as wrong:
        raise Unknown(wrong.text.en) from None
