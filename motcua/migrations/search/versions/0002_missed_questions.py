"""Questions that search did not answer, counted by week."""

import sqlalchemy as sa
from alembic import op

revision = "0002_missed_questions"
down_revision = "0001_first_tables"


def upgrade() -> None:
    """Create the tables, empty."""
    op.create_table(
        "missed",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("askers", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("week", "digest"),
    )
    op.create_table(
        "missed_asker",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("week", "asker", "question"),
    )
    op.create_table(
        "missed_salt",
        sa.Column("week", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("week"),
    )


def downgrade() -> None:
    """Drop the tables; the counts are lost."""
    for table in ("missed_salt", "missed_asker", "missed"):
        op.drop_table(table)
