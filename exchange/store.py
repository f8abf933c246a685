"""Tables of the exchange. A lane is rows: one in ``lane``, its waiting and recently acked items in ``lane_item``."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from kernel.consume import consume_tables
from kernel.db import BigId, UtcDateTime
from kernel.lease import lease_table
from kernel.outbox import outbox_table

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
lease_table(METADATA)
consume_tables(METADATA)

LANE = Table(
    "lane",
    METADATA,
    Column("lane", String, primary_key=True),
    Column("link_epoch", Integer, nullable=False, default=0),
    Column("participant", String, nullable=False, default=""),  # who holds it now, by certificate
    Column("holder", String, nullable=False, default=""),  # the instance that has the link; empty = nobody
    Column("journal_id", String, nullable=False, default=""),
    Column("acked_seq", BigId, nullable=False, default=0),
    Column("last_seq", BigId, nullable=False, default=0),
    Column("last_report_seq", BigId, nullable=False, default=0),
    Column("resync", Boolean, nullable=False, default=False),
    Column("resyncs", Integer, nullable=False, default=0),
    Column("lost_from", BigId, nullable=False, default=0),
    Column("lost_to", BigId, nullable=False, default=0),
    Column("connected_at", UtcDateTime),
    Column("away_since", UtcDateTime),
    Column("last_seen", UtcDateTime),
    Column("software", String, nullable=False, default=""),
    Column("drift_seconds", BigId, nullable=False, default=0),
    Column("compared_at", UtcDateTime),
    Column("differing", Integer, nullable=False, default=0),
)

# state: ready (to be sent or acked), acked, quarantined (the participant could not read it)
LANE_ITEM = Table(
    "lane_item",
    METADATA,
    Column("lane", String, primary_key=True),
    Column("seq", BigId, primary_key=True),
    Column("subject", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("request_no", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("ce_id", String, nullable=False),
    Column("replaces", BigId, nullable=False, default=0),
    Column("state", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("acked_at", UtcDateTime),
    UniqueConstraint("ce_id", "replaces"),
)
_READY = LANE_ITEM.c.state == "ready"
Index("lane_item_ready", LANE_ITEM.c.lane, LANE_ITEM.c.seq, sqlite_where=_READY, postgresql_where=_READY)
_STUCK = LANE_ITEM.c.state == "quarantined"
Index("lane_item_stuck", LANE_ITEM.c.lane, LANE_ITEM.c.subject, sqlite_where=_STUCK, postgresql_where=_STUCK)
Index("lane_item_acked", LANE_ITEM.c.acked_at)

# Waits behind a quarantined item of its subject; has no number yet, so that the lane stays dense.
HELD_ITEM = Table(
    "held_item",
    METADATA,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("lane", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("request_no", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("ce_id", String, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Index("held_item_subject", "lane", "subject"),
    sqlite_autoincrement=True,
)

# The comparison copy: where each dossier is, and the digest of its state. ``version`` 0 = only its delivery is known.
DOSSIER = Table(
    "dossier",
    METADATA,
    Column("code", String, primary_key=True),
    Column("lane", String, nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("event_no", Integer, nullable=False, default=0),
    Column("request_no", Integer, nullable=False, default=0),
    Column("digest", String, nullable=False, default=""),
    Column("ended", Boolean, nullable=False, default=False),
    Column("changed_at", UtcDateTime),
    Column("wanted_at", UtcDateTime),
)

# Where a dossier was in the epochs that are over; one that was never handed on has no row.
FORMER_LANE = Table(
    "former_lane",
    METADATA,
    Column("code", String, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("lane", String, nullable=False),
)

# Who may hold which lane, since when. One open row a lane; without a row a lane is held by the participant of its name.
HOLDING = Table(
    "holding",
    METADATA,
    Column("lane", String, primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("participant", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("until", UtcDateTime),
)

STORED_FILE = Table(
    "stored_file",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# What a participant sent that cannot be passed on: not readable, or naming no subject.
UNREADABLE = Table(
    "unreadable_report",
    METADATA,
    Column("lane", String, primary_key=True),
    Column("journal_id", String, primary_key=True),
    Column("report_seq", BigId, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
