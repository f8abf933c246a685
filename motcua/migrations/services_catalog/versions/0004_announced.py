"""What was said of life events, guides and questions on the log."""

import sqlalchemy as sa
from alembic import op

revision = "0004_announced"
down_revision = "0003_working_copies"


def upgrade() -> None:
    """Create the table, empty: everything is said at the next start."""
    op.create_table(
        "announced",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )


def downgrade() -> None:
    """Drop the table; receivers then see repeated versions, which they pass over."""
    op.drop_table("announced")
