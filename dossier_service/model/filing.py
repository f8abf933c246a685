"""What the citizen does: submit a draft, then file numbered requests, each answered exactly once."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from dossier_service.model.dossier import Appointment, Ask, Dossier, Request, advance, first_digest, holder_of
from dossier_service.model.happened import DossierChanged
from dossier_service.model.history import FIRST_PREV, Entry, new_entry
from dossier_service.model.reports import Applied, Stamps, Writer, held
from dossier_service.model.states import ANSWERS_ASK, UNDER_WAY, RequestKind, State
from kernel.errors import Conflict, Text
from kernel.workdays import Calendar, Term


@dataclass(frozen=True, slots=True)
class Office:
    """Who decides: lane, office and its name; where it was received and where the result is given."""

    place: str
    lane: str
    office: str
    office_name: str
    received_by: str
    result_at: str


@dataclass(frozen=True, slots=True)
class Basis:
    """By which revision: code, number, digest of its form, its term (None = not published)."""

    procedure: str
    revision: int
    form_digest: str
    term: Term | None


def submit(
    *,
    code: str,
    owner: str,
    helper: str | None,
    basis: Basis,
    office: Office,
    answers_digest: str,
    files: Sequence[str],
    wants_draft: bool,
    at: datetime,
    calendar: Calendar,
    note: str = "",
) -> tuple[Dossier, DossierChanged]:
    """Return the dossier at epoch 1, version 1, event 1. From this commit on the participant numbers its state.

    ``at`` is business time (aware). The expected due is the catalogue's term counted from ``at``; the authority
    sets the appointment when it accepts. ``note`` is a line for the history.
    """
    content: dict[str, object] = {
        "procedure": f"{basis.procedure}@{basis.revision}",
        "form": basis.form_digest,
        "answers": answers_digest,
        "files": sorted(files),
        "by_helper": helper is not None,
        "role": "citizen",
        "state": first_digest(code),
        **({"kind": "helped", "note": note} if note else {}),
    }
    entry = _first_entry(code, content, at)
    dossier = Dossier(
        code=code,
        owner=owner,
        helper=helper,
        procedure=basis.procedure,
        revision=basis.revision,
        form_digest=basis.form_digest,
        **asdict(office),
        submitted_at=at,
        updated_at=at,
        occurred_at=at,
        held_since=at,
        state_digest=entry.state_digest,
        head=entry.hash,
        expected=expected_due(at, basis.term, calendar),
        wants_draft=wants_draft,
    )
    return dossier, DossierChanged("dossier_submitted", dossier, entry, "submitted")


def _first_entry(code: str, content: dict[str, object], at: datetime) -> Entry:
    return new_entry(
        dossier=code,
        n=1,
        prev=FIRST_PREV,
        type="submitted",
        epoch=1,
        version=1,
        occurred_at=at,
        received_at=at,
        content=content,
        state=State.SUBMITTED,
        status=1,
        state_digest=first_digest(code),
    )


def expected_due(at: datetime, term: Term | None, calendar: Calendar) -> Appointment | None:
    """Return what the catalogue's term promises when counted from ``at``, or None when no term is published."""
    if term is None:
        return None
    due = calendar.due(at, term)
    return Appointment(
        at=due.at,
        start=due.start,
        amount=due.amount,
        unit=due.unit.value,
        calendar=due.calendar,
        skipped=due.skipped,
        counted_from=due.counted_from,
    )


def possible_requests(dossier: Dossier, waiting: Collection[RequestKind]) -> list[RequestKind]:
    """Return what the citizen can file now, given the kinds that already wait for an answer."""
    if dossier.state not in UNDER_WAY:
        return []
    wanted = {ask.kind for ask in dossier.open_asks}
    kinds = [kind for kind, ask in ANSWERS_ASK.items() if ask in wanted]
    kinds.append(RequestKind.WITHDRAWAL)
    return [kind for kind in kinds if kind not in waiting]


