"""Tasks of offices for people no message reaches, and what is said an hour after its reason."""

import sqlalchemy as sa
from alembic import op

revision = "0009_tasks"
down_revision = "0008_exemptions"


def upgrade() -> None:
    """Create both tables; who was not told before stays so, and dossiers that ended before ask for no rating."""
    op.create_table(
        "task",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("ask_no", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code", "about"),
    )
    op.create_table(
        "hour_later",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code", "what"),
    )
    op.create_index("hour_later_at", "hour_later", ["at"])


def downgrade() -> None:
    """Drop both; open tasks stay with the offices that have them."""
    op.drop_index("hour_later_at", table_name="hour_later")
    op.drop_table("hour_later")
    op.drop_table("task")
