"""How far files have come that are sent in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0006_files_in_parts"
down_revision = "0005_assisted_filing"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "incoming_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String()),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incoming_file_holder", "incoming_file", ["holder"])
    op.create_index("ix_incoming_file_began_at", "incoming_file", ["began_at"])


def downgrade() -> None:
    """Drop the table; what is still coming begins anew."""
    op.drop_table("incoming_file")
