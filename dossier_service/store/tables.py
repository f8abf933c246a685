"""Tables of the dossier service. Every foreign key has an index; one open request of a kind per dossier."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from dossier_service.store.exemption_table import exemption_tables
from dossier_service.store.payment_table import payment_table
from dossier_service.store.screen_table import screen_table
from dossier_service.store.task_table import task_tables
from kernel.consume import consume_tables
from kernel.db import BigId, UtcDateTime
from kernel.idempotency import idempotency_table
from kernel.lease import lease_table
from kernel.outbox import outbox_table

METADATA = MetaData()
OUTBOX = outbox_table(METADATA)
lease_table(METADATA)
consume_tables(METADATA)
idempotency_table(METADATA)
QUARANTINE = METADATA.tables["quarantine"]

DRAFT = Table(
    "draft",
    METADATA,
    Column("id", String, primary_key=True),
    Column("token_digest", String, nullable=False),
    Column("owner", String),
    Column("helper", String),
    Column("procedure", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("place", String, nullable=False),
    Column("answers", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("code", String),
    Column("submitted", Boolean, nullable=False),
    Column("submit_requested", Boolean, nullable=False),
    Column("demo_asks", Boolean, nullable=False),
    Index("draft_of_owner", "owner", "saved_at", "id"),
)

# One row for each person somebody helped to file; ``owner`` of its draft is nobody's subject until it is claimed.
ASSIST = Table(
    "assist",
    METADATA,
    Column("id", String, primary_key=True),
    Column("draft", String, nullable=False, unique=True),
    Column("code", String, unique=True),
    Column("helper", String, nullable=False),
    Column("helper_name", String, nullable=False),
    Column("helped_at", String, nullable=False),
    Column("for_name", String, nullable=False),
    Column("for_id_number", String),
    Column("consent_way", String, nullable=False),
    Column("consent_note", String, nullable=False),
    Column("allows", String, nullable=False),
    Column("told_by", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("filed_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String),
    Column("claim_salt", LargeBinary),
    Column("claim_digest", LargeBinary),
    Column("claim_expires_at", UtcDateTime),
    Column("claim_count", Integer, nullable=False),
    Column("claim_tries", Integer, nullable=False),
    Column("claim_locked_until", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    Index("assist_of_helper", "helper", "started_at", "id"),
)

COUNTER = Table(
    "counter",
    METADATA,
    Column("lane", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

DOSSIER = Table(
    "dossier",
    METADATA,
    Column("code", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("helper", String),
    Column("procedure", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("form_digest", String, nullable=False),
    Column("place", String, nullable=False),
    Column("lane", String, nullable=False, index=True),
    Column("office", String, nullable=False),
    Column("office_name", String, nullable=False),
    Column("received_by", String, nullable=False),
    Column("result_at", String, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False, index=True),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("held_since", UtcDateTime, nullable=False),
    Column("state_digest", String, nullable=False),
    Column("head", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_no", Integer, nullable=False),
    Column("delivery_no", Integer, nullable=False),
    Column("request_count", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("asks", String, nullable=False),
    Column("due", String),
    Column("expected", String),
    Column("national_at", UtcDateTime),
    Column("results", String, nullable=False),
    Column("draft_result", String),
    Column("reason", String, nullable=False),
    Column("reason_rule", String, nullable=False),
    Column("held_by", String, nullable=False),
    Column("authority_seconds", Integer, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("wants_draft", Boolean, nullable=False),
    Column("snapshot_asked_at", UtcDateTime),
    Index("dossier_of_owner", "owner", "submitted_at", "code"),
)

# One row for each epoch that is over; a dossier that was never handed on has none.
FORMER_OWNER = Table(
    "former_owner",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("lane", String, nullable=False),
    Column("office", String, nullable=False),
    Column("office_name", String, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

FILED = Table(
    "filed",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("procedure_title", String, nullable=False),
    Column("plain_title", String, nullable=False),
    Column("answers", String, nullable=False),
    Column("files", String, nullable=False),
    Column("applicant_name", String, nullable=False),
    Column("term_amount", Integer, nullable=False),
    Column("term_unit", String, nullable=False),
    Column("demo_asks_json", String, nullable=False),
)

REQUEST = Table(
    "request",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("request_no", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("ask_no", Integer),
    Column("filed_at", UtcDateTime, nullable=False),
    Column("by", String, nullable=False),
    Column("helper", String),
    Column("answers", String),
    Column("files", String, nullable=False),
    Column("text", String, nullable=False),
    Column("state", String, nullable=False),
    Column("answer_code", String, nullable=False),
    Column("answer_text", String, nullable=False),
    Column("answered_version", Integer),
)
Index(
    "one_open_request_of_a_kind",
    REQUEST.c.code,
    REQUEST.c.kind,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

HISTORY = Table(
    "history",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("prev", String, nullable=False),
    Column("type", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("request_no", Integer),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False, index=True),
    Column("reported_at", UtcDateTime),
    Column("content_digest", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("salt", LargeBinary),
    Column("content", LargeBinary),
    Column("state", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("state_digest", String, nullable=False),
    Column("recovered", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("drift", Boolean, nullable=False),
)

FILE = Table(
    "file",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("scan", String, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Index("file_by_digest", "sha256"),
)

UPLOAD = Table(
    "upload",
    METADATA,
    Column("holder", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("name", String, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False, index=True),
)

INCOMING = Table(
    "incoming_file",
    METADATA,
    Column("id", String, primary_key=True),
    Column("holder", String, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("length", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("sha256", String),
    Column("began_at", UtcDateTime, nullable=False, index=True),
)

PARKED = Table(
    "parked_report",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigId, nullable=False),
    Column("headers", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("appended_at", UtcDateTime, nullable=False),
    Column("parked_at", UtcDateTime, nullable=False, index=True),
)

ACCESS = Table(
    "access",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("role", String, nullable=False),
    Column("office", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

REVISION = Table(
    "revision",
    METADATA,
    Column("code", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("title", String, nullable=False),
    Column("plain_title", String, nullable=False),
    Column("fileable", Boolean, nullable=False),
    Column("competent_level", String, nullable=False),
    Column("form", String, nullable=False),
    Column("form_digest", String, nullable=False),
    Column("term", String, nullable=False),
)

HEAD = Table(
    "procedure_head",
    METADATA,
    Column("code", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("successor", String, nullable=False),
)

PLACE = Table(
    "place",
    METADATA,
    Column("ward", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("province_name", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("office", String, nullable=False),
    Column("office_name", String, nullable=False),
    Column("centre_name", String, nullable=False),
)

PARTICIPANT = Table(
    "participant",
    METADATA,
    Column("id", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("lanes", String, nullable=False),
)

LINK = Table(
    "link",
    METADATA,
    Column("participant", String, primary_key=True),
    Column("link_epoch", Integer, nullable=False),
    Column("connected", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

SEALED_HEAD = Table(
    "sealed_head",
    METADATA,
    Column("code", String, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("head", String, nullable=False),
)

DAY_HEAD = Table(
    "day_head",
    METADATA,
    Column("date", Date, primary_key=True),
    Column("code", String, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("head", String, nullable=False),
)

DAY_ROOT = Table(
    "day_root",
    METADATA,
    Column("date", Date, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("root", String, nullable=False),
    Column("prev_root", String, nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
)

PAPER_CODE = Table(
    "paper_code",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("paper_code", String, nullable=False, unique=True),
)

RATING = Table(
    "rating",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("procedure", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("office", String, nullable=False),
    Column("helped", Boolean, nullable=False),
    Column("score", Integer, nullable=False),
    Column("reasons", String, nullable=False),
    Column("call_back", Boolean, nullable=False),
    Column("change_no", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Index("rating_of_office", "office", "given_at"),
    Index("rating_of_procedure", "procedure", "given_at"),
)

# What people wrote beside their score, kept apart: figures are made without it.
RATING_TEXT = Table(
    "rating_text",
    METADATA,
    Column("code", String, ForeignKey("dossier.code"), primary_key=True),
    Column("text", String, nullable=False),
)

EXEMPTION_GROUND, EXEMPTION = exemption_tables(METADATA)

# What is filed to mend a wrong result: a draft, and the dossier that it became.
CORRECTION = Table(
    "correction",
    METADATA,
    Column("draft", String, primary_key=True),
    Column("of_code", String, ForeignKey("dossier.code"), nullable=False, index=True),
    Column("by_code", String, ForeignKey("dossier.code"), unique=True),
    Column("what", String, nullable=False),
)

PAYMENT = payment_table(METADATA)
SCREEN = screen_table(METADATA)
TASK, HOUR_LATER = task_tables(METADATA)
