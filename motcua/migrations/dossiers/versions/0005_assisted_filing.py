"""Who helped whom to file, what was agreed, and digests of claim codes."""

import sqlalchemy as sa
from alembic import op

revision = "0005_assisted_filing"
down_revision = "0004_papers_and_ratings"


def upgrade() -> None:
    """Create the table; dossiers filed before were helped, if at all, without a claim code."""
    op.create_table(
        "assist",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("code", sa.String()),
        sa.Column("helper", sa.String(), nullable=False),
        sa.Column("helper_name", sa.String(), nullable=False),
        sa.Column("helped_at", sa.String(), nullable=False),
        sa.Column("for_name", sa.String(), nullable=False),
        sa.Column("for_id_number", sa.String()),
        sa.Column("consent_way", sa.String(), nullable=False),
        sa.Column("consent_note", sa.String(), nullable=False),
        sa.Column("allows", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String()),
        sa.Column("claim_salt", sa.LargeBinary()),
        sa.Column("claim_digest", sa.LargeBinary()),
        sa.Column("claim_expires_at", sa.DateTime(timezone=True)),
        sa.Column("claim_count", sa.Integer(), nullable=False),
        sa.Column("claim_tries", sa.Integer(), nullable=False),
        sa.Column("claim_locked_until", sa.DateTime(timezone=True)),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("draft"),
    )
    op.create_index("assist_of_helper", "assist", ["helper", "started_at", "id"])


def downgrade() -> None:
    """Drop the table; what it holds is lost."""
    op.drop_table("assist")
