"""States, asks and requests as data; the national code is derived, never stored by hand (exact.md 2)."""

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """What the owner says the dossier is."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PROCESSING = "processing"
    DECIDED = "decided"
    RETURNED = "returned"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class AskKind(StrEnum):
    """What the owner wants from the citizen."""

    PAPERS = "papers"
    MONEY = "money"
    CONFIRM = "confirm"


class AskState(StrEnum):
    """Where an ask stands; only a report moves it."""

    OPEN = "open"
    MET = "met"
    LAPSED = "lapsed"
    DROPPED = "dropped"


class RequestKind(StrEnum):
    """What the citizen does after filing."""

    SUPPLEMENT = "supplement"
    PAYMENT = "payment"
    CONFIRMATION = "confirmation"
    WITHDRAWAL = "withdrawal"


class RequestState(StrEnum):
    """A request is open until its one answer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"


ALLOWED: dict[State, frozenset[State]] = {
    State.SUBMITTED: frozenset({State.ACCEPTED, State.REFUSED, State.WITHDRAWN, State.STOPPED}),
    State.ACCEPTED: frozenset({State.PROCESSING, State.STOPPED, State.WITHDRAWN}),
    State.PROCESSING: frozenset({State.DECIDED, State.STOPPED, State.WITHDRAWN}),
    State.DECIDED: frozenset({State.RETURNED}),
    State.REFUSED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.STOPPED: frozenset(),
    State.RETURNED: frozenset(),
}
ENDED = frozenset(state for state, following in ALLOWED.items() if not following)
UNDER_WAY = frozenset({State.SUBMITTED, State.ACCEPTED, State.PROCESSING})

CODES: dict[State, int] = {
    State.SUBMITTED: 1,
    State.ACCEPTED: 2,
    State.REFUSED: 3,
    State.PROCESSING: 4,
    State.WITHDRAWN: 7,
    State.STOPPED: 8,
    State.DECIDED: 9,
    State.RETURNED: 10,
}
WAITING_FOR_PAPERS = 5
WAITING_FOR_MONEY = 6

PROGRESS: dict[int, int] = {1: 10, 2: 25, 4: 50, 5: 50, 6: 50, 9: 90, 3: 100, 7: 100, 8: 100, 10: 100}

ASK_ALLOWED_IN: dict[AskKind, frozenset[State]] = {
    AskKind.PAPERS: UNDER_WAY,
    AskKind.MONEY: frozenset({State.ACCEPTED, State.PROCESSING}),
    AskKind.CONFIRM: frozenset({State.PROCESSING}),
}
ANSWERS_ASK: dict[RequestKind, AskKind] = {
    RequestKind.SUPPLEMENT: AskKind.PAPERS,
    RequestKind.PAYMENT: AskKind.MONEY,
    RequestKind.CONFIRMATION: AskKind.CONFIRM,
}


def reachable(state: State) -> frozenset[State]:
    """Return every state that can follow ``state`` in any number of steps, itself included."""
    found = {state}
    edge = [state]
    while edge:
        for following in ALLOWED[edge.pop()] - found:
            found.add(following)
            edge.append(following)
    return frozenset(found)


REACHABLE: dict[State, frozenset[State]] = {state: reachable(state) for state in State}


def derive_status(state: State, open_asks: Iterable[AskKind]) -> int:
    """Return the national code (1..10) for the owner's state and the kinds of its open asks."""
    if state in UNDER_WAY:
        kinds = set(open_asks)
        if AskKind.PAPERS in kinds:
            return WAITING_FOR_PAPERS
        if AskKind.MONEY in kinds and state is not State.SUBMITTED:
            return WAITING_FOR_MONEY
    return CODES[state]
