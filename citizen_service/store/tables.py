"""Tables of the citizen service."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, MetaData, String, Table, UniqueConstraint

from kernel.consume import consume_tables
from kernel.db import BigId, UtcDateTime
from kernel.lease import lease_table
from kernel.outbox import outbox_table

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
lease_table(METADATA)
consume_tables(METADATA)

PROFILE = Table(
    "profile",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("gender", String, nullable=False),
    Column("id_number", String, nullable=False),
    Column("nationality", String, nullable=False),
    Column("ward", String, nullable=False),
    Column("address", String, nullable=False),
    Column("phone", String),
    Column("email", String),
    Column("org", String),
    Column("org_name", String),
    Column("language", String, nullable=False),
    Column("source_vi", String, nullable=False),
    Column("source_en", String, nullable=False),
    Column("as_of", Date, nullable=False),
)

NOTICE = Table(
    "notice",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("owner", String, nullable=False),
    Column("dossier", String, nullable=False),
    Column("event_no", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("due_at", UtcDateTime),
    Column("due_expected", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("send_after", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("tries", Integer, nullable=False, default=0),
    Column("next_try", UtcDateTime),
    UniqueConstraint("dossier", "event_no", "channel"),
    Index("notice_inbox", "owner", "channel", "id"),
    sqlite_autoincrement=True,
)
_UNSENT = (NOTICE.c.channel != "inbox") & NOTICE.c.sent_at.is_(None)
Index("notice_waiting", NOTICE.c.id, sqlite_where=_UNSENT, postgresql_where=_UNSENT)

# Who never chose has no row.
PREFERENCE = Table(
    "preference",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("language", String, nullable=False),
    Column("channels", String, nullable=False),
    Column("phone", String),
    Column("quiet_from", String, nullable=False),
    Column("quiet_until", String, nullable=False),
    Column("big_print", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# What was settled before this database was lost, until its notice is written again.
SETTLED = Table(
    "settled",
    METADATA,
    Column("dossier", String, primary_key=True),
    Column("event_no", Integer, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

ACCESS = Table(
    "access",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("owner", String, nullable=False, index=True),
    Column("dossier", String, nullable=False),
    Column("no", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("office", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("dossier", "no"),
    sqlite_autoincrement=True,
)

# How news reach people who were helped to file and have no account; deleted when they or the office say so.
CONTACT = Table(
    "contact",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("helper", String, nullable=False),
    Column("phone", String),
    Column("way", String, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# By which channels a change was told already, and the name of each message in reports of its delivery.
ATTEMPT = Table(
    "attempt",
    METADATA,
    Column("token", String, primary_key=True),
    Column("dossier", String, nullable=False),
    Column("event_no", Integer, nullable=False),
    Column("channel", String, nullable=False),
)
