"""Taking over the nation's state: a new owner's first sight of a dossier, or the end of a RESYNC (exact.md 8)."""

from dataclasses import dataclass, replace
from datetime import datetime

from province_backend.model.case import (
    Ask,
    Case,
    Due,
    FileRef,
    Filing,
    HistoryRow,
    Request,
    RequestKind,
    State,
    Step,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class NationalState:
    """A dossier as the nation holds it: the owner's last state, its history, all requests."""

    code: str
    filing: Filing
    epoch: int
    version: int
    state: State
    at: datetime
    asks: tuple[Ask, ...]
    requests: tuple[Request, ...]
    due: Due | None
    results: tuple[FileRef, ...]
    draft_result: FileRef | None
    history: tuple[HistoryRow, ...]
    reason: str
    reason_rule: str


def open_case(code: str, *, filing: Filing, epoch: int, office: str) -> Case:
    """Return the case of a dossier that was just handed over: state submitted, version 1 by the nation."""
    case = Case(code, filing, epoch, 1, State.SUBMITTED, filing.submitted_at)
    step = Step("submitted", "citizen", office)
    return replace(case, history=(HistoryRow(1, step, State.SUBMITTED, filing.submitted_at, case.digest),))


def adopt(case: Case | None, nation: NationalState) -> Case | None:
    """Return the case with the nation's state, or None when the books already hold it or are beyond it.

    Books are beyond it when the same epoch and version lie in their own history with the same digest: then the
    nation lacks our later reports, which are still to be sent. Anything else, and later reports that the nation has
    refused, give way to the nation; the next version is the nation's + 1.
    """
    taken = Case(
        code=nation.code,
        filing=_with_supplements(nation),
        epoch=nation.epoch,
        version=nation.version,
        state=nation.state,
        changed_at=nation.at,
        asks=nation.asks,
        requests=nation.requests,
        due=nation.due,
        results=nation.results,
        draft_result=nation.draft_result,
        reason=nation.reason,
        reason_rule=nation.reason_rule,
        adopted=True,
    )
    digest = taken.digest
    if case is not None:
        if case.epoch > nation.epoch:
            return None
        ours = {row.version: row.digest for row in case.history}
        refused = any(not r.settled and r.epoch == nation.epoch and r.version > nation.version for r in case.refusals)
        holds = case.epoch == nation.epoch and ours.get(nation.version) == digest
        # What was handed on comes back in the same epoch only from a nation that was restored to before it.
        if holds and not refused and not case.stale:
            return None
        settled = tuple(replace(refusal, settled=True) for refusal in case.refusals)
        told = {request.request_no for request in nation.requests}
        later = tuple(request for request in case.requests if request.request_no not in told)
        taken = replace(taken, requests=(*taken.requests, *later), refusals=settled)
    rows = tuple(row for row in nation.history if row.version < nation.version)
    last = next((row for row in nation.history if row.version == nation.version), None)
    step = last.step if last else Step("adopted", "nation", nation.filing.office)
    return replace(taken, history=(*rows, HistoryRow(nation.version, step, nation.state, nation.at, digest)))


def _with_supplements(nation: NationalState) -> Filing:
    """Return what was filed with the answers of every supplement that an owner has accepted since."""
    answers = dict(nation.filing.answers)
    for request in nation.requests:
        if request.kind is RequestKind.SUPPLEMENT and request.verdict is Verdict.ACCEPTED:
            answers |= request.answers
    return replace(nation.filing, answers=answers)
