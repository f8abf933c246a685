"""Lists that go back in time, a page at a time."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Select, or_


def newest_first(
    query: Select[Any], at: Column[Any], id: Column[Any], *, before: tuple[datetime, str] | None, size: int
) -> Select[Any]:
    """Return ``query`` by ``at`` and ``id``, the newest first: ``size`` + 1 rows older than the key ``before``."""
    query = query.order_by(at.desc(), id.desc()).limit(size + 1)
    if before is None:
        return query
    moment, last = before
    return query.where(or_(at < moment, (at == moment) & (id < last)))
