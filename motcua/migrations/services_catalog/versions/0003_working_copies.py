"""Working copies of procedures, and what published revisions were compiled from."""

import sqlalchemy as sa
from alembic import op

revision = "0003_working_copies"
down_revision = "0002_stops_and_contacts"


def upgrade() -> None:
    """Create both tables, empty."""
    op.create_table(
        "proposal",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "written",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("code", "revision"),
    )


def downgrade() -> None:
    """Drop both tables; what they hold is lost."""
    op.drop_table("written")
    op.drop_table("proposal")
