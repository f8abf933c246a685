"""What a demo office does next by itself (exact.md 12)."""

from enum import StrEnum

from province_backend.model.case import AskKind, AskState, Case, State


class Move(StrEnum):
    """One step of the demo office."""

    ANSWER = "answer"
    ACCEPT = "accept"
    ASK = "ask"
    START = "start"
    DRAFT = "draft"
    DECIDE = "decide"
    ATTACH = "attach"
    RETURN = "return"


def next_move(case: Case) -> Move | None:
    """Return the step a demo office takes now; None while it waits for the citizen or the case is over.

    It asks for papers only when the example case wants it, and sends a draft only when the filer ticked it.
    """
    if case.ended or case.stale:
        return None
    if case.waiting:
        return Move.ANSWER
    if any(ask.state is AskState.OPEN for ask in case.asks):
        return None
    if case.state is State.SUBMITTED:
        asked = any(ask.kind is AskKind.PAPERS for ask in case.asks)
        return Move.ASK if case.filing.demo_asks and not asked else Move.ACCEPT
    if case.state is State.ACCEPTED:
        return Move.START
    if case.state is State.PROCESSING:
        shown = any(ask.kind is AskKind.CONFIRM for ask in case.asks)
        return Move.DRAFT if case.filing.wants_draft and not shown else Move.DECIDE
    return Move.RETURN if case.results else Move.ATTACH
