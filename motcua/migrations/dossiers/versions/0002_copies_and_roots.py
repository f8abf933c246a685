"""Copies of the catalogue, links of participants, daily roots."""

import sqlalchemy as sa
from alembic import op

revision = "0002_copies_and_roots"
down_revision = "0001_first_tables"


def upgrade() -> None:
    """Create the tables."""
    _create_day_head()
    _create_day_root()
    _create_idempotency()
    _create_link()
    _create_participant()
    _create_place()
    _create_procedure_head()
    _create_revision()
    _create_sealed_head()


def downgrade() -> None:
    """Drop the tables; what they hold is lost."""
    for table in (
        "sealed_head",
        "revision",
        "procedure_head",
        "place",
        "participant",
        "link",
        "idempotency",
        "day_root",
        "day_head",
    ):
        op.drop_table(table)


def _create_day_head() -> None:
    op.create_table(
        "day_head",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("date", "code"),
    )


def _create_day_root() -> None:
    op.create_table(
        "day_root",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("prev_root", sa.String(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("date"),
    )


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "key"),
    )


def _create_link() -> None:
    op.create_table(
        "link",
        sa.Column("participant", sa.String(), nullable=False),
        sa.Column("link_epoch", sa.Integer(), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("participant"),
    )


def _create_participant() -> None:
    op.create_table(
        "participant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lanes", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_place() -> None:
    op.create_table(
        "place",
        sa.Column("ward", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("province_name", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("office_name", sa.String(), nullable=False),
        sa.Column("centre_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ward"),
    )


def _create_procedure_head() -> None:
    op.create_table(
        "procedure_head",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("successor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )


def _create_revision() -> None:
    op.create_table(
        "revision",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("plain_title", sa.String(), nullable=False),
        sa.Column("fileable", sa.Boolean(), nullable=False),
        sa.Column("competent_level", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("form_digest", sa.String(), nullable=False),
        sa.Column("term", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", "revision"),
    )


def _create_sealed_head() -> None:
    op.create_table(
        "sealed_head",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
    )
