"""The table of payments: one row an attempt, at most one alive for each dossier."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, text

from kernel.db import BigId, UtcDateTime

ALIVE = text("state IN ('started', 'unknown')")


def payment_table(metadata: MetaData) -> Table:
    """Declare the table in the service's metadata. ``todo`` and ``next_at`` say what is done next by itself."""
    return Table(
        "payment",
        metadata,
        Column("id", String, primary_key=True),
        Column("code", String, ForeignKey("dossier.code"), nullable=False, index=True),
        Column("ask_no", Integer, nullable=False),
        Column("by", String, nullable=False),
        Column("helper", String),
        Column("amount_vnd", BigId, nullable=False),
        Column("started_at", UtcDateTime, nullable=False),
        Column("state", String, nullable=False),
        Column("address", String, nullable=False),
        Column("expires_at", UtcDateTime),
        Column("reason", String, nullable=False),
        Column("charged_vnd", BigId, nullable=False),
        Column("receipt_no", String, nullable=False),
        Column("paid_at", UtcDateTime),
        Column("request_no", Integer),
        Column("settled", Boolean, nullable=False),
        Column("refund", String),
        Column("refund_why", String, nullable=False),
        Column("refund_no", String, nullable=False),
        Column("refunded_at", UtcDateTime),
        Column("asked", Integer, nullable=False),
        Column("todo", String, nullable=False),
        Column("next_at", UtcDateTime),
        Column("change_no", Integer, nullable=False),
        Index("payment_to_do", "todo", "next_at"),
        Index("one_payment_alive", "code", unique=True, sqlite_where=ALIVE, postgresql_where=ALIVE),
    )
