"""Tables of the catalogue."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, MetaData, String, Table

from kernel.db import BigId, UtcDateTime
from kernel.idempotency import idempotency_table
from kernel.lease import lease_table
from kernel.outbox import outbox_table

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
LEASE = lease_table(METADATA)

REVISION = Table(
    "revision",
    METADATA,
    Column("code", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("title", String, nullable=False),
    Column("issuer", String, nullable=False),
    Column("executors", String, nullable=False),
    Column("field", String, nullable=False),
    Column("levels", String, nullable=False),
    Column("applicants", String, nullable=False),
    Column("decision", String, nullable=False),
    Column("editorial", String, nullable=False),
    Column("form_digest", String, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)

# One row a code: the head, and beside it what lists filter by, copied from the revision in force.
HEAD = Table(
    "head",
    METADATA,
    Column("code", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("successor", String, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("field", String, nullable=False),
    Column("agency", String, nullable=False),
    Column("levels", String, nullable=False),
    Column("applicants", String, nullable=False),
    Column("fileable", Boolean, nullable=False),
    Index("head_by_field", "field", "code"),
    Index("head_by_agency", "agency", "code"),
)

PLACE = Table(
    "place",
    METADATA,
    Column("ward", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("province", String, nullable=False, index=True),
    Column("province_name", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("former_province", String, nullable=False),
    Column("office", String, nullable=False),
    Column("office_name", String, nullable=False),
    Column("centre_name", String, nullable=False),
    Column("former_names", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
)

# Every name a ward can be found by: today's (old_code empty) and those of the wards it was made of.
PLACE_NAME = Table(
    "place_name",
    METADATA,
    Column("id", BigId, primary_key=True),
    Column("ward", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("folded", String, nullable=False),
    Column("bare", String, nullable=False),
    Column("old_code", String, nullable=False, index=True),
    Column("old_province", String, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("share", String, nullable=False),
)

PARTICIPANT = Table(
    "participant",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("successor_province", String, nullable=False),
    Column("successor_name", String, nullable=False),
    Column("lanes", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String, nullable=False),
)

IDEMPOTENCY = idempotency_table(METADATA)

# Stops that were announced; what is announced is never changed, only cancelled.
PLANNED_STOP = Table(
    "planned_stop",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("part", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("text_vi", String, nullable=False),
    Column("text_en", String, nullable=False),
    Column("reason_vi", String, nullable=False),
    Column("reason_en", String, nullable=False),
    Column("announced_at", UtcDateTime, nullable=False),
    Column("announced_by", String, nullable=False),
    Column("cancelled_at", UtcDateTime),
)

# How an office is reached; an office without a row has published nothing.
OFFICE_CONTACT = Table(
    "office_contact",
    METADATA,
    Column("office", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("telephone", String, nullable=False),
    Column("email", String, nullable=False),
    Column("hours", String, nullable=False),
    Column("source", String, nullable=False),
    Column("verified_on", Date, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String, nullable=False),
)

# What was said last of a life event, guide or question on the log.
ANNOUNCED = Table(
    "announced",
    METADATA,
    Column("subject", String, primary_key=True),
    Column("body", String, nullable=False),
)

# A working copy of an editor, one a code.
PROPOSAL = Table(
    "proposal",
    METADATA,
    Column("code", String, primary_key=True),
    Column("base", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("written", String, nullable=False),
    Column("saved_by", String, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

# What a revision was compiled from, for those that were published from a working copy.
WRITTEN = Table(
    "written",
    METADATA,
    Column("code", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("written", String, nullable=False),
    Column("published_by", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)

# What an editor asked a second person to approve, one a code.
MOTION = Table(
    "motion",
    METADATA,
    Column("code", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("successor", String, nullable=False),
    Column("restores", Boolean, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)

# Who asked and who approved, by the version of the head that came of it.
APPROVAL = Table(
    "approval",
    METADATA,
    Column("code", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("approved_by", String, nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
)
