"""Lanes that dossiers were on before."""

import sqlalchemy as sa
from alembic import op

revision = "0002_former_lanes"
down_revision = "0001_first_tables"


def upgrade() -> None:
    """Create the table; dossiers that were never handed on need no row."""
    op.create_table(
        "former_lane",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", "epoch"),
    )


def downgrade() -> None:
    """Drop the table; what it holds is lost."""
    op.drop_table("former_lane")
