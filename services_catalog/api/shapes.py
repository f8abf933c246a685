"""Answers of the catalogue's REST door."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from kernel.errors import Text
from services_catalog.model.motions import Withdrawal
from services_catalog.model.places import Participant, Place
from services_catalog.model.procedures import agency_of
from services_catalog.model.resolver import Route
from services_catalog.store.places import Former, Match
from services_catalog.store.procedures import Stored


class Sentence(BaseModel):
    """A text in both languages."""

    vi: str
    en: str


class TermOut(BaseModel):
    """A length of time; the unit is never left out."""

    amount: int
    unit: Literal["working_days", "days", "hours"]


class ProcedureSummary(BaseModel):
    """A procedure in a list. What is null or empty is not published."""

    code: str
    revision: int
    title: str
    plain_title: str | None
    plain_title_en: str | None
    issuer: str | None
    agency: str | None
    executors: list[str]
    field: str | None
    levels: list[str]
    applicants: list[str]
    decision: str | None
    fileable: bool
    withdrawn: bool
    successor: str | None
    valid_from: datetime
    competent_level: str | None
    term: TermOut | None


class WithdrawalOut(BaseModel):
    """Why and when a procedure was withdrawn."""

    reason: str
    at: datetime


class ProcedureOut(ProcedureSummary):
    """A procedure. ``in_force`` is the revision of the head; ``guide`` is null where we wrote none.

    ``withdrawal`` is null for a procedure in force, and where nobody said why it is withdrawn.
    """

    in_force: int
    form_digest: str | None
    guide: dict[str, Any] | None
    withdrawal: WithdrawalOut | None


class ExampleOut(BaseModel):
    """A complete, valid case with invented people. ``papers`` is what a demo office asks for when filed."""

    id: str
    title: Sentence
    demo: bool
    place: str
    answers: dict[str, Any]
    files: list[str]
    asks_papers: bool
    papers: list[dict[str, Any]]


class PlaceOut(BaseModel):
    """A ward. ``matched`` is the old name it was found by, ``whole`` false when only a part of that came here."""

    ward: str
    name: str
    province: str
    province_name: str
    lane: str
    former_province: str
    office: str
    office_name: str
    centre: str
    centre_name: str
    matched: str | None = None
    whole: bool = True


class FormerOut(BaseModel):
    """An old ward. ``whole`` false: it was divided; ``share`` then is what the source says."""

    code: str
    name: str
    province: str
    whole: bool
    share: str | None


class PlaceDetail(PlaceOut):
    """A ward with what it was made of."""

    former: list[FormerOut]


class OfficeOut(BaseModel):
    """An office; the id is ours, the official one is not published."""

    id: str
    name: str


class RouteOut(BaseModel):
    """Where a dossier goes and why. ``office`` receives it, ``decided_by`` decides."""

    lane: str
    office: OfficeOut
    decided_by: Sentence
    why: Sentence


class ParticipantOut(BaseModel):
    """A back office on the exchange and the province it belongs to today."""

    id: str
    name: str
    kind: str
    successor_province: str
    successor_name: str
    lanes: list[str]


class FieldOut(BaseModel):
    """A field of the catalogue and how many procedures in force it has."""

    name: str
    count: int


class StatusOut(BaseModel):
    """A national status code with its official name. ``ends``: nothing follows it (our reading, not a quoted rule)."""

    code: int
    name: str
    ends: bool


class AgencyOut(BaseModel):
    """An issuing agency. ``names`` are its titles of record; ``contact`` null = not published."""

    name: str
    names: list[str]
    count: int
    contact: str | None = None


def summary(stored: Stored) -> dict[str, Any]:
    """Return a procedure in a list."""
    content, written, head = stored.content, stored.content.editorial, stored.head
    return {
        "code": content.code,
        "revision": stored.revision,
        "title": content.title,
        "plain_title": written.plain_title or None,
        "plain_title_en": written.plain_title_en or None,
        "issuer": content.issuer or None,
        "agency": agency_of(content.issuer) or None,
        "executors": list(content.executors),
        "field": content.field or None,
        "levels": list(content.levels),
        "applicants": list(content.applicants),
        "decision": content.decision or None,
        "fileable": content.fileable and not head.withdrawn,
        "withdrawn": head.withdrawn,
        "successor": head.successor or None,
        "valid_from": stored.published_at.isoformat(),
        "competent_level": written.competent_level or None,
        "term": dict(written.term) if written.term else None,
    }


def detail(stored: Stored, withdrawal: Withdrawal | None = None) -> dict[str, Any]:
    """Return a procedure in full."""
    guide = stored.content.editorial.guide
    return {
        **summary(stored),
        "in_force": stored.head.revision,
        "form_digest": stored.form_digest or None,
        "guide": dict(guide) if guide else None,
        "withdrawal": {"reason": withdrawal.reason, "at": withdrawal.at.isoformat()} if withdrawal else None,
    }


def place(one: Place, match: Match | None = None) -> dict[str, Any]:
    """Return a ward."""
    return {
        "ward": one.ward,
        "name": one.name,
        "province": one.province,
        "province_name": one.province_name,
        "lane": one.lane,
        "former_province": one.former_province,
        "office": one.office,
        "office_name": one.office_name,
        "centre": one.lane,
        "centre_name": one.centre_name,
        "matched": match.matched if match else None,
        "whole": match.whole if match else True,
    }


def former(one: Former) -> dict[str, Any]:
    """Return an old ward."""
    return {
        "code": one.code,
        "name": one.name,
        "province": one.province,
        "whole": one.whole,
        "share": one.share or None,
    }


def route(one: Route) -> dict[str, Any]:
    """Return where a dossier goes."""
    office = {"id": one.office, "name": one.office_name}
    return {"lane": one.lane, "office": office, "decided_by": sentence(one.decided_by), "why": sentence(one.why)}


def sentence(one: Text) -> dict[str, str]:
    """Return a text."""
    return {"vi": one.vi, "en": one.en}


def maybe(one: Text | None) -> dict[str, str] | None:
    """Return a text, None as None."""
    return None if one is None else sentence(one)


def participant(one: Participant) -> dict[str, Any]:
    """Return a participant."""
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "successor_province": one.successor_province,
        "successor_name": one.successor_name,
        "lanes": list(one.lanes),
    }
