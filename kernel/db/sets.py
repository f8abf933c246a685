"""Many rows in one statement. PostgreSQL gets each column as one array: a third of the work that a row each costs."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
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
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

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


@lru_cache(100)
def insertion_of_newer(table: Table, names: tuple[str, ...], key: str, version: str, arrays: bool) -> Any:
    """Return the INSERT that writes over a row of the same ``key`` where its ``version`` is lower."""
    statement: Any = postgresql.insert(table) if arrays else sqlite.insert(table)
    if arrays:
        rows = given(table, dict(zip(names, names, strict=True)))
        statement = statement.from_select(
            list(names), select(*(rows.c[name] for name in names)), include_defaults=False
        )
    return statement.on_conflict_do_update(
        index_elements=[table.c[key]],
        set_={name: statement.excluded[name] for name in names if name != key},
        where=statement.excluded[version] > table.c[version],
    )


Group = tuple[tuple[str, ...], tuple[str, ...]]


def grouped(changes: Sequence[Change]) -> dict[Group, list[dict[str, Any]]]:
    """Return the parameters of each (known, new) by the names of both: a statement for each set of columns."""
    groups: dict[Group, list[dict[str, Any]]] = {}
    for known, new in changes:
        row = {f"old_{name}": value for name, value in known.items()}
        row |= {f"new_{name}": value for name, value in new.items()}
        groups.setdefault((tuple(known), tuple(new)), []).append(row)
    return groups


@lru_cache(500)
def changing(table: Table, known: tuple[str, ...], new: tuple[str, ...], arrays: bool) -> Update:
    """Return the UPDATE of rows that are as known; ``arrays`` = each parameter is a column of many rows."""
    olds, news = {f"old_{name}": name for name in known}, {f"new_{name}": name for name in new}
    told: Any = given(table, olds | news).c if arrays else {name: bindparam(name) for name in olds | news}
    same = [table.c[place] == told[name] for name, place in olds.items()]
    return update(table).where(*same).values({place: told[name] for name, place in news.items()})


class Question:
    """A query that is asked again and again about other values in ``place``; made once, at import."""

    def __init__(self, query: Select[Any], place: Column[Any]) -> None:
        self.of_list = query.where(place.in_(bindparam("values", expanding=True)))
        self.of_array = query.where(place == any_(bindparam("values", type_=ARRAY(place.type))))


def among(dialect: str, place: Column[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Return ``place IN values``: one array on PostgreSQL, however many they are."""
    if dialect == "sqlite":
        return place.in_(list(values))
    return place == any_(literal(list(values), ARRAY(place.type)))
