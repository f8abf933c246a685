"""Who owned a dossier in the epochs that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0003_former_owners"
down_revision = "0002_copies_and_roots"


def upgrade() -> None:
    """Create the table; dossiers that were never handed on need no row."""
    op.create_table(
        "former_owner",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("office_name", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code", "epoch"),
    )


def downgrade() -> None:
    """Drop the table; what it holds is lost."""
    op.drop_table("former_owner")
