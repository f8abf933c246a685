"""A dossier changes its owner: the nation raises the epoch; state and version stay as they are (road.md 3.2)."""

from dataclasses import dataclass, replace
from datetime import datetime

from dossier_service.model.dossier import Dossier, advance, as_report, state_digest
from dossier_service.model.happened import DossierChanged
from dossier_service.model.reports import Stamps, Writer

CHANGED = "owner_changed"


@dataclass(frozen=True, slots=True)
class Heir:
    """The new owner: its lane, and the office that is shown."""

    lane: str
    office: str
    office_name: str


@dataclass(frozen=True, slots=True)
class FormerOwner:
    """Who owned dossier ``code`` in ``epoch``, until ``until`` (business time, aware)."""

    code: str
    epoch: int
    lane: str
    office: str
    office_name: str
    until: datetime


def hand_on(dossier: Dossier, heir: Heir, *, at: datetime) -> tuple[Dossier, DossierChanged, FormerOwner]:
    """Return the dossier in its next epoch, which belongs to ``heir``; ``at`` is business time (aware).

    Nothing that the former owner reports after this is applied. Requests stay open: the new owner answers them.
    Where it was handed in and where its result is given out stay as they were.
    """
    at = max(at, dossier.updated_at)
    moved = advance(
        dossier,
        epoch=dossier.epoch + 1,
        lane=heir.lane,
        office=heir.office,
        office_name=heir.office_name,
        delivered_at=None,
        snapshot_asked_at=None,
        updated_at=at,
        occurred_at=at,
    )
    moved = advance(moved, state_digest=state_digest(dossier.code, as_report(moved)))
    writer = Writer(moved, Stamps(at, at))
    content: dict[str, object] = {
        "role": "nation",
        "office": heir.office,
        "note": f"Từ {dossier.office_name} sang {heir.office_name}.",
        "from": dossier.lane,
        "to": heir.lane,
        "state": moved.state_digest,
    }
    writer.write(CHANGED, CHANGED, content, step=CHANGED)
    former = FormerOwner(dossier.code, dossier.epoch, dossier.lane, dossier.office, dossier.office_name, at)
    return writer.dossier, replace(writer.changes[0], former_lane=dossier.lane), former


def handed_on_text(heir_name: str) -> str:
    """Return what the former owner's officer reads (Vietnamese)."""
    return f"Hồ sơ này đã chuyển cho {heir_name}. Báo cáo của cơ quan cũ không được áp dụng nữa."
