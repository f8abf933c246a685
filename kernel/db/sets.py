"""Many rows in one statement. PostgreSQL gets each column as one array: a third of the work that a row each costs."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Table,
    Update,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = Sequence[dict[str, Any]]
Change = tuple[dict[str, Any], dict[str, Any]]


def columns_of(rows: Rows) -> dict[str, list[Any]]:
    """Return the values of each column; every row has the same ones."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def given(table: Table, columns: dict[str, str]) -> FromClause:
    """Return rows that come as one array a parameter: ``columns`` are columns of ``table`` by parameter."""
    typed = {name: table.c[place].type for name, place in columns.items()}
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in typed.items()]
    shown = [column(name, kind) for name, kind in typed.items()]
    return func.unnest(*arrays).table_valued(*shown).render_derived("given")


@lru_cache(200)
def insertion(table: Table, names: tuple[str, ...]) -> Any:
    """Return the INSERT of rows that come as arrays."""
    rows = given(table, dict(zip(names, names, strict=True)))
    return insert(table).from_select(list(names), select(*(rows.c[name] for name in names)), include_defaults=False)


async def insert_rows(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert ``rows``, which all have the same columns; there is at least one."""
    if connection.dialect.name == "sqlite":
        await connection.execute(insert(table), rows)
    else:
        await connection.execute(insertion(table, tuple(rows[0])), columns_of(rows))


async def change_rows(connection: AsyncConnection, table: Table, changes: Sequence[Change]) -> int:
    """Write each (known, new) where a row is as known; return how many were: a statement for each set of columns."""
    arrays, found = connection.dialect.name != "sqlite", 0
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[dict[str, Any]]] = {}
    for known, new in changes:
        row = {f"old_{name}": value for name, value in known.items()}
        row |= {f"new_{name}": value for name, value in new.items()}
        groups.setdefault((tuple(known), tuple(new)), []).append(row)
    for (known_names, new_names), rows in groups.items():
        statement = _changing(table, known_names, new_names, arrays)
        found += (await connection.execute(statement, columns_of(rows) if arrays else rows)).rowcount
    return found


@lru_cache(500)
def _changing(table: Table, known: tuple[str, ...], new: tuple[str, ...], arrays: bool) -> Update:
    olds, news = {f"old_{name}": name for name in known}, {f"new_{name}": name for name in new}
    told: Any = given(table, olds | news).c if arrays else {name: bindparam(name) for name in olds | news}
    same = [table.c[place] == told[name] for name, place in olds.items()]
    return update(table).where(*same).values({place: told[name] for name, place in news.items()})


def among(dialect: str, place: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return ``place IN values``: one array on PostgreSQL, however many they are."""
    if dialect == "sqlite":
        return place.in_(list(values))
    return place == any_(literal(list(values), ARRAY(place.type)))
