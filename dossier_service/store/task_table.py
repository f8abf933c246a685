"""The tables of what offices are asked to do for people no message reaches, and of what waits for its hour."""

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table

from kernel.db import UtcDateTime


def task_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare both tables in the service's metadata: tasks, and what is said an hour later."""
    task = Table(
        "task",
        metadata,
        Column("code", String, ForeignKey("dossier.code"), primary_key=True),
        Column("about", Integer, primary_key=True),
        Column("kind", String, nullable=False),
        Column("what", String, nullable=False),
        Column("ask_no", Integer, nullable=False),
        Column("opened_at", UtcDateTime, nullable=False),
        Column("closed_at", UtcDateTime),
    )
    hour_later = Table(
        "hour_later",
        metadata,
        Column("code", String, ForeignKey("dossier.code"), primary_key=True),
        Column("what", String, primary_key=True),
        Column("at", UtcDateTime, nullable=False),
        Index("hour_later_at", "at"),
    )
    return task, hour_later
