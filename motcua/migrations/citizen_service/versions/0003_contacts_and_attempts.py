"""How helped people are told, and by which channels a change was told already."""

import sqlalchemy as sa
from alembic import op

revision = "0003_contacts_and_attempts"
down_revision = "0002_preferences"


def upgrade() -> None:
    """Create both tables; messages that left before have no attempt, so a late report of theirs changes nothing."""
    op.create_table(
        "contact",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("helper", sa.String(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "attempt",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("dossier", sa.String(), nullable=False),
        sa.Column("event_no", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )


def downgrade() -> None:
    """Drop both; helped people are told nothing more."""
    op.drop_table("attempt")
    op.drop_table("contact")
