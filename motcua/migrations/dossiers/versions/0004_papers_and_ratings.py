"""Codes by which anyone can check a paper, what mends a wrong one, and ratings with their texts apart."""

import sqlalchemy as sa
from alembic import op

revision = "0004_papers_and_ratings"
down_revision = "0003_former_owners"


def upgrade() -> None:
    """Create the tables; papers of dossiers filed before carry no code."""
    _create_papers()
    _create_ratings()


def downgrade() -> None:
    """Drop the tables; what they hold is lost."""
    op.drop_index("file_by_digest", "file")
    for table in ("correction", "rating_text", "rating", "paper_code"):
        op.drop_table(table)


def _create_papers() -> None:
    op.create_table(
        "paper_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("paper_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("paper_code"),
    )
    op.create_table(
        "correction",
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("of_code", sa.String(), nullable=False),
        sa.Column("by_code", sa.String()),
        sa.Column("what", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by_code"], ["dossier.code"]),
        sa.ForeignKeyConstraint(["of_code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("draft"),
        sa.UniqueConstraint("by_code"),
    )
    op.create_index("ix_correction_of_code", "correction", ["of_code"])
    op.create_index("file_by_digest", "file", ["sha256"])


def _create_ratings() -> None:
    op.create_table(
        "rating",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("call_back", sa.Boolean(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("rating_of_office", "rating", ["office", "given_at"])
    op.create_index("rating_of_procedure", "rating", ["procedure", "given_at"])
    op.create_table(
        "rating_text",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["dossier.code"]),
        sa.PrimaryKeyConstraint("code"),
    )
