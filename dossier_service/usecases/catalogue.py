"""Keeping local copies of what the catalogue publishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dossier_service.model.exemptions import GroundRule
from dossier_service.store import catalogue, exemptions
from kernel.db import Tx


@dataclass
class Published:
    """Rows decoded from one batch of catalog.v1, by table."""

    revisions: list[Mapping[str, Any]] = field(default_factory=list)
    heads: list[Mapping[str, Any]] = field(default_factory=list)
    places: list[Mapping[str, Any]] = field(default_factory=list)
    participants: list[Mapping[str, Any]] = field(default_factory=list)
    grounds: dict[tuple[str, int], Sequence[GroundRule]] = field(default_factory=dict)


async def apply_catalogue(*, tx: Tx, published: Published) -> None:
    """Add revisions, which never change; apply heads, places and participants if newer."""
    parts: Sequence[tuple[Any, list[Mapping[str, Any]]]] = (
        (catalogue.add_revisions, published.revisions),
        (catalogue.put_heads, published.heads),
        (catalogue.put_places, published.places),
        (catalogue.put_participants, published.participants),
    )
    for apply, rows in parts:
        await apply(tx, rows)
    await exemptions.add_grounds(tx, published.grounds)
