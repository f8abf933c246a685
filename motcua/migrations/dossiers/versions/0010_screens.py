"""Second screens of helpers' desks."""

import sqlalchemy as sa
from alembic import op

revision = "0010_screens"
down_revision = "0009_tasks"


def upgrade() -> None:
    """Create the table; there were no screens before."""
    op.create_table(
        "screen",
        sa.Column("assist", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("assist"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_screen_touched_at", "screen", ["touched_at"])


def downgrade() -> None:
    """Drop the table; open screens end."""
    op.drop_index("ix_screen_touched_at", table_name="screen")
    op.drop_table("screen")
