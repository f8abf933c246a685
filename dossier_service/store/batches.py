"""What a batch of reports is judged by, read in one trip."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from dossier_service.model.dossier import Dossier, Request
from dossier_service.store import catalogue, dossiers, inbox
from kernel.db import Tx


@dataclass(frozen=True, slots=True)
class Shelf:
    """Dossiers, parked reports and open requests by code, and the lanes of participants."""

    dossiers: dict[str, Dossier]
    parked: dict[str, list[Any]]
    requests: dict[str, dict[int, Request]]
    lanes: dict[str, set[str]]


async def take_out(tx: Tx, codes: Collection[str], participants: Collection[str]) -> Shelf:
    """Return what is kept of ``codes`` and ``participants``."""
    held, parked, requests, holders = await tx.ask(
        (dossiers.LOADED, codes), (inbox.WAITING, codes), (dossiers.WAITING, codes), (catalogue.HOLDERS, participants)
    )
    return Shelf(
        dossiers.by_code(held),
        inbox.by_code(parked),
        dossiers.requests_by_code(requests),
        catalogue.lanes_by_holder(holders, participants),
    )
