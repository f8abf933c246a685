"""Being let off a fee: the grounds of each revision, and people's wishes."""

import sqlalchemy as sa
from alembic import op

revision = "0008_exemptions"
down_revision = "0007_payments"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "exemption_ground",
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("text_vi", sa.String(), nullable=False),
        sa.Column("text_en", sa.String(), nullable=False),
        sa.Column("basis_vi", sa.String(), nullable=False),
        sa.Column("basis_en", sa.String(), nullable=False),
        sa.Column("resolution_vi", sa.String()),
        sa.Column("resolution_en", sa.String()),
        sa.PrimaryKeyConstraint("procedure", "revision", "ground"),
    )
    op.create_table(
        "exemption",
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("code", sa.String()),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("source_vi", sa.String()),
        sa.Column("source_en", sa.String()),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decider", sa.String()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("photo", sa.String()),
        sa.PrimaryKeyConstraint("draft"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("exemption_by_standing", "exemption", ["standing", "asked_at"])


def downgrade() -> None:
    """Drop the tables; who asked to pay no fee is forgotten."""
    op.drop_table("exemption")
    op.drop_table("exemption_ground")
