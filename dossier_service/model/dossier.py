"""What a dossier is: the owner's whole state, the nation's requests, and the two single-writer sequences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from dossier_service.model.states import (
    ANSWERS_ASK,
    ENDED,
    UNDER_WAY,
    AskKind,
    AskState,
    RequestKind,
    RequestState,
    State,
    derive_status,
)
from kernel.digest import digest_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by its content: lower-case hex SHA-256, bytes, MIME type and the name shown to people."""

    sha256: str
    size: int
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class AskItem:
    """One thing that is wanted: about which ``field`` (empty = the whole dossier), why, and by which rule."""

    field: str
    text: str
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What the owner wants from the citizen. ``amount_vnd`` is for money alone."""

    ask_no: int
    kind: AskKind
    state: AskState
    items: tuple[AskItem, ...] = ()
    due: datetime | None = None
    amount_vnd: int = 0


@dataclass(frozen=True, slots=True)
class Appointment:
    """A legal appointment with its sum, as the authority gave it (aware times)."""

    at: datetime
    start: datetime | None = None
    amount: int = 0
    unit: str = ""
    calendar: str = ""
    skipped: tuple[date, ...] = ()
    counted_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The one answer to request ``request_no``."""

    request_no: int
    verdict: RequestState
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, by whom as the law wants it shown, and a note for the citizen."""

    type: str
    role: str = ""
    office: str = ""
    handler: str = ""
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The owner's whole state after one step. Never a delta. ``occurred_at`` is the owner's clock."""

    epoch: int
    version: int
    state: State
    occurred_at: datetime
    digest: str
    step: Step
    asks: tuple[Ask, ...] = ()
    due: Appointment | None = None
    results: tuple[FileRef, ...] = ()
    draft_result: FileRef | None = None
    answers: tuple[Answer, ...] = ()
    reason: str = ""
    reason_rule: str = ""

    @property
    def files(self) -> tuple[FileRef, ...]:
        """Every file that the report names."""
        return self.results if self.draft_result is None else (*self.results, self.draft_result)


@dataclass(frozen=True, slots=True)
class PastStep:
    """One row of the history that a snapshot brings."""

    version: int
    step: Step
    occurred_at: datetime
    state: State


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer to a gap: the newest state, the steps up to it, and where the owner holds each request to be."""

    state: Report
    history: tuple[PastStep, ...] = ()
    requests: Mapping[int, RequestState] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the citizen did after filing. ``by`` and ``helper`` are opaque subjects; ``filed_at`` is the legal time."""

    request_no: int
    kind: RequestKind
    ask_no: int | None
    filed_at: datetime
    by: str
    helper: str | None = None
    answers: Mapping[str, object] | None = None
    files: tuple[FileRef, ...] = ()
    text: str = ""
    state: RequestState = RequestState.OPEN
    code: str = ""
    answer_text: str = ""
    answered_version: int | None = None


@dataclass(frozen=True)
class Dossier:
    """The state that reports and requests change. What was filed (answers, files) is kept beside it.

    ``held_by`` is authority, citizen or none; ``authority_seconds`` are working seconds the authority held it up to
    ``held_since``. ``delivery_no`` numbers what was put on the lane, ``event_no`` every committed change.
    """

    code: str
    owner: str
    helper: str | None
    procedure: str
    revision: int
    form_digest: str
    place: str
    lane: str
    office: str
    office_name: str
    received_by: str
    result_at: str
    submitted_at: datetime
    updated_at: datetime
    occurred_at: datetime
    held_since: datetime
    state_digest: str
    head: str
    epoch: int = 1
    version: int = 1
    event_no: int = 1
    delivery_no: int = 1
    request_count: int = 0
    state: State = State.SUBMITTED
    asks: tuple[Ask, ...] = ()
    due: Appointment | None = None
    expected: Appointment | None = None
    national_at: datetime | None = None
    results: tuple[FileRef, ...] = ()
    draft_result: FileRef | None = None
    reason: str = ""
    reason_rule: str = ""
    held_by: str = "authority"
    authority_seconds: int = 0
    delivered_at: datetime | None = None
    wants_draft: bool = False
    snapshot_asked_at: datetime | None = None

    @property
    def status(self) -> int:
        """The national code."""
        return derive_status(self.state, [ask.kind for ask in self.asks if ask.state is AskState.OPEN])

    @property
    def open_asks(self) -> list[Ask]:
        """What the owner still wants."""
        return [ask for ask in self.asks if ask.state is AskState.OPEN]

    @property
    def ended(self) -> bool:
        """Nothing but answers can follow."""
        return self.state in ENDED


def state_digest(dossier: str, report: Report) -> str:
    """Return the digest of the owner's state (exact.md 9); results in the order of the report."""
    return digest_of(
        {
            "v": 1,
            "dossier": dossier,
            "epoch": report.epoch,
            "version": report.version,
            "state": report.state.value,
            "asks": [
                [ask.ask_no, ask.kind.value, ask.state.value] for ask in sorted(report.asks, key=lambda a: a.ask_no)
            ],
            "due": report.due.at if report.due else None,
            "results": [ref.sha256 for ref in report.results],
        }
    )


def holder_of(state: State, asks: Sequence[Ask], waiting: Sequence[tuple[RequestKind, int | None]]) -> str:
    """Return who holds the dossier: citizen while papers or money are wanted and no ``waiting`` request answers."""
    if state in ENDED:
        return "none"
    if state in UNDER_WAY:
        for ask in asks:
            if ask.state is not AskState.OPEN or ask.kind is AskKind.CONFIRM:
                continue
            if not any(ANSWERS_ASK.get(kind) is ask.kind and ask_no == ask.ask_no for kind, ask_no in waiting):
                return "citizen"
    return "authority"


def as_report(dossier: Dossier) -> Report:
    """Return the owner's state that the nation holds, in the shape of a report."""
    return Report(
        epoch=dossier.epoch,
        version=dossier.version,
        state=dossier.state,
        occurred_at=dossier.occurred_at,
        digest=dossier.state_digest,
        step=Step("snapshot"),
        asks=dossier.asks,
        due=dossier.due,
        results=dossier.results,
        draft_result=dossier.draft_result,
        reason=dossier.reason,
        reason_rule=dossier.reason_rule,
    )


def first_digest(code: str) -> str:
    """Return the digest of the state that submit() writes: epoch 1, version 1, submitted, nothing asked."""
    at = datetime.min
    return state_digest(code, Report(1, 1, State.SUBMITTED, at, "", Step("submitted")))


def advance(dossier: Dossier, **changes: object) -> Dossier:
    """Return ``dossier`` with ``changes``."""
    return from_fields(Dossier, dossier.__dict__ | changes)


def from_fields(kind: type[T], values: dict[str, object]) -> T:
    """Return a ``kind`` with these values of all its fields; a frozen one's constructor takes five times as long."""
    assert len(values) == len(kind.__dataclass_fields__), "no such field, or one is missing"  # type: ignore[attr-defined]
    made = object.__new__(kind)
    made.__dict__.update(values)
    return made
