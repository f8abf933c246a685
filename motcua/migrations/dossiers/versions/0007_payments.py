"""Payments of what offices ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0007_payments"
down_revision = "0006_files_in_parts"

ALIVE = sa.text("state IN ('started', 'unknown')")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "payment",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), sa.ForeignKey("dossier.code"), nullable=False),
        sa.Column("ask_no", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("helper", sa.String()),
        sa.Column("amount_vnd", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("charged_vnd", sa.BigInteger(), nullable=False),
        sa.Column("receipt_no", sa.String(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("request_no", sa.Integer()),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("refund", sa.String()),
        sa.Column("refund_why", sa.String(), nullable=False),
        sa.Column("refund_no", sa.String(), nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True)),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("todo", sa.String(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_payment_code", "payment", ["code"])
    op.create_index("payment_to_do", "payment", ["todo", "next_at"])
    op.create_index("one_payment_alive", "payment", ["code"], unique=True, postgresql_where=ALIVE)


def downgrade() -> None:
    """Drop the table; what was paid is then known to the platform alone."""
    op.drop_table("payment")
