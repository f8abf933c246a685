"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say here what changes."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Say here how it is taken back."""
    ${downgrades if downgrades else "pass"}
