"""The table of second screens: at most one for each helping, gone with its draft, its end, or half an hour of rest."""

from sqlalchemy import Column, LargeBinary, MetaData, String, Table

from kernel.db import UtcDateTime


def screen_table(metadata: MetaData) -> Table:
    """Declare the table in the service's metadata. ``sealed`` is the claim code, which only the screen's code opens."""
    return Table(
        "screen",
        metadata,
        Column("assist", String, primary_key=True),
        Column("digest", LargeBinary, nullable=False, unique=True),
        Column("page", String, nullable=False),
        Column("touched_at", UtcDateTime, nullable=False, index=True),
        Column("sealed", LargeBinary),
    )
