"""What an office knows about one dossier. Immutable values; ``steps`` makes the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from kernel.digest import digest_of
from kernel.workdays import Unit


class State(StrEnum):
    """The owner's state (exact.md 2)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PROCESSING = "processing"
    DECIDED = "decided"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class AskKind(StrEnum):
    """What the office wants from the citizen."""

    PAPERS = "papers"
    MONEY = "money"
    CONFIRM = "confirm"


class AskState(StrEnum):
    """Open until the citizen's answer is accepted, its time is over, or the office drops it."""

    OPEN = "open"
    MET = "met"
    LAPSED = "lapsed"
    DROPPED = "dropped"


class RequestKind(StrEnum):
    """What the citizen wants after filing."""

    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    CONFIRMATION = "confirmation"
    WITHDRAWAL = "withdrawal"


class Verdict(StrEnum):
    """The one answer to a request; ``open`` until there is one."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"


NEXT: Mapping[State, frozenset[State]] = {
    State.SUBMITTED: frozenset({State.ACCEPTED, State.REFUSED, State.WITHDRAWN, State.STOPPED}),
    State.ACCEPTED: frozenset({State.PROCESSING, State.STOPPED, State.WITHDRAWN}),
    State.PROCESSING: frozenset({State.DECIDED, State.STOPPED, State.WITHDRAWN}),
    State.DECIDED: frozenset({State.RETURNED}),
    State.RETURNED: frozenset(),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.STOPPED: frozenset(),
}
CODES: Mapping[State, int] = {
    State.SUBMITTED: 1,
    State.ACCEPTED: 2,
    State.REFUSED: 3,
    State.PROCESSING: 4,
    State.WITHDRAWN: 7,
    State.STOPPED: 8,
    State.DECIDED: 9,
    State.RETURNED: 10,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is wanted: ``field`` of the form (empty = the whole dossier), words, reason, legal rule."""

    text: str
    reason: str = ""
    rule: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the office wants from the citizen; numbered densely by the office."""

    ask_no: int
    kind: AskKind
    state: AskState
    items: tuple[Item, ...] = ()
    due: datetime | None = None
    amount_vnd: int = 0


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file by digest; its bytes lie in the file store under (dossier, sha256)."""

    sha256: str
    size: int
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Due:
    """The appointment with its sum, so that a person can check it (times UTC, dates of Viet Nam)."""

    at: datetime
    start: datetime
    amount: int
    unit: Unit
    calendar: str
    skipped: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What the citizen did after filing; numbered by the nation; answered exactly once."""

    request_no: int
    kind: RequestKind
    filed_at: datetime
    ask_no: int = 0
    by: str = ""
    answers: Mapping[str, object] = field(default_factory=dict)
    files: tuple[FileRef, ...] = ()
    text: str = ""
    verdict: Verdict = Verdict.OPEN
    code: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request, cited in a report."""

    request_no: int
    verdict: Verdict
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of history as the citizen will read it."""

    type: str
    role: str = "officer"
    office: str = ""
    handler: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A step with the version it made and the digest of that version's state."""

    version: int
    step: Step
    state: State
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The nation did not apply our report of ``version``, and says why; settled once the nation's state was adopted."""

    version: int
    code: str
    text: str
    at: datetime
    epoch: int = 0
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """What the citizen handed in. ``term`` is (amount, unit) or None when no term is published.

    ``paper_code`` is the nation's, to be printed on the result; ``corrects`` is the dossier whose wrong result this
    one mends, ``wrong`` what the citizen says is wrong there.
    """

    procedure: str
    revision: int
    title: str
    form_digest: str
    answers: Mapping[str, object]
    files: tuple[FileRef, ...]
    submitted_at: datetime
    applicant: str
    received_by: str
    office: str
    result_at: str
    term: tuple[int, Unit] | None
    wants_draft: bool = False
    demo_asks: tuple[Item, ...] = ()
    paper_code: str = ""
    corrects: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One dossier in the office's books. ``version`` steps with every report; the filing itself is version 1.

    ``stale``: the nation says another office owns it. ``adopted``: its state was once taken over from the nation.
    """

    code: str
    filing: Filing
    epoch: int
    version: int
    state: State
    changed_at: datetime
    asks: tuple[Ask, ...] = ()
    requests: tuple[Request, ...] = ()
    due: Due | None = None
    results: tuple[FileRef, ...] = ()
    draft_result: FileRef | None = None
    history: tuple[HistoryRow, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""
    reason_rule: str = ""
    stale: bool = False
    adopted: bool = False

    @property
    def ended(self) -> bool:
        """No step is left."""
        return not NEXT[self.state]

    @property
    def waiting(self) -> tuple[Request, ...]:
        """The citizen's requests that have no answer yet."""
        return tuple(request for request in self.requests if request.verdict is Verdict.OPEN)

    @property
    def correction(self) -> str:
        """What the citizen found wrong in the newest draft and the office agreed to; empty once a new draft is sent."""
        newest = max((ask.ask_no for ask in self.asks if ask.kind is AskKind.CONFIRM), default=0)
        wrong = (
            request.text
            for request in self.requests
            if request.kind is RequestKind.CONFIRMATION
            and request.ask_no == newest
            and request.verdict is Verdict.ACCEPTED
        )
        return next((text for text in wrong if text), "")

    def open_ask(self, kind: AskKind) -> Ask | None:
        """Return the open ask of ``kind``, or None."""
        return next((ask for ask in self.asks if ask.kind is kind and ask.state is AskState.OPEN), None)

    def open_request(self, kind: RequestKind) -> Request | None:
        """Return the unanswered request of ``kind``, or None."""
        return next((request for request in self.waiting if request.kind is kind), None)

    @property
    def status(self) -> int:
        """The national code 1-10 (exact.md 2)."""
        if self.state in (State.SUBMITTED, State.ACCEPTED, State.PROCESSING):
            if self.open_ask(AskKind.PAPERS):
                return 5
            if self.state is not State.SUBMITTED and self.open_ask(AskKind.MONEY):
                return 6
        return CODES[self.state]

    @property
    def citizen_holds(self) -> bool:
        """True while a papers or money ask is open that no waiting request answers."""
        answered = {request.ask_no for request in self.waiting}
        kinds = (AskKind.PAPERS, AskKind.MONEY)
        return any(a.state is AskState.OPEN and a.kind in kinds and a.ask_no not in answered for a in self.asks)

    @property
    def files(self) -> tuple[FileRef, ...]:
        """Everything the citizen has handed in, each file once."""
        every = [*self.filing.files, *(ref for request in self.requests for ref in request.files)]
        return tuple({ref.sha256: ref for ref in every}.values())

    @property
    def digest(self) -> str:
        """Digest of the whole state, as the nation computes it too (exact.md 9)."""
        return state_digest(
            self.code, self.epoch, self.version, self.state, self.asks, self.due.at if self.due else None, self.results
        )


def state_digest(
    code: str,
    epoch: int,
    version: int,
    state: State,
    asks: tuple[Ask, ...],
    due: datetime | None,
    results: tuple[FileRef, ...],
) -> str:
    """Return the digest of one state: SHA-256 of its canonical text (exact.md 9)."""
    return digest_of(
        {
            "v": 1,
            "dossier": code,
            "epoch": epoch,
            "version": version,
            "state": state.value,
            "asks": [[a.ask_no, a.kind.value, a.state.value] for a in sorted(asks, key=lambda ask: ask.ask_no)],
            "due": due,
            "results": [ref.sha256 for ref in results],
        }
    )


@dataclass(frozen=True, slots=True)
class Reported:
    """Event: the case took a step; it carries the whole state after it and the answers it gives."""

    case: Case
    answers: tuple[Answer, ...]
    step: Step


@dataclass(frozen=True, slots=True)
class SnapshotGiven:
    """Event: the nation gets the whole case, to fill a gap."""

    case: Case


@dataclass(frozen=True, slots=True)
class AccessNoted:
    """Event: somebody of the office opened the case; feeds "who saw my data"."""

    code: str
    role: str
    office: str
    why: str
    at: datetime