def file_request(
    dossier: Dossier, request: Request, waiting: Sequence[Request], *, at: datetime, calendar: Calendar
) -> tuple[Applied, Request]:
    """Return the dossier after ``request`` (its number is given here) was filed at ``at`` (business time, aware).

    Raises ``Conflict``: ``dossier_ended``, ``too_late``, ``request_already_open``, ``nothing_asked``.
    """
    _check(dossier, request, waiting)
    return _filed(dossier, request, _ask_for(dossier, request), waiting, at=at, calendar=calendar)


def file_fact(
    dossier: Dossier, request: Request, waiting: Sequence[Request], *, at: datetime, calendar: Calendar
) -> tuple[Applied, Request]:
    """Return the dossier after ``request`` told what has happened, whatever the dossier's state: money has arrived.

    The owner of a dossier that has ended answers it ``closed`` (road.md 1.5). Raises ``Conflict``
    (``request_already_open``).
    """
    _check_alone(request, waiting)
    return _filed(dossier, request, request.ask_no, waiting, at=at, calendar=calendar)


def _filed(
    dossier: Dossier,
    request: Request,
    ask_no: int | None,
    waiting: Sequence[Request],
    *,
    at: datetime,
    calendar: Calendar,
) -> tuple[Applied, Request]:
    at = max(at, dossier.updated_at)
    numbered = replace(request, request_no=dossier.request_count + 1, ask_no=ask_no, filed_at=at)
    open_after = [(other.kind, other.ask_no) for other in (*waiting, numbered)]
    after = advance(
        dossier,
        request_count=numbered.request_no,
        delivery_no=dossier.delivery_no + 1,
        occurred_at=at,
        updated_at=at,
        **held(dossier, holder_of(dossier.state, dossier.asks, open_after), at, calendar),
    )
    writer = Writer(after, Stamps(at, at))
    content: dict[str, object] = {
        "kind": numbered.kind.value,
        "ask_no": ask_no,
        "files": sorted(ref.sha256 for ref in numbered.files),
        "by_helper": numbered.helper is not None,
        "role": "citizen",
        "note": numbered.text,
    }
    writer.write(
        "request_filed",
        "request_filed",
        content,
        step=f"{numbered.kind}_filed",
        ask_no=ask_no or 0,
        request_no=numbered.request_no,
    )
    return Applied(writer.dossier, tuple(writer.entries), tuple(writer.changes)), numbered


def _check(dossier: Dossier, request: Request, waiting: Sequence[Request]) -> None:
    if dossier.ended:
        raise Conflict(
            "dossier_ended",
            Text(
                "Hồ sơ đã kết thúc. Bạn có thể nộp hồ sơ mới.",
                "This dossier has ended. You can file a new one.",
            ),
        )
    if dossier.state not in UNDER_WAY:
        raise Conflict(
            "too_late",
            Text(
                "Cơ quan đã giải quyết xong, không còn thay đổi được nữa.",
                "The office has already decided; nothing can be changed any more.",
            ),
        )
    _check_alone(request, waiting)


def _check_alone(request: Request, waiting: Sequence[Request]) -> None:
    for other in waiting:
        if other.kind is request.kind:
            raise Conflict(
                "request_already_open",
                Text(
                    "Bạn đã gửi đề nghị này rồi. Cơ quan đang xem xét.",
                    "You have already sent this request. The office is looking at it.",
                ),
                extra={"request_no": other.request_no},
            )


def _ask_for(dossier: Dossier, request: Request) -> int | None:
    kind = ANSWERS_ASK.get(request.kind)
    if kind is None:
        return None
    wanted: list[Ask] = [ask for ask in dossier.open_asks if ask.kind is kind]
    for ask in wanted:
        if request.ask_no in (None, ask.ask_no):
            return ask.ask_no
    raise Conflict(
        "nothing_asked",
        Text(
            "Cơ quan không còn chờ bạn làm việc này.",
            "The office is not waiting for this from you.",
        ),
    )
