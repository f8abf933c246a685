"""Losing a service's tables, on whichever engine the portal runs, and reading what is in them."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete

from kernel.settings import Settings
from motcua.operating.places import place_of, tables_of
from tests.running import Portal


def settings_of(portal: Portal) -> Settings:
    """Return where the portal's tables and log are: its folder, or the engines that its environment names."""
    told = os.environ | portal.env
    database, kafka = told.get("MOTCUA_DATABASE", ""), told.get("MOTCUA_KAFKA", "")
    return Settings(data=portal.data, database=database, kafka=kafka, single_broker=bool(kafka))


def lose(portal: Portal, service: str, tables: Sequence[str] = ()) -> None:
    """Lose every row of ``service``, or of some tables; all of it only while the portal is down."""
    settings = settings_of(portal)
    schema = place_of(service).schema
    if not tables and not settings.database:
        for path in (portal.data / "services").glob(f"{schema}.db*"):
            path.unlink()
        return
    asyncio.run(_empty(settings, service, tables))


async def _empty(settings: Settings, service: str, tables: Sequence[str]) -> None:
    async with tables_of(settings, service) as database, database.begin() as tx:
        for table in reversed(database.tables.sorted_tables):
            if not tables or table.name in tables:
                await tx.execute(delete(table))


def rows(portal: Portal, service: str, query: Select[Any]) -> list[tuple[Any, ...]]:
    """Return what ``query`` finds in the tables of ``service``, sorted."""
    return asyncio.run(_rows(settings_of(portal), service, query))


async def _rows(settings: Settings, service: str, query: Select[Any]) -> list[tuple[Any, ...]]:
    async with tables_of(settings, service) as database, database.read() as tx:
        return sorted((tuple(row) for row in await tx.all(query)), key=repr)
