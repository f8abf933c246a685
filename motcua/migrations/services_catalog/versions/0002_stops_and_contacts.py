"""Planned stops, how offices are reached, and answers to repeated requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002_stops_and_contacts"
down_revision = "0001_first_tables"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "planned_stop",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("part", "lane")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("starts_at", "ends_at")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("text_vi", "text_en", "reason_vi", "reason_en")),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.String(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_planned_stop_ends_at", "planned_stop", ["ends_at"])
    op.create_table(
        "office_contact",
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("office", "address", "telephone", "email", "hours", "source")
        ),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("office"),
    )
    op.create_table(
        "idempotency",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("subject", "key", "body_digest")),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key"),
    )


def downgrade() -> None:
    """Drop the tables; what they hold is lost."""
    for table in ("idempotency", "office_contact", "planned_stop"):
        op.drop_table(table)
