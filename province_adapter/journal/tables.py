"""Tables of the journal."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from kernel.db import UtcDateTime

METADATA = MetaData()

NUMBERS = ("last_seq", "last_report_seq", "receipted", "link_epoch", "cursor")
FLAGS = ("resync", "books_restored")

MARK = Table(
    "mark",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("journal_id", String, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_report_seq", Integer, nullable=False),
    Column("receipted", Integer, nullable=False),
    Column("link_epoch", Integer, nullable=False),
    Column("cursor", Integer, nullable=False),
    Column("resync", Boolean, nullable=False),
    Column("books_restored", Boolean, nullable=False),
)

# Deliveries that the office does not have yet. state: waiting, bad (later ones of the subject wait behind it)
INBOX = Table(
    "inbox",
    METADATA,
    Column("seq", Integer, primary_key=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("inbox_subject", "subject", "seq"),
)

# What the office did. A number is given once its files are at the nation; receipted rows are kept for some days.
OUTGOING = Table(
    "outgoing",
    METADATA,
    Column("change_no", Integer, primary_key=True),
    Column("report_seq", Integer, unique=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("retry_at", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("receipted_at", UtcDateTime),
)
UNNUMBERED = OUTGOING.c.report_seq.is_(None)
Index("outgoing_unnumbered", OUTGOING.c.change_no, sqlite_where=UNNUMBERED, postgresql_where=UNNUMBERED)
Index("outgoing_receipted", OUTGOING.c.receipted_at)
