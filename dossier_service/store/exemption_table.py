"""The tables of exemptions: grounds by revision, and at most one wish for each draft and its dossier."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from kernel.db import UtcDateTime


def exemption_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Declare both tables in the service's metadata: the grounds, copied from the catalogue, and the wishes."""
    grounds = Table(
        "exemption_ground",
        metadata,
        Column("procedure", String, primary_key=True),
        Column("revision", Integer, primary_key=True),
        Column("ground", String, primary_key=True),
        Column("no", Integer, nullable=False),
        *(Column(f"{name}_{lang}", String, nullable=False) for name in ("text", "basis") for lang in ("vi", "en")),
        *(Column(f"resolution_{lang}", String, nullable=True) for lang in ("vi", "en")),
    )
    wishes = Table(
        "exemption",
        metadata,
        Column("draft", String, primary_key=True),
        Column("code", String, unique=True),
        Column("lane", String, nullable=False),
        Column("procedure", String, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("ground", String, nullable=False),
        Column("standing", String, nullable=False),
        Column("asked_at", UtcDateTime, nullable=False),
        Column("consented_at", UtcDateTime),
        Column("by", String, nullable=False),
        Column("source_vi", String),
        Column("source_en", String),
        Column("as_of", String, nullable=False),
        Column("decided_at", UtcDateTime),
        Column("decider", String),
        Column("reason", String, nullable=False),
        Column("rule", String, nullable=False),
        Column("note", String, nullable=False),
        Column("photo", String),
        Index("exemption_by_standing", "standing", "asked_at"),
    )
    return grounds, wishes
