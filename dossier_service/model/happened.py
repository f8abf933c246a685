"""What this service says happened: dossier.events.v1 (no personal data) and what goes on the owner's lane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dossier_service.model.dossier import Dossier, FileRef, Request
from dossier_service.model.history import Entry


@dataclass(frozen=True, slots=True)
class DossierChanged:
    """One committed change: ``kind`` is the event's type, ``entry`` the history row, ``dossier`` the state after.

    ``former_lane`` is where it came from when its owner changed.
    """

    kind: str
    dossier: Dossier
    entry: Entry
    step: str = ""
    ask_no: int = 0
    former_lane: str = ""


@dataclass(frozen=True, slots=True)
class AccessRecorded:
    """An officer opened the dossier; ``no`` numbers the accesses of one dossier."""

    code: str
    owner: str
    no: int
    role: str
    office: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DailyRootSealed:
    """The root over all heads of ``date`` (yyyy-mm-dd, Asia/Ho_Chi_Minh)."""

    date: str
    count: int
    root: str
    prev_root: str


@dataclass(frozen=True, slots=True)
class Filed:
    """What was filed and never changes: the body of a hand-over.

    ``paper_code`` is to be printed on the result; ``corrects`` names the dossier whose wrong result this one mends,
    ``wrong`` says what is wrong in it.
    """

    procedure_title: str
    answers: Mapping[str, object]
    files: Sequence[FileRef]
    applicant_name: str
    term_amount: int = 0
    term_unit: str = ""
    demo_asks_json: str = ""
    paper_code: str = ""
    corrects: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class HandoverQueued:
    """The dossier goes on its owner's lane; ownership passed with this transaction."""

    dossier: Dossier
    filed: Filed


@dataclass(frozen=True, slots=True)
class RequestQueued:
    """A request of the citizen goes on the lane."""

    dossier: Dossier
    request: Request


@dataclass(frozen=True, slots=True)
class RefusalQueued:
    """A report was not applied; the officer is told why. ``no`` orders what is sent about ``code``."""

    code: str
    lane: str
    no: int
    epoch: int
    version: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class SnapshotWanted:
    """Reports are missing: the owner is asked for its whole state."""

    dossier: Dossier


@dataclass(frozen=True, slots=True)
class SnapshotQueued:
    """The whole state the nation holds goes on the lane again."""

    dossier: Dossier
    filed: Filed
    history: Sequence[Entry]
    requests: Sequence[Request]
