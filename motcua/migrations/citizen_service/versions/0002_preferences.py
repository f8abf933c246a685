"""How people want to be told, and messages that wait on any channel."""

import sqlalchemy as sa
from alembic import op

revision = "0002_preferences"
down_revision = "0001_first_tables"

WAITING = sa.text("channel != 'inbox' AND sent_at IS NULL")
MAIL = sa.text("channel = 'mail' AND sent_at IS NULL")


def upgrade() -> None:
    """Create the table; who never chose keeps mail, and quiet hours from 22:00 to 6:00."""
    op.create_table(
        "preference",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channels", sa.String(), nullable=False),
        sa.Column("phone", sa.String()),
        sa.Column("quiet_from", sa.String(), nullable=False),
        sa.Column("quiet_until", sa.String(), nullable=False),
        sa.Column("big_print", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.drop_index("notice_unsent", table_name="notice")
    op.create_index("notice_waiting", "notice", ["id"], sqlite_where=WAITING, postgresql_where=WAITING)


def downgrade() -> None:
    """Drop the table; what people chose is lost."""
    op.drop_index("notice_waiting", table_name="notice")
    op.create_index("notice_unsent", "notice", ["id"], sqlite_where=MAIL, postgresql_where=MAIL)
    op.drop_table("preference")
